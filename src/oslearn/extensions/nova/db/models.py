"""Tables that no boot needs. Upstream: nova/db/main/models.py, nova/db/api/models.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oslearn.core.nova.db.models import ApiBase, Base


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
