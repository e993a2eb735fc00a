"""Cinder's tables.

Upstream: cinder/db/sqlalchemy/models.py. Left out: soft delete, groups, clusters, QoS specs, messages, quota
reservations; metadata and specs are JSON columns; whether a volume is attached follows from its attachments.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

Metadata = dict[str, Any]


class Base(DeclarativeBase):
    """The tables of the database `cinder`. `title` is what a message calls a row of the table."""

    type_annotation_map = {str: String(255), Metadata: JSON}
    title = ""


class Row:
    """What every resource has."""

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]


class Owned(Row):
    """What every resource of a project has."""

    project_id: Mapped[str] = mapped_column(index=True)
    user_id: Mapped[str | None]
    name: Mapped[str | None]
    description: Mapped[str | None]


class VolumeType(Row, Base):
    """A kind of volume; its extra specs choose the backend."""

    __tablename__ = "volume_types"
    title = "Volume type"

    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str | None]
    is_public: Mapped[bool] = mapped_column(default=True)
    extra_specs: Mapped[Metadata] = mapped_column(default=dict)


class VolumeTypeProject(Base):
    """A project that may use a type that is not public."""

    __tablename__ = "volume_type_projects"

    volume_type_id: Mapped[str] = mapped_column(ForeignKey("volume_types.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[str] = mapped_column(primary_key=True)


class DefaultVolumeType(Base):
    """A project's own default type."""

    __tablename__ = "default_volume_types"

    project_id: Mapped[str] = mapped_column(primary_key=True)
    volume_type_id: Mapped[str] = mapped_column(ForeignKey("volume_types.id"))


class Volume(Owned, Base):
    """A block device."""

    __tablename__ = "volumes"
    title = "Volume"

    size: Mapped[int]
    status: Mapped[str]
    previous_status: Mapped[str | None]
    migration_status: Mapped[str | None]
    availability_zone: Mapped[str]
    host: Mapped[str | None]
    service_uuid: Mapped[str | None]
    bootable: Mapped[bool] = mapped_column(default=False)
    multiattach: Mapped[bool] = mapped_column(default=False)
    snapshot_id: Mapped[str | None]
    source_volid: Mapped[str | None]
    volume_type_id: Mapped[str] = mapped_column(ForeignKey("volume_types.id"))
    volume_metadata: Mapped[Metadata] = mapped_column(default=dict)
    glance_metadata: Mapped[Metadata] = mapped_column(default=dict)
    admin_metadata: Mapped[Metadata] = mapped_column(default=dict)

    volume_type: Mapped[VolumeType] = relationship(lazy="joined")
    attachments: Mapped[list[Attachment]] = relationship(
        lazy="selectin", back_populates="volume", cascade="all, delete-orphan"
    )


class Attachment(Row, Base):
    """A volume's connection to an instance: promised, being made, or made."""

    __tablename__ = "volume_attachment"
    title = "Volume attachment"

    project_id: Mapped[str] = mapped_column(index=True)
    volume_id: Mapped[str] = mapped_column(ForeignKey("volumes.id", ondelete="CASCADE"), index=True)
    instance_uuid: Mapped[str | None] = mapped_column(index=True)
    attach_status: Mapped[str]
    attach_mode: Mapped[str] = mapped_column(default="null")
    attached_host: Mapped[str | None]
    mountpoint: Mapped[str | None]
    attach_time: Mapped[datetime | None]
    connector: Mapped[Metadata] = mapped_column(default=dict)
    connection_info: Mapped[Metadata] = mapped_column(default=dict)

    volume: Mapped[Volume] = relationship(back_populates="attachments")


class Snapshot(Owned, Base):
    """A volume as it was at one moment."""

    __tablename__ = "snapshots"
    title = "Snapshot"

    volume_id: Mapped[str] = mapped_column(ForeignKey("volumes.id"), index=True)
    volume_type_id: Mapped[str] = mapped_column(ForeignKey("volume_types.id"))
    volume_size: Mapped[int]
    status: Mapped[str]
    progress: Mapped[str] = mapped_column(default="0%")
    snapshot_metadata: Mapped[Metadata] = mapped_column(default=dict)

    volume: Mapped[Volume] = relationship()


class Backup(Owned, Base):
    """A copy of a volume's data in the object store; it outlives the volume.

    Of an incremental one only what its parent has not is stored.
    """

    __tablename__ = "backups"
    title = "Backup"

    volume_id: Mapped[str] = mapped_column(String(36), index=True)
    snapshot_id: Mapped[str | None]
    parent_id: Mapped[str | None] = mapped_column(index=True)
    restore_volume_id: Mapped[str | None]
    status: Mapped[str]
    fail_reason: Mapped[str | None]
    size: Mapped[int]
    host: Mapped[str | None]
    availability_zone: Mapped[str | None]
    container: Mapped[str | None]
    service: Mapped[str | None]
    service_metadata: Mapped[str | None]
    object_count: Mapped[int] = mapped_column(default=0)
    num_dependent_backups: Mapped[int] = mapped_column(default=0)
    data_timestamp: Mapped[datetime | None]
    backup_metadata: Mapped[Metadata] = mapped_column(default=dict)


class Transfer(Row, Base):
    """A volume that is offered to another project."""

    __tablename__ = "transfers"
    title = "Transfer"

    project_id: Mapped[str] = mapped_column(index=True)
    volume_id: Mapped[str] = mapped_column(ForeignKey("volumes.id", ondelete="CASCADE"))
    name: Mapped[str | None]
    salt: Mapped[str]
    crypt_hash: Mapped[str]
    no_snapshots: Mapped[bool]


class Service(Row, Base):
    """A process of Cinder on a host."""

    __tablename__ = "services"

    binary: Mapped[str]
    host: Mapped[str]
    availability_zone: Mapped[str]
    disabled: Mapped[bool] = mapped_column(default=False)
    disabled_reason: Mapped[str | None]
    frozen: Mapped[bool] = mapped_column(default=False)


class Quota(Base):
    """A project's own limit."""

    __tablename__ = "quotas"

    project_id: Mapped[str] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    hard_limit: Mapped[int]


class QuotaClass(Base):
    """A limit of every project that has none of its own; the class is called `default`."""

    __tablename__ = "quota_classes"

    class_name: Mapped[str] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    hard_limit: Mapped[int]
