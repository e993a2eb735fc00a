"""Nova: turns API requests into running instances."""
