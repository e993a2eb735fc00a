"""cinder-volume: what it was asked for and did not finish, after a start and from time to time.

Interface: `CleanableManager(manager, ...)`: `init_host` and `periodic_tasks`.
Invariants: a volume or snapshot that no message is about is not left in a status that says that something is done with
it; what was being deleted is deleted, what was being made is in error, what was being changed is as it was before. Who
uses a volume is Nova's to say: statuses of attachments are left alone.
Upstream: cinder/manager.py (`CleanableManager`), cinder/volume/manager.py (`_do_cleanup`). Left out: the table of
workers: here the bus tells whether a message waits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from sqlalchemy import or_, select

from oslearn.core.cinder.models import Volume
from oslearn.core.cinder.volume.rpcapi import ref
from oslearn.core.oslo.context import RequestContext
from oslearn.extensions.cinder.models import Snapshot
from oslearn.extensions.cinder.volume.manager import VolumeTasks

LOG = logging.getLogger(__name__)
LOST, CHANGED, DELETED = ("creating", "downloading"), ("extending", "retyping", "uploading"), ("deleting",)
"""Statuses by what becomes of them."""


class CleanableManager:
    """Of one backend. `concerns(id)` tells whether a message waits."""

    def __init__(self, manager: VolumeTasks, concerns: Callable[[str], bool]) -> None:
        self.manager, self.db, self.concerns = manager, manager.db, concerns

    def init_host(self, context: RequestContext) -> None:
        """Each is tried, whatever became of the others."""
        mine = or_(Volume.host.is_(None), Volume.host.startswith(self.manager.host, autoescape=True))
        unfinished = (*LOST, *CHANGED, *DELETED)
        searched: tuple[tuple[Any, Any], ...] = ((Snapshot, Snapshot.volume.has(mine)), (Volume, mine))
        for model, where in searched:
            with self.db.session() as session:
                rows = list(session.scalars(select(model).where(where, model.status.in_(unfinished))))
            for row in rows:
                if not self.concerns(row.id):
                    self._clean(context, row)

    periodic_tasks = init_host

    def _clean(self, context: RequestContext, row: Volume | Snapshot) -> None:
        LOG.warning("%s %s was left %s", row.title, row.id, row.status)
        try:
            if row.status not in DELETED:
                self._settle(row)
            elif isinstance(row, Volume):
                self.manager.delete_volume(context, ref(row), cascade=True)
            else:
                self.manager.delete_snapshot(context, None, snapshot_id=row.id)
        except Exception as error:
            LOG.warning("%s %s stays %s, it is tried again: %s", row.title, row.id, row.status, error)

    def _settle(self, row: Volume | Snapshot) -> None:
        with self.db.session() as session:
            found = self.db.get(session, type(row), row.id)
            before = found.previous_status if isinstance(found, Volume) else None
            self.db.save(found, status="error" if row.status in LOST else before or "available")
