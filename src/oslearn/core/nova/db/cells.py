"""The databases of Nova that a process may reach; where an instance is before a cell has it, and which has it then.

Interface: `Databases`: the API database's handle, and those of the cells by name; `CELL0`, `CELL1`; `first`; `Cells`,
`BuildRequests` and `RequestSpecs`, parts of a process's queries.
Invariants: an instance is in one cell; until then, its build request stands for it. With one database for everything,
as in 2013, there is nothing to look up.
Upstream: nova/context.py, `target_cell`; nova/objects/{build_request,cell_mapping,host_mapping,instance_mapping,
request_spec}.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from sqlalchemy import Executable, Table, bindparam, delete, insert, select, update

from oslearn.core.config import Config
from oslearn.core.nova import objects
from oslearn.core.nova.db.models import BuildRequest, CellMapping, HostMapping, InstanceMapping, RequestSpec, as_dict
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle

CELL0, CELL1 = "cell0", "cell1"
CELL_OF_INSTANCE = (
    select(CellMapping.name).join(InstanceMapping).where(InstanceMapping.instance_uuid == bindparam("uuid"))
)
REQUESTS = cast("Table", BuildRequest.__table__)
MAPPINGS = cast("Table", InstanceMapping.__table__)
REQUEST = select(*REQUESTS.columns).where(BuildRequest.uuid == bindparam("uuid"))
NEW_REQUESTS = insert(REQUESTS).returning(*REQUESTS.columns, sort_by_parameter_order=True)
NEW_MAPPINGS, NEW_SPECS = insert(MAPPINGS), insert(cast("Table", RequestSpec.__table__))
FORGET_REQUEST = delete(REQUESTS).where(REQUESTS.c.uuid == bindparam("which"))
CELL = select(CellMapping.id).where(CellMapping.name == bindparam("cell")).scalar_subquery()
MAP = update(MAPPINGS).where(MAPPINGS.c.instance_uuid == bindparam("which")).values(cell_id=CELL)
CELL_OF_HOST = select(CellMapping.name).join(HostMapping).where(HostMapping.host == bindparam("host"))
"""Statements that every boot needs, prepared once."""


@dataclass(frozen=True)
class Databases:
    """`cell` is the one that is read and written unless the instance says which; cell 0 has no host."""

    api: Handle
    cell: Handle
    cells: Mapping[str, Handle]
    ids: Ids
    clock: Clock
    config: Config

    def target_cell(self, name: str) -> Databases:
        """The same with another cell."""
        return replace(self, cell=self.cells[name])

    @property
    def several(self) -> bool:
        """Whether there are cells to look an instance up in."""
        return len(self.cells) > 1

    def name_of(self, uuid: str) -> str | None:
        """The name of the instance's cell, if a cell has it."""
        found = self.api.rows(CELL_OF_INSTANCE, {"uuid": uuid})
        return found[0][0] if found else None


def first(handle: Handle, query: Executable, **values: object) -> dict[str, Any] | None:
    """The first row that a prepared query finds."""
    found = handle.rows(query, values)
    return as_dict(found[0]) if found else None


class Cells:
    """The cells, and which hosts and instances each has."""

    def __init__(self, databases: Databases) -> None:
        self.databases, self.api = databases, databases.api

    def of_host(self, host: str) -> str:
        """The name of a host's cell."""
        return str(self.api.rows(CELL_OF_HOST, {"host": host})[0][0])

    def map(self, uuid: str, cell: str) -> None:
        """Note an instance's cell."""
        self.api.write(MAP, {"which": uuid, "cell": cell})


class BuildRequests:
    """Instances that are asked for and in no cell yet."""

    def __init__(self, databases: Databases) -> None:
        self.api, self.clock = databases.api, databases.clock

    def create(self, instances: Sequence[objects.Values], spec: objects.RequestSpec) -> list[objects.BuildRequest]:
        """What a boot writes before it is accepted: no row in a cell yet."""
        moments = [self.clock.now() for _ in instances]
        requests = [one | {"created_at": t, "updated_at": t} for t, one in zip(moments, instances, strict=True)]
        specs = [{"instance_uuid": one["uuid"], "spec": spec} for one in instances]
        mappings = [{"instance_uuid": one["uuid"], "project_id": one["project_id"]} for one in instances]
        with self.api.begin() as connection:
            rows = connection.execute(NEW_REQUESTS, requests).all()
            connection.execute(NEW_MAPPINGS, mappings)
            connection.execute(NEW_SPECS, specs)
        return [cast("objects.BuildRequest", as_dict(row)) for row in rows]

    def get(self, uuid: str) -> objects.BuildRequest | None:
        """The instance that is asked for, if no cell has it yet."""
        return cast("objects.BuildRequest | None", first(self.api, REQUEST, uuid=uuid))

    def destroy(self, uuid: str) -> bool:
        """Forget it. False if somebody did so before: the user no longer wants the instance."""
        return self.api.write(FORGET_REQUEST, {"which": uuid}) > 0


class RequestSpecs:
    """What each instance asked of a host."""

    def __init__(self, databases: Databases) -> None:
        self.api = databases.api

    def get(self, uuid: str) -> objects.RequestSpec:
        """An instance's; nothing if that is not known."""
        with self.api.session() as session:
            found = session.get(RequestSpec, uuid)
            return cast("objects.RequestSpec", dict(found.spec) if found else {})

    def destroy(self, uuid: str) -> None:
        """The instance is gone."""
        self.api.write(delete(RequestSpec).where(RequestSpec.instance_uuid == uuid))
