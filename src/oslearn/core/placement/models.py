"""Placement's tables, and how a provider changes: who names an old generation, or is overtaken, changes nothing.

Interface: `ResourceProvider`, `Inventory`, `Consumer`, `Allocation`, `ProviderTrait`; `increment(connection, read)`.
Invariants: a change of a provider's inventory, traits, aggregates or allocations adds one to its generation, and only
if nobody else has done so since it was read; `ResourceProvider` has SQLAlchemy ask for that of each row that it saves.
Upstream: placement/db/sqlalchemy/models.py, placement/objects/resource_provider.py (`increment_generation`). Left out:
integer ids for classes, traits, projects and users; the names stand in the rows.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, ForeignKey, Index, bindparam, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.orm.exc import StaleDataError

PROVIDER = "resource_providers.id"
GENERATION = "resource_provider_generation"


class Base(DeclarativeBase):
    """All of them."""


class ResourceProvider(Base):
    """What has resources, such as a compute host. The generation grows with each change of what it has or gives.

    A row is saved only if its generation is still what was read: SQLAlchemy raises StaleDataError otherwise.
    """

    __tablename__ = "resource_providers"
    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    generation: Mapped[int] = mapped_column(default=0)
    root_provider_uuid: Mapped[str] = mapped_column(index=True)
    parent_provider_uuid: Mapped[str | None]
    __mapper_args__ = {"version_id_col": generation, "version_id_generator": False}


class Inventory(Base):
    """How much of a resource class a provider has."""

    __tablename__ = "inventories"
    resource_provider_id: Mapped[int] = mapped_column(ForeignKey(PROVIDER), primary_key=True)
    resource_class: Mapped[str] = mapped_column(primary_key=True)
    total: Mapped[int]
    reserved: Mapped[int]
    min_unit: Mapped[int]
    max_unit: Mapped[int]
    step_size: Mapped[int]
    allocation_ratio: Mapped[float]


class Consumer(Base):
    """What uses resources, such as an instance."""

    __tablename__ = "consumers"
    uuid: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str]
    user_id: Mapped[str]
    consumer_type: Mapped[str | None]
    generation: Mapped[int] = mapped_column(default=1)
    __table_args__ = (Index("ix_project", "project_id", "user_id"),)


class Allocation(Base):
    """How much of a provider's resource class a consumer uses. The index makes the sum of a provider's use cheap."""

    __tablename__ = "allocations"
    consumer_id: Mapped[str] = mapped_column(ForeignKey("consumers.uuid"), primary_key=True)
    resource_provider_id: Mapped[int] = mapped_column(ForeignKey(PROVIDER), primary_key=True)
    resource_class: Mapped[str] = mapped_column(primary_key=True)
    used: Mapped[int]
    __table_args__ = (Index("ix_used", "resource_provider_id", "resource_class", "used"),)


class ProviderTrait(Base):
    """What a provider is like."""

    __tablename__ = "resource_provider_traits"
    resource_provider_id: Mapped[int] = mapped_column(ForeignKey(PROVIDER), primary_key=True)
    trait: Mapped[str] = mapped_column(primary_key=True, index=True)


SAME = ResourceProvider.id == bindparam("provider"), ResourceProvider.generation == bindparam("then")
NEXT = update(ResourceProvider).where(*SAME).values(generation=ResourceProvider.generation + 1)


def increment(connection: Connection, read: Mapping[int, int]) -> None:
    """Add one to the generation of providers, by id, that must be what was read. Raises StaleDataError."""
    for provider, then in read.items():
        # The comparison and the change are one statement: two who read the same cannot both find it unchanged.
        if not connection.execute(NEXT, {"provider": provider, "then": then}).rowcount:
            raise StaleDataError("somebody else changed a provider")
