"""nova-compute: builds instances on one host."""
