"""nova-scheduler: chooses a host."""
