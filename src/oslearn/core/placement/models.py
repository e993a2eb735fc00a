"""Placement's tables. Upstream: placement/db/sqlalchemy/models.py.

Left out: integer ids for classes, traits, projects and users; the names stand in the rows themselves.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """All of them."""


PROVIDER = "resource_providers.id"


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


class ProviderAggregate(Base):
    """A group that a provider is in."""

    __tablename__ = "resource_provider_aggregates"
    resource_provider_id: Mapped[int] = mapped_column(ForeignKey(PROVIDER), primary_key=True)
    aggregate: Mapped[str] = mapped_column(primary_key=True, index=True)


class Trait(Base):
    __tablename__ = "traits"
    name: Mapped[str] = mapped_column(primary_key=True)


class ResourceClass(Base):
    __tablename__ = "resource_classes"
    name: Mapped[str] = mapped_column(primary_key=True)
