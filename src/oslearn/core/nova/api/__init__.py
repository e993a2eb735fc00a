"""nova-api: the front door of Nova."""
