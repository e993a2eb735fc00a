"""Cinder's tables, as far as a boot reads them.

Upstream: cinder/db/sqlalchemy/models.py. Left out: soft delete, groups, clusters, QoS specs, messages, quota
reservations; metadata and specs are JSON columns; whether a volume is attached follows from its attachments.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from oslearn.core.oslo.context import Body

Metadata = Body


class Base(DeclarativeBase):
    """The tables of the database `cinder`. `title` is what a message calls a row of the table."""

    type_annotation_map = {str: String(255), Metadata: JSON}
    title = ""


class Standard(Base):
    """What every resource has."""

    __abstract__ = True

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]


class Owned(Base):
    """What every resource of a project has. It is no `Standard`: no class lies four deep."""

    __abstract__ = True

    project_id: Mapped[str] = mapped_column(index=True)
    user_id: Mapped[str | None]
    name: Mapped[str | None]
    description: Mapped[str | None]
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]


class VolumeType(Standard):
    """A kind of volume; its extra specs choose the backend."""

    __tablename__ = "volume_types"
    title = "Volume type"

    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str | None]
    is_public: Mapped[bool] = mapped_column(default=True)
    extra_specs: Mapped[Metadata] = mapped_column(default=dict)


class Volume(Owned):
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


class Attachment(Standard):
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
