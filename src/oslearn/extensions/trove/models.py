"""Trove's tables, and the datastores that it offers.

Upstream: trove/instance/models.py, trove/backup/models.py, trove/datastore/models.py. Left out: soft delete, clusters,
replicas, configuration groups, datastores as rows.
"""

from __future__ import annotations

from datetime import datetime
from uuid import NAMESPACE_DNS, uuid5

from sqlalchemy import JSON, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from oslearn.core.oslo.context import Body

Values = Body


class Base(DeclarativeBase):
    """The tables of the database `trove`."""

    type_annotation_map = {str: String(255), Values: JSON}


class Quota(Base):
    """What an admin allows a project."""

    __tablename__ = "quotas"

    project_id: Mapped[str] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    hard_limit: Mapped[int]


class Record(Base):
    """What every row of a project has."""

    __abstract__ = True

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    project_id: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    datastore_version_id: Mapped[str]
    created: Mapped[datetime]
    updated: Mapped[datetime]


class Instance(Record):
    """A database server: a server of Nova with a volume of Cinder. `guest` is what its guest agent would know."""

    __tablename__ = "instances"

    flavor_id: Mapped[str]
    ram: Mapped[int]
    """MiB: the flavor's."""
    volume_size: Mapped[int]
    status: Mapped[str]
    operating_status: Mapped[str] = mapped_column(default="")
    server_id: Mapped[str | None]
    volume_id: Mapped[str | None]
    fault: Mapped[str | None]
    addresses: Mapped[Values] = mapped_column(default=dict)
    access: Mapped[Values] = mapped_column(default=dict)
    guest: Mapped[Values] = mapped_column(default=dict)


class Backup(Record):
    """What was in a database server, as an object of Swift."""

    __tablename__ = "backups"

    instance_id: Mapped[str] = mapped_column(index=True)
    description: Mapped[str | None]
    parent_id: Mapped[str | None]
    state: Mapped[str]
    location: Mapped[str | None]
    size: Mapped[float | None]


DATASTORES = {"mysql": ("8.0", "8.4"), "mariadb": ("11.4",), "postgresql": ("16", "17")}
"""Name → versions, the first is the default one; MySQL is the default datastore."""


def datastore_id(*names: str) -> str:
    """The id of a datastore or of a version of it; it is the same in every cloud."""
    return str(uuid5(NAMESPACE_DNS, ".".join((*names, "trove"))))


VERSIONS = {datastore_id(name, version): (name, version) for name, them in DATASTORES.items() for version in them}
