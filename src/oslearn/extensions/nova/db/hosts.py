"""Compute hosts and Nova's processes, as an operator asks for them.

Interface: `HostRegistry`, `Hypervisors` and `Services`, parts of a process's queries.
Upstream: nova/db/main/api.py, `compute_node_*`, `service_*`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import InstrumentedAttribute

from oslearn.core.nova import objects
from oslearn.core.nova.db.databases import Databases
from oslearn.core.nova.db.hosts import Hosts
from oslearn.core.nova.db.models import ComputeNode, HostMapping, Service
from oslearn.extensions.nova.exception import MarkerNotFound

SUMMED = (
    "free_ram_mb", "local_gb", "local_gb_used", "memory_mb", "memory_mb_used", "running_vms", "vcpus", "vcpus_used",
)  # fmt: skip
HOST = (Service.host == ComputeNode.host) & (Service.binary == "nova-compute")
Node = tuple[ComputeNode, Service]


class HostRegistry(Hosts):
    """Hosts that come."""

    def create(self, nodes: list[objects.Values]) -> None:
        """Register hosts with their capacity; what is there already stays as it is."""
        with self.handle.session() as session:
            known = set(session.scalars(select(ComputeNode.host)))
            new = [node for node in nodes if node["host"] not in known]
            session.add_all(ComputeNode(uuid=self.databases.ids.uuid(), **node) for node in new)


class Hypervisors:
    """The hosts of cell 1, each with its nova-compute."""

    def __init__(self, databases: Databases) -> None:
        self.handle = databases.cell

    def get(
        self, *where: Any, marker: tuple[InstrumentedAttribute[Any], Any] | None = None, limit: int | None = None
    ) -> list[Node]:
        """Hosts and their nova-compute, by age, from behind the one whose column has a value. Raises MarkerNotFound."""
        query = select(ComputeNode, Service).join(Service, HOST).where(*where).order_by(ComputeNode.id).limit(limit)
        with self.handle.session() as session:
            if marker is not None:
                last = session.scalars(select(ComputeNode.id).where(marker[0] == marker[1])).first()
                if last is None:
                    raise MarkerNotFound(marker=marker[1])
                query = query.where(ComputeNode.id > last)
            return [(row[0], row[1]) for row in session.execute(query)]

    def statistics(self) -> dict[str, int]:
        """The sums over the hosts that no operator disabled."""
        sums = [func.coalesce(func.sum(getattr(ComputeNode, name)), 0) for name in SUMMED]
        query = select(func.count(ComputeNode.id), *sums).join(Service, HOST).where(~Service.disabled)
        with self.handle.session() as session:
            row = session.execute(query)
            return dict(zip(("count", *SUMMED), row.one(), strict=True))


class Services:
    """Nova's processes, as their rows say, and an operator who takes them out of use."""

    def __init__(self, databases: Databases) -> None:
        self.databases, self.handle = databases, databases.cell

    def create(self, services: Iterable[tuple[str, str, str]]) -> None:
        """Register processes by binary, host and topic; what is there already stays as it is."""
        now, ids = self.databases.clock.now(), self.databases.ids
        with self.handle.session() as session:
            known = {tuple(row) for row in session.execute(select(Service.binary, Service.host))}
            session.add_all(
                Service(uuid=ids.uuid(), binary=binary, host=host, topic=topic, created_at=now)
                for binary, host, topic in services
                if (binary, host) not in known
            )

    def get(self, *where: Any) -> list[Service]:
        """Those that a condition holds for, or all, by age."""
        with self.handle.session() as session:
            return list(session.scalars(select(Service).where(*where).order_by(Service.id)))

    def forced_down(self, host: str) -> bool:
        """Whether an operator says that a host's nova-compute is down."""
        return bool(self.get(Service.host == host, Service.binary == "nova-compute", Service.forced_down))

    def save(self, service: Service, values: objects.Values) -> None:
        """Change a process's row."""
        with self.handle.session() as session:
            session.add(service)
            for name, value in values.items():
                setattr(service, name, value)

    def destroy(self, service: Service) -> None:
        """Forget a process, and the host that it was on if it was a nova-compute."""
        with self.handle.session() as session:
            if service.binary == "nova-compute":
                session.execute(delete(ComputeNode).where(ComputeNode.host == service.host))
            session.delete(service)
        self.databases.api.write(delete(HostMapping).where(HostMapping.host == service.host))
