"""Locks by name, for as long as somebody holds or wants one.

Interface: `with Locks().held(name):`; no name, no lock.
Upstream: oslo_concurrency/lockutils.py (`internal_lock`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Locks:
    """Of one process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def held(self, name: str | None) -> Iterator[None]:
        """Wait for the lock and have it."""
        if name is None:
            yield
            return
        with self._guard:
            lock, wanted = self._locks.get(name, (threading.Lock(), 0))
            self._locks[name] = lock, wanted + 1
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, wanted = self._locks.pop(name)
                if wanted > 1:
                    self._locks[name] = lock, wanted - 1
