"""The cloud apart, with processes that are killed while it works."""
