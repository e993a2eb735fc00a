"""oslearn: a whole OpenStack in one process, whose boot can be read in an afternoon.

>>> from oslearn import Cloud
>>> cloud = Cloud(seed=7)
>>> cloud.connect("demo").compute.get("/servers").json()
{'servers': []}
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oslearn.cloud import Cloud

__all__ = ["Cloud"]
__version__ = "0.1.0"
logging.getLogger(__name__).addHandler(logging.NullHandler())  # who runs the cloud decides what is logged


def __getattr__(name: str) -> object:
    """Import the cloud when it is asked for, so that `oslearn.trace` alone stays light."""
    if name == "Cloud":
        from oslearn.cloud import Cloud

        return Cloud
    raise AttributeError(name)
