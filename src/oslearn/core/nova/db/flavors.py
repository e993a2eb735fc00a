"""Flavors: their tables, in the API database, and what a boot asks of them.

Interface: `Flavors`, a part of a process's queries; `Flavor`, `FlavorExtraSpec`, `FlavorProject`.
Upstream: nova/objects/flavor.py; nova/db/api/models.py.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import BindParameter, ForeignKey, String, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oslearn.core.nova import exception, objects
from oslearn.core.nova.db.cells import Databases
from oslearn.core.nova.db.models import ApiBase, as_dict


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


PROJECT: BindParameter[str | None] = bindparam("project", type_=String)
THEIRS = select(FlavorProject.flavor_id).where(FlavorProject.project_id == PROJECT)
FLAVOR = (
    select(*Flavor.__table__.columns, FlavorExtraSpec.key, FlavorExtraSpec.value)
    .outerjoin(FlavorExtraSpec, FlavorExtraSpec.flavor_id == Flavor.id)
    .where(Flavor.flavorid == bindparam("flavor"), PROJECT.is_(None) | Flavor.is_public | Flavor.id.in_(THEIRS))
    .order_by(FlavorExtraSpec.id)
)
"""One flavor, a row for each of its extra specs; without a project it is an admin who asks."""


class Flavors:
    """The sizes that an instance can have, in the API database."""

    def __init__(self, databases: Databases) -> None:
        self.api = databases.api

    def get(self, flavor_id: str, project_id: str | None = None) -> objects.Flavor:
        """One flavor, if that project sees it, as an instance keeps it. Raises FlavorNotFound."""
        rows = self.api.rows(FLAVOR, {"flavor": flavor_id, "project": project_id})
        if not rows:
            raise exception.FlavorNotFound(flavor_id=flavor_id)
        found = as_dict(rows[0])
        del found["key"], found["value"]
        return cast("objects.Flavor", found | {"extra_specs": {r.key: r.value for r in rows if r.key is not None}})
