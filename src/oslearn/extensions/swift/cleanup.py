"""What a proxy that was killed in the middle left: data that is no object's.

Interface: `Cleanup(handle, store)`: `init_host`.
Invariants: data is written before its object's row and removed after it, so a kill leaves too much, never too little;
while Swift runs this is not done: an upload may be on its way.
Upstream: swift/obj/replicator.py and auditor.py, which reclaim old files.
"""

from __future__ import annotations

from sqlalchemy import select

from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.db import Handle
from oslearn.extensions.oslo.store import Store
from oslearn.extensions.swift.models import Object


class Cleanup:
    """Looks after one store."""

    def __init__(self, handle: Handle, store: Store) -> None:
        self.handle, self.store = handle, store

    def init_host(self, context: RequestContext) -> None:
        """Forget what no row names."""
        with self.handle.session() as session:
            kept = set(session.scalars(select(Object.data)))
        for name in self.store.names() - kept:
            self.store.delete(name)
