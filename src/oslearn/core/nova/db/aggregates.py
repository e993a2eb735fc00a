"""Aggregates, and the availability zones that they make.

Interface: `AggregateQueries`, a part of `NovaDB`; aggregates leave it as dictionaries.
Invariants: a host is in one zone: that of its aggregate's metadata, or else the default zone.
Upstream: nova/objects/aggregate.py, nova/availability_zones.py.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oslearn.core.config import Config
from oslearn.core.nova import exception
from oslearn.core.nova.db.api_models import Aggregate, AggregateHost, AggregateMetadata
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle

ZONE = "availability_zone"


class AggregateQueries:
    """Queries over the API database."""

    api: Handle
    ids: Ids
    clock: Clock
    config: Config

    def aggregate_create(self, name: str, metadata: dict[str, str]) -> dict[str, Any]:
        """A new aggregate. Raises AggregateNameExists."""
        row = Aggregate(uuid=self.ids.uuid(), name=name, created_at=self.clock.now(), hosts=[], items=items(metadata))
        try:
            with self.api.session() as session:
                session.add(row)
        except IntegrityError:
            raise exception.AggregateNameExists(aggregate_name=name) from None
        return as_dict(row)

    def aggregate_get_all(self, host: str | None = None) -> list[dict[str, Any]]:
        """Every aggregate, or those with that host, by id."""
        query = select(Aggregate).order_by(Aggregate.id)
        if host is not None:
            query = query.where(Aggregate.hosts.any(AggregateHost.host == host))
        with self.api.session() as session:
            return [as_dict(row) for row in session.scalars(query)]

    def aggregate_get(self, aggregate_id: int) -> dict[str, Any]:
        """One aggregate. Raises AggregateNotFound."""
        with self.api.session() as session:
            return as_dict(found(session, aggregate_id))

    def aggregate_update(self, aggregate_id: int, name: str | None, metadata: dict[str, str | None]) -> dict[str, Any]:
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
            raise exception.AggregateNameExists(aggregate_name=name) from None
        return as_dict(row) | {"updated_at": self.clock.now()}

    def aggregate_add_host(self, aggregate_id: int, host: str) -> dict[str, Any]:
        """Put a host into it. Raises AggregateNotFound, AggregateHostExists."""
        try:
            with self.api.session() as session:
                row = found(session, aggregate_id)
                row.hosts.append(AggregateHost(host=host))
        except IntegrityError:
            raise exception.AggregateHostExists(aggregate_id=aggregate_id, host=host) from None
        return as_dict(row)

    def aggregate_remove_host(self, aggregate_id: int, host: str) -> dict[str, Any]:
        """Take a host out. Raises AggregateNotFound, AggregateHostNotFound."""
        with self.api.session() as session:
            row = found(session, aggregate_id)
            if host not in [member.host for member in row.hosts]:
                raise exception.AggregateHostNotFound(aggregate_id=aggregate_id, host=host)
            row.hosts = [member for member in row.hosts if member.host != host]
        return as_dict(row)

    def aggregate_destroy(self, aggregate_id: int) -> None:
        """Delete it. Raises AggregateNotFound."""
        with self.api.session() as session:
            session.delete(found(session, aggregate_id))

    def host_zones(self) -> dict[str, str]:
        """The zone of every host that is in one other than the default, in one query."""
        query = select(AggregateHost.host, AggregateMetadata.value).where(
            AggregateHost.aggregate_id == AggregateMetadata.aggregate_id, AggregateMetadata.key == ZONE
        )
        with self.api.session() as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def host_zone(self, host: str) -> str:
        """The zone of one host."""
        return self.host_zones().get(host, self.config.availability_zone)


def found(session: Session, aggregate_id: int) -> Aggregate:
    """The row. Raises AggregateNotFound."""
    row = session.get(Aggregate, aggregate_id)
    if row is None:
        raise exception.AggregateNotFound(aggregate_id=aggregate_id)
    return row


def items(metadata: dict[str, str]) -> list[AggregateMetadata]:
    """Rows of keys and values."""
    return [AggregateMetadata(key=key, value=value) for key, value in metadata.items()]


def as_dict(row: Aggregate) -> dict[str, Any]:
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
