"""Clean-up, of which each part is tried, whatever became of the others.

Interface: `try_each(parts, left)`.
Upstream: `excutils.save_and_reraise_exception` and `try` after `try`; here what is left over is found again by periodic
tasks, so nothing is raised.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

LOG = logging.getLogger(__name__)


def try_each(parts: Iterable[Callable[[], object]], left: str) -> bool:
    """Do every part; whether all went well. `left` says in the log what is not done.

    >>> done: list[str] = []
    >>> logging.disable()
    >>> try_each([lambda: done.append("ports"), lambda: {}["host"], lambda: done.append("volumes")], "Not all is freed")
    False
    >>> logging.disable(logging.NOTSET)
    >>> done
    ['ports', 'volumes']
    """
    well = True
    for part in parts:
        try:
            part()
        except Exception as error:
            LOG.warning("%s, it is tried again: %s", left, error)
            well = False
    return well
