"""cinder-scheduler: chooses the backend of a new volume."""
