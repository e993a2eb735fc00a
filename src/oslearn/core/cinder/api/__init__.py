"""cinder-api: the front door."""
