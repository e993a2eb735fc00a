"""Placement: who has which resources, and who uses them."""
