"""What a kill leaves, and what the cloud makes of it."""
