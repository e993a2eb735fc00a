"""The rest of Cinder's tables. Upstream: cinder/db/sqlalchemy/models.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oslearn.core.cinder.models import Base, Metadata, Owned, Standard, Volume


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


class Snapshot(Owned):
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


class Backup(Owned):
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


class Transfer(Standard):
    """A volume that is offered to another project."""

    __tablename__ = "transfers"
    title = "Transfer"

    project_id: Mapped[str] = mapped_column(index=True)
    volume_id: Mapped[str] = mapped_column(ForeignKey("volumes.id", ondelete="CASCADE"))
    name: Mapped[str | None]
    salt: Mapped[str]
    crypt_hash: Mapped[str]
    no_snapshots: Mapped[bool]


class Service(Standard):
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
