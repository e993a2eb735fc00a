"""What Nova's processes do with its database. nova-compute has none of this: it asks the conductor.

Interface: `NovaDB`; instances leave it as dictionaries of JSON types, which is how they travel in messages.
Invariants: an instance is changed only in a state in which that may be.
Upstream: nova/db/main/api.py. Left out: soft delete but for instances, quota reservations (usage is counted).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, insert, or_, select, update

from oslearn.core.config import Config
from oslearn.core.nova import exception
from oslearn.core.nova.db import (
    actions,
    aggregates,
    cells,
    compute_nodes,
    flavors,
    groups,
    hosts,
    keypairs,
    quotas,
    servers,
    unfinished,
)
from oslearn.core.nova.db.models import BlockDeviceMapping, Instance, InstanceFault, VirtualInterface, as_dict
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle

WHICH: Any = bindparam("which")
INSTANCES: Any = Instance.__table__
DEVICE_ROWS: Any = BlockDeviceMapping.__table__
NEW_INSTANCE = insert(INSTANCES).returning(*INSTANCES.columns)
NEW_VIF = insert(VirtualInterface).prefix_with("OR IGNORE", dialect="sqlite")
INFO_CACHE = select(Instance.network_info).where(Instance.uuid == WHICH, ~Instance.deleted)
DEVICES = select(*DEVICE_ROWS.columns).where(DEVICE_ROWS.c.instance_uuid == WHICH).order_by(BlockDeviceMapping.id)
"""Statements that every boot needs, prepared once."""


@cache
def changing(expected: tuple[tuple[str, tuple[str | None, ...]], ...]) -> Any:
    """A change of an instance that must be in one of those states, by column."""
    statement = update(INSTANCES).where(Instance.uuid == WHICH)
    for name, states in expected:
        column = getattr(Instance, name)
        one_of = or_(*(column.is_(state) if state is None else column == state for state in states))
        statement = statement.where(~Instance.deleted, one_of)
    return statement


class NovaDB(
    servers.ServerQueries,
    actions.ActionQueries,
    flavors.FlavorQueries,
    keypairs.KeyPairQueries,
    quotas.QuotaQueries,
    aggregates.AggregateQueries,
    groups.GroupQueries,
    hosts.HostQueries,
    cells.CellQueries,
    compute_nodes.NodeQueries,
    unfinished.UnfinishedQueries,
):
    """Nova's queries over one process's handles of the API database and of the cells'."""

    def __init__(
        self, api: Handle, cell: Handle, ids: Ids, clock: Clock, config: Config, cell0: Handle | None = None
    ) -> None:
        """Without a cell 0 everything is in one database, as in 2013."""
        self.api, self.handle, self.ids, self.clock, self.config = api, cell, ids, clock, config
        self.cells = {cells.CELL1: cell} | ({cells.CELL0: cell0} if cell0 else {})

    def instance_create(self, values: dict[str, Any], volumes: Iterable[dict[str, Any]] = ()) -> dict[str, Any]:
        """The first row of an instance, and of each of its block devices. Fields that are no column are left out."""
        now = self.clock.now()
        given = {"uuid": values.get("uuid") or self.ids.uuid(), "created_at": now} | values | {"updated_at": now}
        owner = {"instance_uuid": given["uuid"]}
        devices = [owner | {"uuid": self.ids.uuid()} | columns(BlockDeviceMapping, volume) for volume in volumes]
        names = dict.fromkeys(name for device in devices for name in device)
        with self.handle.engine.begin() as connection:
            row = connection.execute(NEW_INSTANCE, columns(Instance, given)).one()
            if devices:
                connection.execute(insert(DEVICE_ROWS), [names | device for device in devices])
        return as_dict(row)

    def instance_get_by_uuid(self, uuid: str, project_id: str | None = None) -> dict[str, Any]:
        """One instance, of that project if given, from a cell or as it is asked for. Raises InstanceNotFound."""
        instance = self.find_instance(uuid)
        if instance is None or project_id not in (None, instance["project_id"]):
            raise exception.InstanceNotFound(instance_id=uuid)
        return instance

    def instance_get_all_by_host(self, host: str) -> list[dict[str, Any]]:
        """The instances of a host."""
        query = select(Instance).where(Instance.host == host, ~Instance.deleted).order_by(Instance.id)
        with self.handle.session() as session:
            return [as_dict(instance) for instance in session.scalars(query)]

    def instance_hosts(self) -> list[tuple[str, str]]:
        """Every instance that is on a host, and the host."""
        query = select(Instance.uuid, Instance.host).where(Instance.host.is_not(None), ~Instance.deleted)
        return [tuple(row) for row in self.handle.rows(query, {})]

    def instance_update(self, uuid: str, values: dict[str, Any], **expected: list[str | None]) -> None:
        """Change columns; times may be given as text. `expected` are the states in which it may be, by column.

        Raises UnexpectedTaskStateError.
        """
        changed = columns(Instance, values) | {"updated_at": self.clock.now(), "which": uuid}
        statement = changing(tuple((name, tuple(states)) for name, states in expected.items()))
        for handle in (self.handle, *self.cells.values()):
            if handle.write(statement, changed):
                return
        if expected:
            raise exception.UnexpectedTaskStateError(instance_uuid=uuid)

    def info_cache_get(self, uuid: str) -> list[Any]:
        """What is known of an instance's ports. Raises InstanceNotFound."""
        found = self.handle.rows(INFO_CACHE, {"which": uuid})
        if not found:
            raise exception.InstanceNotFound(instance_id=uuid)
        return list(found[0][0])

    def instance_error(self, uuid: str, fault: dict[str, Any]) -> None:
        """End in ERROR: give back the host's resources and keep why. `fault` has code, message, details."""
        with self.handle.session() as session:
            instance = session.scalars(select(Instance).where(Instance.uuid == uuid)).one()
            host, instance.host, instance.node = instance.host, None, None
            instance.vm_state, instance.task_state, instance.updated_at = "error", None, self.clock.now()
            instance.power_state, instance.network_info = 0, []
            session.add(InstanceFault(instance_uuid=uuid, created_at=self.clock.now(), **fault))
            self._count_use(session, host)

    def instance_fault_create(self, uuid: str, fault: dict[str, Any]) -> None:
        """Keep why something failed."""
        with self.handle.session() as session:
            session.add(InstanceFault(instance_uuid=uuid, created_at=self.clock.now(), **fault))

    def instance_destroy(self, uuid: str) -> None:
        """Mark as deleted and give back the host's resources. Doing it twice changes nothing."""
        now = self.clock.now()
        with self.handle.session() as session:
            instance = session.scalars(select(Instance).where(Instance.uuid == uuid)).one()
            instance.deleted, instance.vm_state, instance.task_state, instance.power_state = True, "deleted", None, 0
            instance.terminated_at = instance.terminated_at or now
            instance.deleted_at = instance.updated_at = now
            session.flush()
            self._count_use(session, instance.host)

    def block_device_mapping_get_all(self, uuid: str) -> list[dict[str, Any]]:
        """The volumes of an instance."""
        return [as_dict(row) for row in self.handle.rows(DEVICES, {"which": uuid})]

    def block_device_mapping_update(
        self, uuid: str, volume_id: str | None, values: dict[str, Any], bdm_uuid: str | None = None
    ) -> None:
        """Change one block device's row, which is named by its own id or by its volume's."""
        which = BlockDeviceMapping.uuid == bdm_uuid if bdm_uuid else BlockDeviceMapping.volume_id == volume_id
        self.handle.write(
            update(BlockDeviceMapping).where(BlockDeviceMapping.instance_uuid == uuid, which).values(values)
        )

    def virtual_interface_create(self, uuid: str, vif: dict[str, Any]) -> None:
        """Note a port of an instance; it may be known already."""
        self.handle.write(NEW_VIF, {"instance_uuid": uuid, **vif})

    def virtual_interface_delete_all(self, uuid: str) -> None:
        """Forget an instance's ports."""
        self.handle.write(delete(VirtualInterface).where(VirtualInterface.instance_uuid == uuid))


def columns(table: Any, values: dict[str, Any]) -> dict[str, Any]:
    """What of `values` a table has columns for, with times given as text made times."""
    known = table.__table__.columns
    return {k: _moment(v) if k.endswith("_at") else v for k, v in values.items() if k in known and k != "id"}


def _moment(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
