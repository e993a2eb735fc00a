"""What was asked of an instance and what came of it.

Interface: `Actions`, a part of a process's queries.
Invariants: an action is found by the id of the request that asked for it; it is kept when its instance is deleted.
Upstream: nova/objects/instance_action.py; nova/db/main/api.py, `action_*`.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import DateTime, String, Table, bindparam, func, insert, select, update

from oslearn.core.nova.db.databases import Databases
from oslearn.core.nova.db.models import InstanceAction, InstanceActionEvent
from oslearn.core.oslo.context import RequestContext

CONTROLLER = "controller"
"""Where nova-api and nova-conductor run."""
NEWEST = (
    select(func.max(InstanceAction.id))
    .where(InstanceAction.instance_uuid == bindparam("uuid"), InstanceAction.request_id == bindparam("request"))
    .scalar_subquery()
)
ACTIONS = cast("Table", InstanceAction.__table__)
EVENTS = cast("Table", InstanceActionEvent.__table__)
TOUCH = update(ACTIONS).where(ACTIONS.c.id == NEWEST)
FINISH = update(EVENTS).where(EVENTS.c.action_id == NEWEST, EVENTS.c.event == bindparam("name"))
BEGUN = bindparam("event", type_=String), bindparam("now", type_=DateTime), bindparam("at", type_=String)
START = insert(EVENTS).from_select(
    ["action_id", "event", "start_time", "host"], select(ACTIONS.c.id, *BEGUN).where(ACTIONS.c.id == NEWEST)
)
"""What every action's events need, prepared once: the action is the newest of a request and an instance."""


class Actions:
    """Those of a cell's instances, as they are written down."""

    def __init__(self, databases: Databases) -> None:
        self.databases, self.handle, self.clock = databases, databases.cell, databases.clock

    def start(self, context: RequestContext, uuid: str, action: str, message: str | None = None) -> None:
        """Somebody asked for something."""
        now = self.clock.now()
        who = {"request_id": context.request_id, "user_id": context.user_id, "project_id": context.project_id}
        what = {"action": action, "instance_uuid": uuid, "start_time": now, "updated_at": now, "message": message}
        self.handle.write(insert(InstanceAction), who | what)

    def event_start(self, context: RequestContext, uuid: str, event: str, host: str = CONTROLLER) -> None:
        """A process begins to work on it; nothing if the request did not ask for an action."""
        now, which = self.clock.now(), {"uuid": uuid, "request": context.request_id}
        with self.handle.engine.begin() as connection:
            connection.execute(TOUCH, which | {"updated_at": now})
            connection.execute(START, which | {"event": event, "now": now, "at": host})

    def event_finish(self, context: RequestContext, uuid: str, event: str, error: str | None = None) -> None:
        """It is done with it, or `error` says why not."""
        now, which = self.clock.now(), {"uuid": uuid, "request": context.request_id}
        done = {"finish_time": now, "result": "Error" if error else "Success", "details": error, "traceback": error}
        with self.handle.engine.begin() as connection:
            connection.execute(TOUCH, which | {"updated_at": now} | ({"message": "Error"} if error else {}))
            connection.execute(FINISH, which | {"name": event} | done)
