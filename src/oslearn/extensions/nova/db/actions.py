"""What was asked of an instance, as it is read again.

Interface: `ActionLists`, a part of a process's queries.
Invariants: the actions of an instance can be read after it is deleted.
Upstream: nova/db/main/api.py, `actions_get`, `action_get_by_request_id`, `action_events_get`.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Select, select

from oslearn.core.nova.db.actions import Actions
from oslearn.core.nova.db.databases import CELL1
from oslearn.core.nova.db.models import InstanceAction, InstanceActionEvent, as_dict
from oslearn.core.oslo.db import Handle
from oslearn.extensions.nova import objects as more_objects
from oslearn.extensions.nova.exception import MarkerNotFound
from oslearn.extensions.oslo.listing import paged
from oslearn.extensions.oslo.timeutils import compare


class ActionLists(Actions):
    """Read from the cell that has, or had, the instance."""

    def get_all(
        self,
        uuid: str,
        limit: int | None = None,
        marker: str | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
    ) -> list[more_objects.InstanceAction]:
        """The actions of an instance, newest first, behind a request's id. Raises MarkerNotFound."""
        query, at = select(InstanceAction).where(InstanceAction.instance_uuid == uuid), None
        if since:
            query = query.where(compare(InstanceAction.updated_at, "ge", since))
        if before:
            query = query.where(compare(InstanceAction.updated_at, "le", before))
        with self._cell_of(uuid).session() as session:
            if marker is not None:
                last = session.scalars(_action(uuid, marker)).first()
                if last is None:
                    raise MarkerNotFound(marker=marker)
                at = [last.id]
            rows = session.scalars(paged(query, [(InstanceAction.id, True)], at, limit))
            return [cast("more_objects.InstanceAction", as_dict(row)) for row in rows]

    def get(
        self, uuid: str, request_id: str
    ) -> tuple[more_objects.InstanceAction, list[more_objects.InstanceActionEvent]] | None:
        """One action with its events, newest first."""
        with self._cell_of(uuid).session() as session:
            action = session.scalars(_action(uuid, request_id)).first()
            if action is None:
                return None
            events = select(InstanceActionEvent).where(InstanceActionEvent.action_id == action.id)
            rows = session.scalars(events.order_by(InstanceActionEvent.id.desc()))
            shown = [cast("more_objects.InstanceActionEvent", as_dict(row)) for row in rows]
            return cast("more_objects.InstanceAction", as_dict(action)), shown

    def _cell_of(self, uuid: str) -> Handle:
        """The database that has the instance, or had it before it was deleted."""
        if not self.databases.several:
            return self.databases.cell
        return self.databases.cells[self.databases.name_of(uuid) or CELL1]


def _action(uuid: str, request_id: str) -> Select[InstanceAction]:
    here = InstanceAction.instance_uuid == uuid, InstanceAction.request_id == request_id
    return select(InstanceAction).where(*here).order_by(InstanceAction.id.desc())
