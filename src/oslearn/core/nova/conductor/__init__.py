"""nova-conductor: reads and writes the database for nova-compute."""
