"""Compute hosts and Nova's processes, as an operator asks for them; and who used what, when.

Interface: `HostQueries`, a part of `NovaDB`.
Upstream: nova/db/main/api.py, `compute_node_*`, `service_*`, `instance_get_active_by_window_joined`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import InstrumentedAttribute

from oslearn.core.nova.db.models import ComputeNode, HostMapping, Instance, Migration, Service, as_dict
from oslearn.core.nova.exception import MarkerNotFound
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.db import Handle

SUMMED = (
    "free_ram_mb", "local_gb", "local_gb_used", "memory_mb", "memory_mb_used", "running_vms", "vcpus", "vcpus_used",
)  # fmt: skip
HOST = (Service.host == ComputeNode.host) & (Service.binary == "nova-compute")
Node = tuple[ComputeNode, Service]


class HostQueries:
    """Queries over the cell's database."""

    api: Handle
    handle: Handle
    clock: Clock

    def hypervisors_get(
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

    def hypervisor_statistics(self) -> dict[str, int]:
        """The sums over the hosts that no operator disabled."""
        sums = [func.coalesce(func.sum(getattr(ComputeNode, name)), 0) for name in SUMMED]
        query = select(func.count(ComputeNode.id), *sums).join(Service, HOST).where(~Service.disabled)
        with self.handle.session() as session:
            row = session.execute(query)
            return dict(zip(("count", *SUMMED), row.one(), strict=True))

    def services_get(self, *where: Any) -> list[Service]:
        """Nova's processes, by age."""
        with self.handle.session() as session:
            return list(session.scalars(select(Service).where(*where).order_by(Service.id)))

    def forced_down(self, host: str) -> bool:
        """Whether an operator says that a host's nova-compute is down."""
        return bool(self.services_get(Service.host == host, Service.binary == "nova-compute", Service.forced_down))

    def service_save(self, service: Service, values: dict[str, Any]) -> None:
        """Change a process's row."""
        with self.handle.session() as session:
            session.add(service)
            for name, value in values.items():
                setattr(service, name, value)

    def service_destroy(self, service: Service) -> None:
        """Forget a process, and the host that it was on if it was a nova-compute."""
        with self.handle.session() as session:
            if service.binary == "nova-compute":
                session.execute(delete(ComputeNode).where(ComputeNode.host == service.host))
            session.delete(service)
        self.api.write(delete(HostMapping).where(HostMapping.host == service.host))

    def instance_get_active_by_window(
        self, begin: datetime, end: datetime, project_id: str | None, limit: int, marker: str | None
    ) -> list[dict[str, Any]]:
        """Instances that ran at some time between, deleted or not, by project and uuid. Raises MarkerNotFound."""
        key = Instance.project_id, Instance.uuid
        ran = Instance.launched_at < end, Instance.terminated_at.is_(None) | (Instance.terminated_at > begin)
        query = select(Instance).where(*ran).order_by(*key).limit(limit)
        if project_id is not None:
            query = query.where(Instance.project_id == project_id)
        with self.handle.session() as session:
            if marker is not None:
                last = session.execute(select(*key).where(Instance.uuid == marker)).first()
                if last is None:
                    raise MarkerNotFound(marker=marker)
                query = query.where((key[0] > last[0]) | ((key[0] == last[0]) & (key[1] > last[1])))
            return [as_dict(row) for row in session.scalars(query)]

    def migration_page(self, where: Sequence[Any], limit: int | None, marker: str | None) -> list[dict[str, Any]]:
        """Migrations of instances that are there, newest first or (without a limit) oldest. Raises MarkerNotFound."""
        there = select(Instance.uuid).where(~Instance.deleted)
        query = select(Migration).where(*where, Migration.instance_uuid.in_(there)).limit(limit)
        query = query.order_by(Migration.id.desc() if limit is not None else Migration.id)
        with self.handle.session() as session:
            if marker is not None:
                last = session.scalars(select(Migration.id).where(Migration.uuid == marker)).first()
                if last is None:
                    raise MarkerNotFound(marker=marker)
                query = query.where(Migration.id < last)
            return [as_dict(row) for row in session.scalars(query)]
