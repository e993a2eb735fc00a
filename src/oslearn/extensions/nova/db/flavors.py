"""Flavors as an operator makes them, their extra specs and who may use them.

Interface: `FlavorAdministration`, a part of a process's queries; `specs_of`.
Upstream: nova/objects/flavor.py.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.exc import IntegrityError

from oslearn.core.nova import objects
from oslearn.core.nova.db.flavors import Flavor, FlavorExtraSpec, FlavorProject, Flavors
from oslearn.core.nova.exception import FlavorNotFound
from oslearn.extensions.nova.exception import (
    FlavorAccessExists,
    FlavorAccessNotFound,
    FlavorExists,
    FlavorIdExists,
    MarkerNotFound,
)
from oslearn.extensions.oslo.listing import paged

SORTABLE = {key: getattr(Flavor, key) for key in (
    "flavorid", "id", "is_public", "memory_mb", "name", "root_gb", "rxtx_factor", "swap", "vcpus", "disabled",
    "ephemeral_gb")}  # fmt: skip

FLAVORS = (("0", "m1.nano", 64, 1, 1), ("1", "m1.tiny", 512, 1, 1), ("2", "m1.small", 2048, 1, 20),
           ("3", "m1.medium", 4096, 2, 40), ("4", "m1.large", 8192, 4, 80))  # fmt: skip
"""id, name, memory in MiB, vCPUs, disk in GiB."""


class FlavorAdministration(Flavors):
    """Flavors that come and go."""

    def find(self, flavor_id: str, project_id: str | None = None) -> Flavor:
        """One flavor, if that project sees it, to be shown or changed. Raises FlavorNotFound."""
        query = select(Flavor).where(Flavor.flavorid == flavor_id, *visible(project_id))
        with self.api.session() as session:
            flavor = session.scalars(query).unique().first()
        if flavor is None:
            raise FlavorNotFound(flavor_id=flavor_id)
        return flavor

    def create(self, values: objects.Values, project_id: str | None = None) -> Flavor:
        """A new flavor, for that project if it is given. Raises FlavorIdExists, FlavorExists."""
        flavor = Flavor(**values, specs=[], projects=[FlavorProject(project_id=project_id)] if project_id else [])
        try:
            with self.api.session() as session:
                session.add(flavor)
        except IntegrityError as error:
            if "flavorid" in str(error.orig):
                raise FlavorIdExists(flavor_id=values["flavorid"]) from None
            raise FlavorExists(name=values["name"]) from None
        return flavor

    def create_default(self) -> None:
        """Those that DevStack makes, if there is none."""
        with self.api.session() as session:
            known = session.scalars(select(Flavor.id).limit(1)).first()
        for flavor_id, name, memory_mb, vcpus, root_gb in () if known else FLAVORS:
            size = {"memory_mb": memory_mb, "vcpus": vcpus, "root_gb": root_gb}
            self.create({"flavorid": flavor_id, "name": name} | size)

    def page(
        self,
        project_id: str | None,
        is_public: bool | None,
        floors: dict[str, int],
        sort: tuple[str, str],
        limit: int,
        marker: str | None,
    ) -> list[Flavor]:
        """Flavors that the project sees, or all: public, hidden or both; at least as large as `floors`; in order.

        Raises MarkerNotFound.
        """
        column, descending = SORTABLE[sort[0]], sort[1] == "desc"
        query, at = select(Flavor).where(*visible(project_id)), None
        query = query.where(*(SORTABLE[key] >= floor for key, floor in floors.items()))
        if is_public is not None:
            query = query.where(Flavor.is_public == is_public)
        with self.api.session() as session:
            if marker is not None:
                last = session.scalars(select(Flavor).where(Flavor.flavorid == marker)).unique().first()
                if last is None:
                    raise MarkerNotFound(marker=marker)
                at = [getattr(last, sort[0]), last.id]
            query = paged(query, [(column, descending), (Flavor.id, descending)], at, limit)
            return list(session.scalars(query).unique())

    def update(self, flavor_id: str, values: objects.Values) -> Flavor:
        """Change a flavor. Raises FlavorNotFound."""
        flavor = self.find(flavor_id)
        with self.api.session() as session:
            session.add(flavor)
            for name, value in values.items():
                setattr(flavor, name, value)
        return flavor

    def destroy(self, flavor_id: str) -> None:
        """Delete a flavor; instances keep their copy. Raises FlavorNotFound."""
        flavor = self.find(flavor_id)
        with self.api.session() as session:
            session.delete(flavor)

    def set_extra_specs(self, flavor: Flavor, specs: dict[str, str]) -> None:
        """Set extra specs and keep the others."""
        with self.api.session() as session:
            gone = FlavorExtraSpec.flavor_id == flavor.id, FlavorExtraSpec.key.in_(specs)
            session.execute(delete(FlavorExtraSpec).where(*gone))
            session.add_all(FlavorExtraSpec(flavor_id=flavor.id, key=k, value=v) for k, v in specs.items())

    def delete_extra_spec(self, flavor: Flavor, key: str) -> None:
        """Take one extra spec away."""
        with self.api.session() as session:
            gone = FlavorExtraSpec.flavor_id == flavor.id, FlavorExtraSpec.key == key
            session.execute(delete(FlavorExtraSpec).where(*gone))

    def projects(self, flavor: Flavor) -> list[str]:
        """The projects that may use a hidden flavor."""
        query = select(FlavorProject.project_id).where(FlavorProject.flavor_id == flavor.id)
        with self.api.session() as session:
            return list(session.scalars(query.order_by(FlavorProject.id)))

    def add_project(self, flavor: Flavor, project_id: str) -> None:
        """Let a project use a flavor. Raises FlavorAccessExists."""
        try:
            with self.api.session() as session:
                session.add(FlavorProject(flavor_id=flavor.id, project_id=project_id))
        except IntegrityError:
            raise FlavorAccessExists(flavor_id=flavor.flavorid, project_id=project_id) from None

    def remove_project(self, flavor: Flavor, project_id: str) -> None:
        """No longer let a project use a flavor. Raises FlavorAccessNotFound."""
        if project_id not in self.projects(flavor):
            raise FlavorAccessNotFound(flavor_id=flavor.flavorid, project_id=project_id)
        here = FlavorProject.flavor_id == flavor.id, FlavorProject.project_id == project_id
        with self.api.session() as session:
            session.execute(delete(FlavorProject).where(*here))


def specs_of(flavor: Flavor) -> dict[str, str]:
    """What it asks of a host beyond its size."""
    return {spec.key: spec.value for spec in flavor.specs}


def visible(project_id: str | None) -> list[ColumnElement[bool]]:
    """What narrows flavors to those that a project sees."""
    if project_id is None:
        return []
    theirs = select(FlavorProject.flavor_id).where(FlavorProject.project_id == project_id)
    return [Flavor.is_public | Flavor.id.in_(theirs)]
