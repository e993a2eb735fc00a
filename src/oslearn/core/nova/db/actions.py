"""What was asked of an instance and what came of it; its volumes and its moves between hosts.

Interface: `ActionQueries`, a part of `NovaDB`.
Invariants: an action is found by the id of the request that asked for it; it is kept when its instance is deleted.
Upstream: nova/db/main/api.py: `action_*`, `block_device_mapping_*`, `migration_*`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, String, bindparam, delete, func, insert, select, update

from oslearn.core.nova.db.cells import CellQueries
from oslearn.core.nova.db.models import (
    BlockDeviceMapping,
    Instance,
    InstanceAction,
    InstanceActionEvent,
    Migration,
    as_dict,
)
from oslearn.core.nova.exception import MarkerNotFound
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.db import compare

CONTROLLER = "controller"
"""Where nova-api and nova-conductor run."""
NEWEST: Any = (
    select(func.max(InstanceAction.id))
    .where(InstanceAction.instance_uuid == bindparam("uuid"), InstanceAction.request_id == bindparam("request"))
    .scalar_subquery()
)
ACTIONS: Any = InstanceAction.__table__
EVENTS: Any = InstanceActionEvent.__table__
TOUCH = update(ACTIONS).where(ACTIONS.c.id == NEWEST)
FINISH = update(EVENTS).where(EVENTS.c.action_id == NEWEST, EVENTS.c.event == bindparam("name"))
BEGUN = bindparam("event", type_=String), bindparam("now", type_=DateTime), bindparam("at", type_=String)
START = insert(EVENTS).from_select(
    ["action_id", "event", "start_time", "host"], select(ACTIONS.c.id, *BEGUN).where(ACTIONS.c.id == NEWEST)
)
"""What every action's events need, prepared once: the action is the newest of a request and an instance."""


class ActionQueries(CellQueries):
    """Queries over the instance's cell."""

    def action_start(self, context: RequestContext, uuid: str, action: str, message: str | None = None) -> None:
        """Somebody asked for something."""
        now = self.clock.now()
        who = {"request_id": context.request_id, "user_id": context.user_id, "project_id": context.project_id}
        what = {"action": action, "instance_uuid": uuid, "start_time": now, "updated_at": now, "message": message}
        self.handle.write(insert(InstanceAction), who | what)

    def action_event_start(self, context: RequestContext, uuid: str, event: str, host: str = CONTROLLER) -> None:
        """A process begins to work on it; nothing if the request did not ask for an action."""
        now, which = self.clock.now(), {"uuid": uuid, "request": context.request_id}
        with self.handle.engine.begin() as connection:
            connection.execute(TOUCH, which | {"updated_at": now})
            connection.execute(START, which | {"event": event, "now": now, "at": host})

    def action_event_finish(self, context: RequestContext, uuid: str, event: str, error: str | None = None) -> None:
        """It is done with it, or `error` says why not."""
        now, which = self.clock.now(), {"uuid": uuid, "request": context.request_id}
        done = {"finish_time": now, "result": "Error" if error else "Success", "details": error, "traceback": error}
        with self.handle.engine.begin() as connection:
            connection.execute(TOUCH, which | {"updated_at": now} | ({"message": "Error"} if error else {}))
            connection.execute(FINISH, which | {"name": event} | done)

    def actions_get(
        self,
        uuid: str,
        limit: int | None = None,
        marker: str | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
    ) -> list[dict[str, Any]]:
        """The actions of an instance, newest first, behind a request's id. Raises MarkerNotFound."""
        query = select(InstanceAction).where(InstanceAction.instance_uuid == uuid).order_by(InstanceAction.id.desc())
        if since:
            query = query.where(compare(InstanceAction.updated_at, "ge", since))
        if before:
            query = query.where(compare(InstanceAction.updated_at, "le", before))
        with self.cell_of(uuid).session() as session:
            if marker is not None:
                last = session.scalars(_action(uuid, marker)).first()
                if last is None:
                    raise MarkerNotFound(marker=marker)
                query = query.where(InstanceAction.id < last.id)
            return [as_dict(row) for row in session.scalars(query.limit(limit))]

    def action_get(self, uuid: str, request_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
        """One action with its events, newest first."""
        with self.cell_of(uuid).session() as session:
            action = session.scalars(_action(uuid, request_id)).first()
            if action is None:
                return None
            events = select(InstanceActionEvent).where(InstanceActionEvent.action_id == action.id)
            rows = session.scalars(events.order_by(InstanceActionEvent.id.desc()))
            return as_dict(action), [as_dict(row) for row in rows]

    def block_device_mapping_create(self, uuid: str, values: dict[str, Any]) -> dict[str, Any]:
        """A new block device."""
        row = BlockDeviceMapping(instance_uuid=uuid, uuid=self.ids.uuid(), **values)
        with self.handle.session() as session:
            session.add(row)
        return as_dict(row)

    def block_device_mapping_get_by_volume(self, volume_id: str) -> list[dict[str, Any]]:
        """Who has a volume."""
        query = select(BlockDeviceMapping).join(Instance, Instance.uuid == BlockDeviceMapping.instance_uuid)
        with self.handle.session() as session:
            rows = session.scalars(query.where(BlockDeviceMapping.volume_id == volume_id, ~Instance.deleted))
            return [as_dict(row) for row in rows]

    def block_device_mapping_destroy(self, uuid: str, volume_id: str) -> None:
        """Forget a volume of an instance."""
        here = BlockDeviceMapping.instance_uuid == uuid, BlockDeviceMapping.volume_id == volume_id
        with self.handle.session() as session:
            session.execute(delete(BlockDeviceMapping).where(*here))

    def migration_create(self, context: RequestContext, values: dict[str, Any]) -> dict[str, Any]:
        """An instance starts to move."""
        own = {"user_id": context.user_id, "project_id": context.project_id, "created_at": self.clock.now()}
        row = Migration(uuid=self.ids.uuid(), **own, **values)
        with self.handle.session() as session:
            session.add(row)
        return as_dict(row)

    def migration_update(self, uuid: str, values: dict[str, Any]) -> None:
        """How far it is."""
        changed = values | {"updated_at": self.clock.now()}
        with self.handle.session() as session:
            session.execute(update(Migration).where(Migration.uuid == uuid).values(changed))

    def migrations_get(self, uuid: str, *statuses: str) -> list[dict[str, Any]]:
        """The moves of an instance, newest first; only those in one of the states, if given."""
        query = select(Migration).where(Migration.instance_uuid == uuid).order_by(Migration.id.desc())
        if statuses:
            query = query.where(Migration.status.in_(statuses))
        with self.handle.session() as session:
            return [as_dict(row) for row in session.scalars(query)]

    def evacuated_from(self, host: str) -> list[dict[str, Any]]:
        """The moves of instances that were built anew elsewhere while this host was down."""
        here = Migration.source_compute == host, Migration.migration_type == "evacuation", Migration.status == "done"
        with self.handle.session() as session:
            return [as_dict(row) for row in session.scalars(select(Migration).where(*here))]


def _action(uuid: str, request_id: str) -> Any:
    here = InstanceAction.instance_uuid == uuid, InstanceAction.request_id == request_id
    return select(InstanceAction).where(*here).order_by(InstanceAction.id.desc())
