"""Measures the cloud and the site. Figures are for comparing two states on one machine, in one run."""
