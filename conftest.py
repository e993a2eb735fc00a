"""Every example in docs/, README.md and the docstrings of src/ and docs/_ext is a test. See docs/_ext/pages.py."""

import gc

from pages import suite

pytest_plugins = ["databases"]
pytest_collect_file = suite().pytest()


def pytest_collection_finish() -> None:
    """What was collected stays: to look for garbage in it, and as often as usual, takes a tenth of the time."""
    gc.freeze()
    gc.set_threshold(20_000)
