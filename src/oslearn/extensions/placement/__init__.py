"""What else Placement can do: providers that change, custom names, usages, several consumers at once."""
