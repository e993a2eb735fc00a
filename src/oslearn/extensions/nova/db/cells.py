"""What is written about cells beyond a boot: the cells themselves, and what an instance asks of a host after a resize.

Interface: `CellRegistry` and `SavedSpecs`, parts of a process's queries.
Upstream: nova/cmd/manage.py, `cell_v2`; nova/objects/request_spec.py, `save`.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from oslearn.core.nova import objects
from oslearn.core.nova.db.cells import Cells, RequestSpecs
from oslearn.core.nova.db.databases import CELL0, CELL1, Databases
from oslearn.core.nova.db.models import CellMapping, HostMapping, RequestSpec

CELL0_UUID = "00000000-0000-0000-0000-000000000000"


class CellRegistry(Cells):
    """Cells and hosts that come."""

    def __init__(self, databases: Databases) -> None:
        super().__init__(databases)
        self.databases = databases

    def create(self) -> None:
        """Make the cells known, as `nova-manage cell_v2 simple_cell_setup` does."""
        with self.api.session() as session:
            known = set(session.scalars(select(CellMapping.name)))
            for name in self.databases.cells:
                if name not in known:
                    uuid = CELL0_UUID if name == CELL0 else self.databases.ids.uuid()
                    session.add(CellMapping(uuid=uuid, name=name))

    def add_hosts(self, hosts: Iterable[str]) -> None:
        """Put hosts into cell 1, as `nova-manage cell_v2 discover_hosts` does."""
        with self.api.session() as session:
            known = set(session.scalars(select(HostMapping.host)))
            cell_id = session.scalars(select(CellMapping.id).where(CellMapping.name == CELL1)).one()
            session.add_all(HostMapping(host=host, cell_id=cell_id) for host in hosts if host not in known)


class SavedSpecs(RequestSpecs):
    """Specs that change."""

    def save(self, uuid: str, spec: objects.RequestSpec) -> None:
        """What an instance asks for from now on."""
        with self.api.session() as session:
            session.merge(RequestSpec(instance_uuid=uuid, spec=spec))
