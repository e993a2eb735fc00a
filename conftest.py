"""Every example in docs/, README.md and the docstrings of src/ is a test. See docs/_ext/pages.py."""

from pages import suite

pytest_collect_file = suite().pytest()
