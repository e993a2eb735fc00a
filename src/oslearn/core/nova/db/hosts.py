"""Compute hosts: what each has and what its instances use.

Interface: `Hosts`, a part of a process's queries; `count_use`.
Invariants: what a host has in use is the sum of the instances on it, counted whenever one comes or goes.
Upstream: nova/db/main/api.py: `compute_node_*`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Connection, Float, Integer, ScalarSelect, String, bindparam, func, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from oslearn.core.config import Config
from oslearn.core.nova import objects
from oslearn.core.nova.db.cells import Databases
from oslearn.core.nova.db.models import ComputeNode, Instance, Service, as_dict

KEPT = bindparam("kept", type_=Integer)
STATE = (ComputeNode.host, ComputeNode.uuid, ComputeNode.vcpus, ComputeNode.vcpus_used, ComputeNode.free_ram_mb,
         ComputeNode.local_gb, ComputeNode.local_gb_used, sql_cast(ComputeNode.supported_instances, String),
         ComputeNode.availability_zone, Service.disabled, Service.forced_down)  # fmt: skip
"""What the scheduler's `HostState` begins with."""
KNOWN = select(*STATE).join(Service, (Service.host == ComputeNode.host) & (Service.binary == "nova-compute"))
NODES = KNOWN.where(ComputeNode.uuid.in_(bindparam("uuids", expanding=True))).order_by(ComputeNode.id)
BEST_FIRST = KNOWN.order_by(ComputeNode.free_ram_mb.desc(), ComputeNode.running_vms, ComputeNode.id)


def total(column: Any) -> ScalarSelect[Any]:
    """The sum over the instances of a host."""
    here = Instance.host == bindparam("which"), ~Instance.deleted
    return select(func.coalesce(func.sum(column), 0)).where(*here).scalar_subquery()


COUNT_USE = (
    update(ComputeNode)
    .where(ComputeNode.host == bindparam("which"))
    .values(
        vcpus_used=total(Instance.vcpus),
        memory_mb_used=total(Instance.memory_mb) + KEPT,
        free_ram_mb=sql_cast(ComputeNode.memory_mb * bindparam("ratio", type_=Float), Integer)
        - KEPT
        - total(Instance.memory_mb),
        local_gb_used=total(Instance.root_gb),
        running_vms=total(1),
    )
)


def count_use(session: Session | Connection, host: str | None, config: Config) -> None:
    """Note what the instances of a host use. Upstream's hosts count in memory, this counts in SQL."""
    if host is not None:
        kept = config.reserved_host_memory_mb
        session.execute(COUNT_USE, {"which": host, "ratio": config.ram_allocation_ratio, "kept": kept})


class Hosts:
    """The compute hosts of a cell."""

    def __init__(self, databases: Databases) -> None:
        self.databases, self.handle, self.config = databases, databases.cell, databases.config

    def get_all(self) -> list[ComputeNode]:
        with self.handle.session() as session:
            return list(session.scalars(select(ComputeNode).order_by(ComputeNode.id)))

    def get(self, uuids: Iterable[str]) -> Sequence[Sequence[Any]]:
        """The hosts of those providers, as `STATE` has them."""
        return self.handle.rows(NODES, {"uuids": [*uuids]})

    def save(self, host: str, values: Mapping[str, Any] | None = None) -> None:
        """Note a host's capacity, and count what its instances use."""
        with self.handle.begin() as connection:
            if values:
                connection.execute(update(ComputeNode).where(ComputeNode.host == host).values(values))
            count_use(connection, host, self.config)

    def page(self, offset: int, size: int) -> Sequence[Sequence[Any]]:
        """Hosts as `get` has them, in 2013's order: most free memory first, then fewest instances."""
        return self.handle.rows(BEST_FIRST.offset(offset).limit(size), {})

    def claim(self, uuid: str, host: str) -> objects.Instance | None:
        """Take the instance's resources from the host and put it there (2013); None if they no longer fit."""
        with self.handle.session() as session:
            instance = session.scalars(select(Instance).where(Instance.uuid == uuid)).one()
            node = session.scalars(select(ComputeNode).where(ComputeNode.host == host)).one()
            limit = node.vcpus * self.config.cpu_allocation_ratio
            left = (node.free_ram_mb, node.local_gb - node.local_gb_used, limit - node.vcpus_used)
            asked = (instance.memory_mb, instance.root_gb, instance.vcpus)
            if any(more > room for more, room in zip(asked, left, strict=True)):
                return None
            instance.host = instance.node = instance.launched_on = host
            instance.availability_zone = node.availability_zone
            instance.updated_at = self.databases.clock.now()
            session.flush()
            count_use(session, host, self.config)
        return cast("objects.Instance", as_dict(instance))
