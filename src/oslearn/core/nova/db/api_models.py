"""The API database's tables for what outlives an instance. Upstream: nova/db/api/models.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oslearn.core.nova.db.models import ApiBase


class Flavor(ApiBase):
    """A size that an instance can have: memory in MiB, disks in GiB."""

    __tablename__ = "flavors"
    id: Mapped[int] = mapped_column(primary_key=True)
    flavorid: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    memory_mb: Mapped[int]
    vcpus: Mapped[int]
    root_gb: Mapped[int]
    ephemeral_gb: Mapped[int] = mapped_column(default=0)
    swap: Mapped[int] = mapped_column(default=0)
    rxtx_factor: Mapped[float] = mapped_column(default=1.0)
    disabled: Mapped[bool] = mapped_column(default=False)
    is_public: Mapped[bool] = mapped_column(default=True)
    description: Mapped[str | None]
    specs: Mapped[list[FlavorExtraSpec]] = relationship(lazy="joined", cascade="all, delete-orphan")
    projects: Mapped[list[FlavorProject]] = relationship(cascade="all, delete-orphan")

    @property
    def extra_specs(self) -> dict[str, str]:
        """What it asks of a host beyond its size."""
        return {spec.key: spec.value for spec in self.specs}


class FlavorExtraSpec(ApiBase):
    """One extra spec of a flavor."""

    __tablename__ = "flavor_extra_specs"
    __table_args__ = (UniqueConstraint("flavor_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    flavor_id: Mapped[int] = mapped_column(ForeignKey("flavors.id"))
    key: Mapped[str]
    value: Mapped[str]


class FlavorProject(ApiBase):
    """A project that may use a flavor which is not public."""

    __tablename__ = "flavor_projects"
    __table_args__ = (UniqueConstraint("flavor_id", "project_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    flavor_id: Mapped[int] = mapped_column(ForeignKey("flavors.id"))
    project_id: Mapped[str]


class Quota(ApiBase):
    """A limit of a project, or of one of its users."""

    __tablename__ = "quotas"
    __table_args__ = (UniqueConstraint("project_id", "user_id", "resource"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[str]
    user_id: Mapped[str] = mapped_column(default="")
    resource: Mapped[str]
    hard_limit: Mapped[int]


class QuotaClass(ApiBase):
    """A limit of every project that has none of its own; the one class in use is `default`."""

    __tablename__ = "quota_classes"
    class_name: Mapped[str] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    hard_limit: Mapped[int]


class Aggregate(ApiBase):
    """Hosts that an operator named together. The metadata `availability_zone` makes them a zone."""

    __tablename__ = "aggregates"
    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    hosts: Mapped[list[AggregateHost]] = relationship(lazy="selectin", cascade="all, delete-orphan")
    items: Mapped[list[AggregateMetadata]] = relationship(lazy="selectin", cascade="all, delete-orphan")


class AggregateHost(ApiBase):
    """A host of an aggregate."""

    __tablename__ = "aggregate_hosts"
    __table_args__ = (UniqueConstraint("host", "aggregate_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    aggregate_id: Mapped[int] = mapped_column(ForeignKey("aggregates.id"))
    host: Mapped[str]


class AggregateMetadata(ApiBase):
    """A key and value of an aggregate."""

    __tablename__ = "aggregate_metadata"
    __table_args__ = (UniqueConstraint("aggregate_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    aggregate_id: Mapped[int] = mapped_column(ForeignKey("aggregates.id"))
    key: Mapped[str]
    value: Mapped[str]
