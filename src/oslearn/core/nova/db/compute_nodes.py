"""Hosts and processes: what each host has and what its instances use.

Interface: `NodeQueries`, a part of `NovaDB`.
Invariants: what a host has in use is the sum of the instances on it, counted whenever one comes or goes.
Upstream: nova/db/main/api.py: `compute_node_*`, `service_*`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Float, Integer, bindparam, cast, func, select, update
from sqlalchemy.orm import Session

from oslearn.core.config import Config
from oslearn.core.nova.db.models import ComputeNode, Instance, Service, as_dict
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle

WHICH: Any = bindparam("which")


NODES = (
    select(ComputeNode, Service.disabled, Service.forced_down)
    .join(Service, (Service.host == ComputeNode.host) & (Service.binary == "nova-compute"))
    .where(ComputeNode.uuid.in_(bindparam("uuids", expanding=True)))
    .order_by(ComputeNode.id)
)


def total(column: Any) -> Any:
    """The sum over the instances of a host."""
    here = Instance.host == WHICH, ~Instance.deleted
    return select(func.coalesce(func.sum(column), 0)).where(*here).scalar_subquery()


COUNT_USE = (
    update(ComputeNode)
    .where(ComputeNode.host == WHICH)
    .values(
        vcpus_used=total(Instance.vcpus),
        memory_mb_used=total(Instance.memory_mb) + bindparam("kept", type_=Integer),
        free_ram_mb=cast(ComputeNode.memory_mb * bindparam("ratio", type_=Float), Integer)
        - bindparam("kept", type_=Integer)
        - total(Instance.memory_mb),
        local_gb_used=total(Instance.root_gb),
        running_vms=total(1),
    )
)
"""What the instances of a host use is what the host has in use."""


class NodeQueries:
    """Queries over a cell's database."""

    handle: Handle
    ids: Ids
    clock: Clock
    config: Config

    def compute_node_page(self, offset: int, size: int) -> list[tuple[ComputeNode, bool, bool]]:
        """Hosts, most free memory first, then fewest instances; whether each is disabled, or forced down."""
        query = (
            select(ComputeNode, Service.disabled, Service.forced_down)
            .join(Service, (Service.host == ComputeNode.host) & (Service.binary == "nova-compute"))
            .order_by(ComputeNode.free_ram_mb.desc(), ComputeNode.running_vms, ComputeNode.id)
            .offset(offset)
            .limit(size)
        )
        with self.handle.session() as session:
            return [(row[0], row[1], row[2]) for row in session.execute(query)]

    def compute_node_claim(self, uuid: str, host: str) -> dict[str, Any] | None:
        """Take the instance's resources from the host and put the instance there; None if they no longer fit."""
        with self.handle.session() as session:
            instance = session.scalars(select(Instance).where(Instance.uuid == uuid)).one()
            node = session.scalars(select(ComputeNode).where(ComputeNode.host == host)).one()
            limit = node.vcpus * self.config.cpu_allocation_ratio
            if (
                node.free_ram_mb < instance.memory_mb
                or node.local_gb - node.local_gb_used < instance.root_gb
                or limit - node.vcpus_used < instance.vcpus
            ):
                return None
            instance.host = instance.node = instance.launched_on = host
            instance.availability_zone = node.availability_zone
            instance.updated_at = self.clock.now()
            session.flush()
            self._count_use(session, host)
        return as_dict(instance)

    def compute_node_save(self, host: str, values: dict[str, Any] | None = None) -> None:
        """Note a host's capacity, and count what its instances use."""
        with self.handle.engine.begin() as connection:
            if values:
                connection.execute(update(ComputeNode).where(ComputeNode.host == host).values(values))
            self._count_use(connection, host)

    def _count_use(self, session: Session | Connection, host: str | None) -> None:
        """What the instances of a host use is what the host has in use."""
        if host is not None:
            ratio, reserved = self.config.ram_allocation_ratio, self.config.reserved_host_memory_mb
            session.execute(COUNT_USE, {"which": host, "ratio": ratio, "kept": reserved})

    def compute_nodes_get(self, uuids: Iterable[str]) -> list[tuple[ComputeNode, bool, bool]]:
        """The hosts of those providers; whether an operator disabled each, or forced it down."""
        with self.handle.session() as session:
            return [(row[0], row[1], row[2]) for row in session.execute(NODES, {"uuids": [*uuids]})]

    def services_create(self, services: Iterable[tuple[str, str, str]]) -> None:
        """Register processes by binary, host and topic; what is there already stays as it is."""
        now = self.clock.now()
        with self.handle.session() as session:
            known = {tuple(row) for row in session.execute(select(Service.binary, Service.host))}
            session.add_all(
                Service(uuid=self.ids.uuid(), binary=binary, host=host, topic=topic, created_at=now)
                for binary, host, topic in services
                if (binary, host) not in known
            )

    def compute_nodes_create(self, nodes: list[dict[str, Any]]) -> list[ComputeNode]:
        """Register hosts with their capacity, and their nova-compute; what is there already stays as it is."""
        with self.handle.session() as session:
            known = set(session.scalars(select(ComputeNode.host)))
            session.add_all(ComputeNode(uuid=self.ids.uuid(), **node) for node in nodes if node["host"] not in known)
        self.services_create(("nova-compute", node["host"], "compute") for node in nodes)
        return self.compute_node_get_all()

    def compute_node_get_by_host(self, host: str) -> ComputeNode | None:
        """One host."""
        with self.handle.session() as session:
            return session.scalars(select(ComputeNode).where(ComputeNode.host == host)).first()

    def compute_node_get_all(self) -> list[ComputeNode]:
        """Every host."""
        with self.handle.session() as session:
            return list(session.scalars(select(ComputeNode).order_by(ComputeNode.id)))

    def service_get_all(self) -> list[Service]:
        """Every process."""
        with self.handle.session() as session:
            return list(session.scalars(select(Service).order_by(Service.id)))
