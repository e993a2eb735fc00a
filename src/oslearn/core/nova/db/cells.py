"""Which database an instance is in: a build request at first, then a row in a cell.

Interface: `CellQueries`, a part of `NovaDB`.
Invariants: an instance is in one place; until a cell has it, its build request stands for it; with one database for
everything, as in 2013, there is nothing to look up.
Upstream: nova/objects/{build_request,cell_mapping,host_mapping,instance_mapping,request_spec}.py.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any, Self

from sqlalchemy import bindparam, delete, insert, select, update

from oslearn.core.nova.db.models import (
    BuildRequest,
    CellMapping,
    HostMapping,
    Instance,
    InstanceMapping,
    RequestSpec,
    as_dict,
)
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle

CELL0, CELL1 = "cell0", "cell1"
CELL0_UUID = "00000000-0000-0000-0000-000000000000"
UUID: Any = bindparam("uuid")
REQUESTS: Any = BuildRequest.__table__
INSTANCE = select(*Instance.__table__.columns).where(Instance.uuid == UUID, ~Instance.deleted)
REQUEST = select(*REQUESTS.columns).where(BuildRequest.uuid == UUID)
NEW_REQUESTS = insert(REQUESTS).returning(*REQUESTS.columns, sort_by_parameter_order=True)
CELL_OF_INSTANCE = select(CellMapping.name).join(InstanceMapping).where(InstanceMapping.instance_uuid == UUID)
CELL_OF_HOST = select(CellMapping.name).join(HostMapping).where(HostMapping.host == bindparam("host"))
"""Queries that every boot asks, prepared once."""


class CellQueries:
    """Queries over the API database."""

    api: Handle
    handle: Handle
    cells: dict[str, Handle]
    ids: Ids
    clock: Clock

    def target_cell(self, name: str) -> Self:
        """The same queries over another cell."""
        targeted = copy.copy(self)
        targeted.handle = self.cells[name]
        return targeted

    def cell_mappings_create(self) -> None:
        """Make the cells known."""
        with self.api.session() as session:
            known = set(session.scalars(select(CellMapping.name)))
            for name in self.cells:
                if name not in known:
                    uuid = CELL0_UUID if name == CELL0 else self.ids.uuid()
                    session.add(CellMapping(uuid=uuid, name=name))

    def host_mappings_create(self, hosts: Iterable[str]) -> None:
        """Put hosts into cell 1, as `nova-manage cell_v2 discover_hosts` does."""
        with self.api.session() as session:
            known = set(session.scalars(select(HostMapping.host)))
            cell_id = session.scalars(select(CellMapping.id).where(CellMapping.name == CELL1)).one()
            session.add_all(HostMapping(host=host, cell_id=cell_id) for host in hosts if host not in known)

    def host_mapping_get(self, host: str) -> str:
        """The name of a host's cell."""
        return str(self.api.rows(CELL_OF_HOST, {"host": host})[0][0])

    def build_requests_create(self, instances: Sequence[dict[str, Any]], spec: dict[str, Any]) -> list[dict[str, Any]]:
        """What a boot writes before it is accepted: no row in a cell yet."""
        moments = [self.clock.now() for _ in instances]
        requests = [one | {"created_at": t, "updated_at": t} for t, one in zip(moments, instances, strict=True)]
        specs = [{"instance_uuid": one["uuid"], "spec": spec} for one in instances]
        mappings = [{"instance_uuid": one["uuid"], "project_id": one["project_id"]} for one in instances]
        with self.api.engine.begin() as connection:
            rows = connection.execute(NEW_REQUESTS, requests).all()
            connection.execute(insert(InstanceMapping), mappings)
            connection.execute(insert(RequestSpec), specs)
        return [as_dict(row) for row in rows]

    def build_request_get(self, uuid: str) -> dict[str, Any] | None:
        """The instance that is asked for, if no cell has it yet."""
        return first(self.api, REQUEST, uuid=uuid)

    def build_request_destroy(self, uuid: str) -> bool:
        """Forget it. False if somebody did so before: the user no longer wants the instance."""
        return self.api.write(delete(BuildRequest).where(BuildRequest.uuid == uuid)) > 0

    def instance_map(self, uuid: str, cell: str) -> None:
        """Note an instance's cell."""
        cell_id = select(CellMapping.id).where(CellMapping.name == cell).scalar_subquery()
        self.api.write(update(InstanceMapping).where(InstanceMapping.instance_uuid == uuid).values(cell_id=cell_id))

    def instance_cell(self, uuid: str) -> str | None:
        """The name of the instance's cell, if a cell has it."""
        found = self.api.rows(CELL_OF_INSTANCE, {"uuid": uuid})
        return found[0][0] if found else None

    def request_spec_get(self, uuid: str) -> dict[str, Any]:
        """What the instance asked for; nothing if that is not known."""
        with self.api.session() as session:
            found = session.get(RequestSpec, uuid)
            return dict(found.spec) if found else {}

    def request_spec_save(self, uuid: str, spec: dict[str, Any]) -> None:
        """What it asks for from now on."""
        with self.api.session() as session:
            session.merge(RequestSpec(instance_uuid=uuid, spec=spec))

    def request_spec_destroy(self, uuid: str) -> None:
        """The instance is gone."""
        self.api.write(delete(RequestSpec).where(RequestSpec.instance_uuid == uuid))

    def cell_of(self, uuid: str) -> Handle:
        """The database that has the instance, or had it before it was deleted."""
        return self.handle if len(self.cells) == 1 else self.cells[self.instance_cell(uuid) or CELL1]

    def has_row(self, uuid: str) -> bool:
        """Whether the cell has the instance."""
        return first(self.handle, INSTANCE, uuid=uuid) is not None

    def find_instance(self, uuid: str) -> dict[str, Any] | None:
        """An instance or its build request, wherever it is."""
        if len(self.cells) == 1:
            return first(self.handle, INSTANCE, uuid=uuid)
        cell = self.instance_cell(uuid)
        if cell is None:
            return self.build_request_get(uuid) or first(self.handle, INSTANCE, uuid=uuid)
        return first(self.cells[cell], INSTANCE, uuid=uuid)


def first(handle: Handle, query: Any, **values: Any) -> dict[str, Any] | None:
    """The first row that a prepared query finds."""
    found = handle.rows(query, values)
    return as_dict(found[0]) if found else None
