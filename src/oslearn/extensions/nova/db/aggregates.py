"""Aggregates, and the availability zones that they make.

Interface: `Aggregates`, a part of a process's queries.
Invariants: a host is in one zone: that of its aggregate's metadata, or else the default zone.
Upstream: nova/objects/aggregate.py, nova/availability_zones.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oslearn.core.nova.db.api_models import Aggregate, AggregateHost, AggregateMetadata
from oslearn.core.nova.db.databases import Databases
from oslearn.core.nova.db.hosts import ZONE
from oslearn.extensions.nova.exception import (
    AggregateHostExists,
    AggregateHostNotFound,
    AggregateNameExists,
    AggregateNotFound,
)


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
        except IntegrityError:
            raise AggregateNameExists(aggregate_name=name) from None
        return shown(row) | {"updated_at": self.clock.now()}

    def add_host(self, aggregate_id: int, host: str) -> Shown:
        """Put a host into it. Raises AggregateNotFound, AggregateHostExists."""
        try:
            with self.api.session() as session:
                row = found(session, aggregate_id)
                row.hosts.append(AggregateHost(host=host))
        except IntegrityError:
            raise AggregateHostExists(aggregate_id=aggregate_id, host=host) from None
        return shown(row)

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
