"""Flavors: their tables, in the API database, and what a boot asks of them.

Interface: `Flavors`, a part of a process's queries; `Flavor`, `FlavorExtraSpec`, `FlavorProject`; `visible`.
Upstream: nova/objects/flavor.py; nova/db/api/models.py.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oslearn.core.nova import exception
from oslearn.core.nova.db.cells import Databases
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


class Flavors:
    """The sizes that an instance can have, in the API database."""

    def __init__(self, databases: Databases) -> None:
        self.api = databases.api

    def get(self, flavor_id: str, project_id: str | None = None) -> Flavor:
        """One flavor, if that project sees it. Raises FlavorNotFound."""
        query = select(Flavor).where(Flavor.flavorid == flavor_id, *visible(project_id))
        with self.api.session() as session:
            flavor = session.scalars(query).unique().first()
        if flavor is None:
            raise exception.FlavorNotFound(flavor_id=flavor_id)
        return flavor


def visible(project_id: str | None) -> list[ColumnElement[bool]]:
    """What narrows flavors to those that a project sees."""
    if project_id is None:
        return []
    theirs = select(FlavorProject.flavor_id).where(FlavorProject.project_id == project_id)
    return [Flavor.is_public | Flavor.id.in_(theirs)]
