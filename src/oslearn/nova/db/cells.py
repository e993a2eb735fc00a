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

from sqlalchemy import delete, select, update

from oslearn.nova.db.models import (
    BuildRequest,
    CellMapping,
    HostMapping,
    Instance,
    InstanceMapping,
    RequestSpec,
    as_dict,
)
from oslearn.oslo.clock import Clock, Ids
from oslearn.oslo.db import Handle

CELL0, CELL1 = "cell0", "cell1"
CELL0_UUID = "00000000-0000-0000-0000-000000000000"


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
        query = select(CellMapping.name).join(HostMapping).where(HostMapping.host == host)
        with self.api.session() as session:
            return session.scalars(query).one()

    def build_requests_create(self, instances: Sequence[dict[str, Any]], spec: dict[str, Any]) -> list[dict[str, Any]]:
        """What a boot writes before it is accepted: no row in a cell yet."""
        moments = [self.clock.now() for _ in instances]
        requests = [BuildRequest(created_at=t, updated_at=t, **one) for t, one in zip(moments, instances, strict=True)]
        with self.api.session() as session:
            session.add_all(requests)
            for one in requests:
                session.add(RequestSpec(instance_uuid=one.uuid, spec=spec))
                session.add(InstanceMapping(instance_uuid=one.uuid, project_id=one.project_id))
        return [as_dict(one) for one in requests]

    def build_request_get(self, uuid: str) -> dict[str, Any] | None:
        """The instance that is asked for, if no cell has it yet."""
        with self.api.session() as session:
            found = session.scalars(select(BuildRequest).where(BuildRequest.uuid == uuid)).first()
        return as_dict(found) if found else None

    def build_request_destroy(self, uuid: str) -> bool:
        """Forget it. False if somebody did so before: the user no longer wants the instance."""
        return self.api.write(delete(BuildRequest).where(BuildRequest.uuid == uuid)) > 0

    def instance_map(self, uuid: str, cell: str) -> None:
        """Note an instance's cell."""
        cell_id = select(CellMapping.id).where(CellMapping.name == cell).scalar_subquery()
        self.api.write(update(InstanceMapping).where(InstanceMapping.instance_uuid == uuid).values(cell_id=cell_id))

    def instance_cell(self, uuid: str) -> str | None:
        """The name of the instance's cell, if a cell has it."""
        query = select(CellMapping.name).join(InstanceMapping).where(InstanceMapping.instance_uuid == uuid)
        with self.api.session() as session:
            return session.scalars(query).first()

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
        return find(self.handle, uuid) is not None

    def find_instance(self, uuid: str) -> dict[str, Any] | None:
        """An instance or its build request, wherever it is."""
        if len(self.cells) == 1:
            return find(self.handle, uuid)
        cell = self.instance_cell(uuid)
        if cell is None:
            return self.build_request_get(uuid) or find(self.handle, uuid)
        return find(self.cells[cell], uuid)


def find(handle: Handle, uuid: str) -> dict[str, Any] | None:
    """An instance that is not deleted."""
    with handle.session() as session:
        found = session.scalars(select(Instance).where(Instance.uuid == uuid, ~Instance.deleted)).first()
    return as_dict(found) if found else None
