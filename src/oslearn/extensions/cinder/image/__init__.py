"""Cinder's client of Glance."""
