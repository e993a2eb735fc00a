"""Compute hosts, Nova's processes, and the aggregates that make availability zones, as an operator asks for them.

Interface: `HostRegistry`, `Hypervisors`, `Services` and `Aggregates`, parts of a process's queries.
Invariants: a host is in one zone: that of its aggregate's metadata, or else the default zone.
Upstream: nova/db/main/api.py, `compute_node_*`, `service_*`; nova/objects/aggregate.py, nova/availability_zones.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from oslearn.core.nova import objects
from oslearn.core.nova.db.cells import Databases
from oslearn.core.nova.db.hosts import Hosts
from oslearn.core.nova.db.models import ComputeNode, HostMapping, Service
from oslearn.extensions.nova.db.models import Aggregate, AggregateHost, AggregateMetadata
from oslearn.extensions.nova.exception import (
    AggregateHostExists,
    AggregateHostNotFound,
    AggregateNameExists,
    AggregateNotFound,
    MarkerNotFound,
)
from oslearn.extensions.oslo.listing import equals

SUMMED = (
    "free_ram_mb", "local_gb", "local_gb_used", "memory_mb", "memory_mb_used", "running_vms", "vcpus", "vcpus_used",
)  # fmt: skip
HOST = (Service.host == ComputeNode.host) & (Service.binary == "nova-compute")
ZONE = "availability_zone"
"""The metadata of an aggregate that makes it a zone."""
ZONES = select(AggregateHost.host, AggregateMetadata.value).where(
    AggregateHost.aggregate_id == AggregateMetadata.aggregate_id, AggregateMetadata.key == ZONE
)
"""Statement that every boot needs, prepared once."""
Node = tuple[ComputeNode, Service]


class HostRegistry(Hosts):
    """Hosts that come, and the zones that aggregates make of them."""

    def create(self, nodes: list[objects.Values]) -> None:
        """Register hosts with their capacity; what is there already stays as it is."""
        with self.handle.session() as session:
            known = set(session.scalars(select(ComputeNode.host)))
            new = [node for node in nodes if node["host"] not in known]
            session.add_all(ComputeNode(uuid=self.databases.ids.uuid(), **node) for node in new)

    def find(self, host: str) -> ComputeNode | None:
        """One by name."""
        with self.handle.session() as session:
            return session.scalars(select(ComputeNode).where(ComputeNode.host == host)).first()

    def zones(self) -> dict[str, str]:
        """The zone of every host that is in one other than the default, in one query."""
        return {row[0]: row[1] for row in self.databases.api.rows(ZONES, {})}


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
                last = session.scalars(select(ComputeNode.id).where(equals(*marker))).first()
                if last is None:
                    raise MarkerNotFound(marker=marker[1])
                query = query.where(ComputeNode.id > last)
            return [(row[0], row[1]) for row in session.execute(query)]

    def statistics(self) -> dict[str, int]:
        """The sums over the hosts that no operator disabled."""
        sums = [func.coalesce(func.sum(getattr(ComputeNode, name)), 0) for name in SUMMED]
        query = select(func.count(ComputeNode.id), *sums).join(Service, HOST).where(~Service.disabled)
        with self.handle.session() as session:
            return dict(zip(("count", *SUMMED), session.execute(query).one(), strict=True))


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


class Shown(TypedDict):
    """An aggregate with its hosts, metadata and zone."""

    id: int
    uuid: str
    name: str
    hosts: list[str]
    metadata: dict[str, str]
    availability_zone: str | None
    created_at: datetime
    updated_at: datetime | None


class Aggregates:
    """Hosts that an operator named together."""

    def __init__(self, databases: Databases) -> None:
        self.api, self.ids, self.clock = databases.api, databases.ids, databases.clock

    def create(self, name: str, metadata: dict[str, str]) -> Shown:
        """A new aggregate. Raises AggregateNameExists."""
        row = Aggregate(uuid=self.ids.uuid(), name=name, created_at=self.clock.now(), hosts=[], items=items(metadata))
        try:
            with self.api.session() as session:
                session.add(row)
        except IntegrityError:
            raise AggregateNameExists(aggregate_name=name) from None
        return shown(row)

    def get_all(self, host: str | None = None) -> list[Shown]:
        """Every aggregate, or those with that host, by id."""
        query = select(Aggregate).order_by(Aggregate.id)
        if host is not None:
            query = query.where(Aggregate.hosts.any(AggregateHost.host == host))
        with self.api.session() as session:
            return [shown(row) for row in session.scalars(query)]

    def get(self, aggregate_id: int) -> Shown:
        """One aggregate. Raises AggregateNotFound."""
        with self.api.session() as session:
            return shown(found(session, aggregate_id))

    def update(self, aggregate_id: int, name: str | None, metadata: dict[str, str | None]) -> Shown:
        """Give it another name, and set metadata; None takes a key away. Raises AggregateNotFound, -NameExists."""
        try:
            with self.api.session() as session:
                row = found(session, aggregate_id)
                kept = {item.key: item.value for item in row.items if item.key not in metadata}
                kept |= {key: value for key, value in metadata.items() if value is not None}
                row.items.clear()
                session.flush()
                row.items.extend(items(kept))
                if name:
                    row.name, row.updated_at = name, self.clock.now()
        except IntegrityError as error:
            raise (AggregateNameExists(aggregate_name=name) if name else error) from None
        return shown(row) | {"updated_at": self.clock.now()}

    def add_host(self, aggregate_id: int, host: str) -> Shown:
        """Put a host into it. Raises AggregateNotFound, AggregateHostExists."""
        try:
            with self.api.session() as session:
                row = found(session, aggregate_id)
                row.hosts.append(AggregateHost(host=host))
                return shown(row)
        except IntegrityError:
            raise AggregateHostExists(aggregate_id=aggregate_id, host=host) from None

    def remove_host(self, aggregate_id: int, host: str) -> Shown:
        """Take a host out. Raises AggregateNotFound, AggregateHostNotFound."""
        with self.api.session() as session:
            row = found(session, aggregate_id)
            if host not in [member.host for member in row.hosts]:
                raise AggregateHostNotFound(aggregate_id=aggregate_id, host=host)
            row.hosts = [member for member in row.hosts if member.host != host]
            return shown(row)

    def destroy(self, aggregate_id: int) -> None:
        """Delete it. Raises AggregateNotFound."""
        with self.api.session() as session:
            session.delete(found(session, aggregate_id))


def found(session: Session, aggregate_id: int) -> Aggregate:
    """The row. Raises AggregateNotFound."""
    row = session.get(Aggregate, aggregate_id)
    if row is None:
        raise AggregateNotFound(aggregate_id=aggregate_id)
    return row


def items(metadata: dict[str, str]) -> list[AggregateMetadata]:
    """Rows of keys and values."""
    return [AggregateMetadata(key=key, value=value) for key, value in metadata.items()]


def shown(row: Aggregate) -> Shown:
    """An aggregate with its hosts, metadata and zone."""
    metadata = {item.key: item.value for item in row.items}
    return {
        "id": row.id,
        "uuid": row.uuid,
        "name": row.name,
        "hosts": [member.host for member in row.hosts],
        "metadata": metadata,
        "availability_zone": metadata.get(ZONE),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
