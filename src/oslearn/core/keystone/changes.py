"""Who remembers what the database says, and when they must look again.

Interface: `Changes`: `happened()`, `count`, `listeners`.
Upstream: keystone/notifications.py, by which managers empty their caches. Left out: several processes: what one of them
remembers another's change does not reach, so this Keystone is one process.
"""

from __future__ import annotations

from collections.abc import Callable


class Changes:
    """Counts the changes of accounts and of the catalog. `listeners` are called after each."""

    def __init__(self) -> None:
        self.count = 0
        self.listeners: list[Callable[[], None]] = []

    def happened(self) -> None:
        """Something that somebody remembers is no longer so."""
        self.count += 1
        for forget in self.listeners:
            forget()
