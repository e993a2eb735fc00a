"""Tables that no boot needs. Upstream: nova/db/main/models.py, nova/db/api/models.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Select, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oslearn.core.nova.db.models import ApiBase, Base, as_dict
from oslearn.core.oslo.db import Handle


def read(handle: Handle, query: Select[Any]) -> list[Any]:
    """Rows, as they travel in messages."""
    with handle.session() as session:
        return [as_dict(row) for row in session.scalars(query)]


class Migration(Base):
    """An instance on its way from one host to another."""

    __tablename__ = "migrations"
    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    instance_uuid: Mapped[str] = mapped_column(index=True)
    source_compute: Mapped[str | None]
    source_node: Mapped[str | None]
    dest_compute: Mapped[str | None]
    dest_node: Mapped[str | None]
    dest_host: Mapped[str | None]
    old_instance_type_id: Mapped[int | None]
    new_instance_type_id: Mapped[int | None]
    migration_type: Mapped[str]
    status: Mapped[str]
    user_id: Mapped[str | None]
    project_id: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]


class KeyPair(ApiBase):
    """A user's public key."""

    __tablename__ = "key_pairs"
    __table_args__ = (UniqueConstraint("user_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    name: Mapped[str]
    type: Mapped[str]
    fingerprint: Mapped[str]
    public_key: Mapped[str]
    created_at: Mapped[datetime]


class InstanceGroup(ApiBase):
    """A server group: instances that are to share a host, or not to."""

    __tablename__ = "instance_groups"
    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    project_id: Mapped[str] = mapped_column(index=True)
    user_id: Mapped[str]
    name: Mapped[str]
    policy: Mapped[str]
    max_server_per_host: Mapped[int | None]
    members: Mapped[list[InstanceGroupMember]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="InstanceGroupMember.id"
    )


class InstanceGroupMember(ApiBase):
    """An instance of a server group; it stays until the instance is gone."""

    __tablename__ = "instance_group_member"
    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("instance_groups.id"))
    instance_uuid: Mapped[str] = mapped_column(index=True)


class Aggregate(ApiBase):
    """Hosts that an operator named together. The metadata `availability_zone` makes them a zone."""

    __tablename__ = "aggregates"
    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    hosts: Mapped[list[AggregateHost]] = relationship(lazy="selectin", cascade="all, delete-orphan")
    items: Mapped[list[AggregateMetadata]] = relationship(cascade="all, delete-orphan")


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


class Tag(Base):
    """A word that a user put on an instance."""

    __tablename__ = "tags"
    resource_id: Mapped[str] = mapped_column(ForeignKey("instances.uuid"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
