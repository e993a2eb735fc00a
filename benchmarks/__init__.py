"""Measures the cloud and the site. Figures are for comparing runs on one machine."""
