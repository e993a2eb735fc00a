"""cinder-backup: copies volumes into the object store, and back."""
