"""cinder-volume: the process in front of a storage backend."""
