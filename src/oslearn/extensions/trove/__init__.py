"""Trove: databases as a service, built on Nova, Cinder, Glance and Swift."""
