"""Whose turn it is: requests are answered one after the other, and nobody waits for a computation of another's.

Interface: `with Turn().taken(shared=...)`, around a request. What a service computes `aside` runs between two turns.
Invariants: state is touched by one thread at a time; what runs in `aside` knows nothing of the cloud, and what it was
computed from may have changed when it ends; without a turn, as in an embedded cloud, nothing happens.
Upstream: many worker processes on one database, which wait for each other's rows.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from oslearn.core.oslo.context import aside


class Turn:
    """One lock for all that a process serves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._computing = threading.BoundedSemaphore(os.cpu_count() or 1)

    @contextmanager
    def taken(self, *, shared: bool) -> Iterator[None]:
        """Wait for the turn and have it; `shared` lets others have it during the request's computations."""
        token = aside.set(self.given if shared else nullcontext)
        try:
            with self._lock:
                yield
        finally:
            aside.reset(token)

    @contextmanager
    def given(self) -> Iterator[None]:
        """Let others have the turn, and compute beside as many as there are processors: each takes much memory."""
        self._lock.release()
        try:
            with self._computing:
                yield
        finally:
            self._lock.acquire()
