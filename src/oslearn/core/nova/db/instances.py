"""Instances, and what is known of each in its cell: its ports, faults and block devices, and what was asked of it.

Interface: `Instances`, `BlockDevices` and `Actions`, parts of a process's queries; rows leave it as they travel in
messages.
Invariants: an action is found by the id of the request that asked for it; it is kept when its instance is deleted; an
instance is changed only in a state in which that may be; what it holds of a host is given back with it.
Upstream: nova/objects/{instance,block_device,instance_action}.py; nova/db/main/api.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import BindParameter, DateTime, String, Table, Update, bindparam, func, insert, or_, select, update

from oslearn.core.nova import exception, objects
from oslearn.core.nova.db.cells import BuildRequests, Databases, first
from oslearn.core.nova.db.hosts import count_use
from oslearn.core.nova.db.models import (
    BlockDeviceMapping,
    Instance,
    InstanceAction,
    InstanceActionEvent,
    InstanceFault,
    VirtualInterface,
    as_dict,
)
from oslearn.core.nova.objects import NetworkInfo
from oslearn.core.oslo.context import RequestContext

WHICH: BindParameter[str] = bindparam("which")
INSTANCES = cast("Table", Instance.__table__)
NEW_INSTANCE = insert(INSTANCES).returning(*INSTANCES.columns)
INSTANCE = select(*INSTANCES.columns).where(Instance.uuid == bindparam("uuid"), ~Instance.deleted)
INFO_CACHE = select(Instance.network_info).where(Instance.uuid == WHICH, ~Instance.deleted)
NEW_VIF = insert(VirtualInterface).prefix_with("OR IGNORE")
"""Statements that every boot needs, prepared once."""


@cache
def changing(expected: tuple[tuple[str, tuple[str | None, ...]], ...]) -> Update:
    """A change of an instance that must be in one of those states, by column."""
    statement = update(INSTANCES).where(Instance.uuid == WHICH)
    for name, states in expected:
        column = getattr(Instance, name)
        one_of = or_(*(column.is_(state) if state is None else column == state for state in states))
        statement = statement.where(~Instance.deleted, one_of)
    return statement


class Instances:
    """The instances of a cell; those of every cell, where one is looked for."""

    def __init__(self, databases: Databases, requests: BuildRequests) -> None:
        self.databases, self.requests = databases, requests
        self.handle, self.clock = databases.cell, databases.clock

    def create(self, values: objects.Values, devices: Iterable[objects.Values] = ()) -> objects.Instance:
        """The first row of an instance, and of each of its block devices. Fields that are no column are left out."""
        now, ids = self.clock.now(), self.databases.ids
        given = {"uuid": values.get("uuid") or ids.uuid(), "created_at": now} | values | {"updated_at": now}
        owner = {"instance_uuid": given["uuid"]}
        rows = [owner | {"uuid": ids.uuid()} | columns(BlockDeviceMapping, device) for device in devices]
        names = dict.fromkeys(name for row in rows for name in row)
        with self.handle.begin() as connection:
            made = connection.execute(NEW_INSTANCE, columns(Instance, given)).one()
            if rows:
                connection.execute(NEW_DEVICES, [names | row for row in rows])
        return cast("objects.Instance", as_dict(made))

    def get(self, uuid: str, project_id: str | None = None) -> objects.Instance:
        """One instance, of that project if given, from a cell or as it is asked for. Raises InstanceNotFound."""
        instance = self.find(uuid)
        if instance is None or project_id not in (None, instance["project_id"]):
            raise exception.InstanceNotFound(instance_id=uuid)
        return instance

    def find(self, uuid: str) -> objects.Instance | None:
        """An instance or its build request, wherever it is."""
        where = self.handle
        if self.databases.several:
            cell = self.databases.name_of(uuid)
            # A request that is gone by now has become a row, and its mapping is written a moment before.
            if cell is None and (request := self.requests.get(uuid)):
                return request
            where = self.handle if cell is None else self.databases.cells[cell]
        return cast("objects.Instance | None", first(where, INSTANCE, uuid=uuid))

    def has_row(self, uuid: str) -> bool:
        """Whether the cell has the instance."""
        return first(self.handle, INSTANCE, uuid=uuid) is not None

    def hosts(self) -> list[tuple[str, str]]:
        """Every instance that is on a host, and the host."""
        query = select(Instance.uuid, Instance.host).where(Instance.host.is_not(None), ~Instance.deleted)
        return [(row[0], row[1]) for row in self.handle.rows(query, {})]

    def update(self, uuid: str, values: objects.Values, **expected: list[str | None]) -> None:
        """Change columns; times may be given as text. `expected` are the states in which it may be, by column.

        Raises UnexpectedTaskStateError.
        """
        changed = columns(Instance, values) | {"updated_at": self.clock.now(), "which": uuid}
        statement = changing(tuple((name, tuple(states)) for name, states in expected.items()))
        for handle in (self.handle, *self.databases.cells.values()):
            if handle.write(statement, changed):
                return
        if expected:
            raise exception.UnexpectedTaskStateError(instance_uuid=uuid)

    def fail(self, uuid: str, fault: objects.Fault) -> None:
        """End in ERROR: give back the host's resources and keep why."""
        with self.handle.session() as session:
            instance = session.scalars(select(Instance).where(Instance.uuid == uuid)).one()
            host, instance.host, instance.node = instance.host, None, None
            instance.vm_state, instance.task_state, instance.updated_at = "error", None, self.clock.now()
            instance.power_state, instance.network_info = 0, []
            session.add(InstanceFault(instance_uuid=uuid, created_at=self.clock.now(), **fault))
            count_use(session, host, self.databases.config)

    def destroy(self, uuid: str) -> None:
        """Mark as deleted and give back the host's resources. Doing it twice changes nothing."""
        now = self.clock.now()
        with self.handle.session() as session:
            instance = session.scalars(select(Instance).where(Instance.uuid == uuid)).one()
            instance.deleted, instance.vm_state, instance.task_state, instance.power_state = True, "deleted", None, 0
            instance.terminated_at = instance.terminated_at or now
            instance.deleted_at = instance.updated_at = now
            session.flush()  # the row has to be gone before what is left is counted
            count_use(session, instance.host, self.databases.config)

    def add_fault(self, uuid: str, fault: objects.Fault) -> None:
        with self.handle.session() as session:
            session.add(InstanceFault(instance_uuid=uuid, created_at=self.clock.now(), **fault))

    def faults(self, uuids: Sequence[str]) -> dict[str, InstanceFault]:
        """The newest fault of each instance that has one."""
        query = select(InstanceFault).where(InstanceFault.instance_uuid.in_(uuids)).order_by(InstanceFault.id)
        found: dict[str, InstanceFault] = {}
        for handle in self.databases.cells.values():
            with handle.session() as session:
                found |= {fault.instance_uuid: fault for fault in session.scalars(query)}
        return found

    def network_info(self, uuid: str) -> NetworkInfo:
        """What is known of an instance's ports. Raises InstanceNotFound."""
        found = self.handle.rows(INFO_CACHE, {"which": uuid})
        if not found:
            raise exception.InstanceNotFound(instance_id=uuid)
        return list(found[0][0])

    def add_vif(self, uuid: str, vif: objects.Values) -> None:
        """Note a port of an instance; it may be known already."""
        self.handle.write(NEW_VIF, {"instance_uuid": uuid, **vif})


def columns(table: type[Instance | BlockDeviceMapping], values: objects.Values) -> objects.Values:
    """What of `values` a table has columns for, with times given as text made times."""
    known = table.__table__.columns
    return {k: _moment(v) if k.endswith("_at") else v for k, v in values.items() if k in known and k != "id"}


def _moment(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


ROWS = cast("Table", BlockDeviceMapping.__table__)
NEW_DEVICES = insert(ROWS)
OF_INSTANCE = update(ROWS).where(ROWS.c.instance_uuid == bindparam("which"))
BY_UUID = OF_INSTANCE.where(ROWS.c.uuid == bindparam("device"))
BY_VOLUME = OF_INSTANCE.where(ROWS.c.volume_id == bindparam("device"))
DEVICES = select(*ROWS.columns).where(ROWS.c.instance_uuid == bindparam("which")).order_by(BlockDeviceMapping.id)


class BlockDevices:
    """Those of a cell's instances."""

    def __init__(self, databases: Databases) -> None:
        self.databases, self.handle = databases, databases.cell

    def get(self, uuid: str) -> list[objects.BlockDevice]:
        return [cast("objects.BlockDevice", as_dict(row)) for row in self.handle.rows(DEVICES, {"which": uuid})]

    def update(self, uuid: str, volume_id: str | None, values: objects.Values, bdm_uuid: str | None = None) -> None:
        """Change one device's row, which is named by its own id or by its volume's."""
        self.handle.write(BY_UUID if bdm_uuid else BY_VOLUME, values | {"which": uuid, "device": bdm_uuid or volume_id})


CONTROLLER = "controller"
"""Where nova-api and nova-conductor run."""
NEWEST = (
    select(func.max(InstanceAction.id))
    .where(InstanceAction.instance_uuid == bindparam("uuid"), InstanceAction.request_id == bindparam("request"))
    .scalar_subquery()
)
ACTIONS = cast("Table", InstanceAction.__table__)
EVENTS = cast("Table", InstanceActionEvent.__table__)
NEW_ACTION = insert(ACTIONS)
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

    def start(self, context: RequestContext, uuid: str, action: str) -> None:
        """Somebody asked for something."""
        now = self.clock.now()
        who = {"request_id": context.request_id, "user_id": context.user_id, "project_id": context.project_id}
        what = {"action": action, "instance_uuid": uuid, "start_time": now, "updated_at": now, "message": None}
        self.handle.write(NEW_ACTION, who | what)

    def event_start(self, context: RequestContext, uuid: str, event: str, host: str = CONTROLLER) -> None:
        """A process begins to work on it; nothing if the request did not ask for an action."""
        now, which = self.clock.now(), {"uuid": uuid, "request": context.request_id}
        with self.handle.begin() as connection:
            connection.execute(TOUCH, which | {"updated_at": now})
            connection.execute(START, which | {"event": event, "now": now, "at": host})

    def event_finish(self, context: RequestContext, uuid: str, event: str, error: str | None = None) -> None:
        """It is done with it, or `error` says why not."""
        now, which = self.clock.now(), {"uuid": uuid, "request": context.request_id}
        done = {"finish_time": now, "result": "Error" if error else "Success", "details": error, "traceback": error}
        with self.handle.begin() as connection:
            connection.execute(TOUCH, which | {"updated_at": now} | ({"message": "Error"} if error else {}))
            connection.execute(FINISH, which | {"name": event} | done)
