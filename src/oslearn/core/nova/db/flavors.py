"""Flavors, their extra specs and who may use them.

Interface: `FlavorQueries`, a part of `NovaDB`.
Upstream: nova/objects/flavor.py.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from oslearn.core.nova import exception
from oslearn.core.nova.db.api_models import Flavor, FlavorExtraSpec, FlavorProject
from oslearn.core.oslo.db import Handle

SORTABLE = {key: getattr(Flavor, key) for key in (
    "flavorid", "id", "is_public", "memory_mb", "name", "root_gb", "rxtx_factor", "swap", "vcpus", "disabled",
    "ephemeral_gb")}  # fmt: skip


class FlavorQueries:
    """Queries over the API database."""

    api: Handle

    def flavor_create(self, values: dict[str, Any], project_id: str | None = None) -> Flavor:
        """A new flavor, for that project if it is given. Raises FlavorIdExists, FlavorExists."""
        flavor = Flavor(**values, specs=[], projects=[FlavorProject(project_id=project_id)] if project_id else [])
        try:
            with self.api.session() as session:
                session.add(flavor)
        except IntegrityError as error:
            if "flavorid" in str(error.orig):
                raise exception.FlavorIdExists(flavor_id=values["flavorid"]) from None
            raise exception.FlavorExists(name=values["name"]) from None
        return flavor

    def flavor_get_all(self) -> list[Flavor]:
        """Every flavor, by id."""
        with self.api.session() as session:
            return list(session.scalars(select(Flavor).order_by(Flavor.id)).unique())

    def flavor_page(
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
        order = [column.desc(), Flavor.id.desc()] if descending else [column, Flavor.id]
        query = select(Flavor).order_by(*order).limit(limit)
        query = query.where(*(SORTABLE[key] >= floor for key, floor in floors.items()), *visible(project_id))
        if is_public is not None:
            query = query.where(Flavor.is_public == is_public)
        with self.api.session() as session:
            if marker is not None:
                last = session.scalars(select(Flavor).where(Flavor.flavorid == marker)).unique().first()
                if last is None:
                    raise exception.MarkerNotFound(marker=marker)
                value = getattr(last, sort[0])
                after = (column < value, Flavor.id < last.id) if descending else (column > value, Flavor.id > last.id)
                query = query.where(after[0] | ((column == value) & after[1]))
            return list(session.scalars(query).unique())

    def flavor_get_by_flavor_id(self, flavor_id: str, project_id: str | None = None) -> Flavor:
        """One flavor, if that project sees it. Raises FlavorNotFound."""
        query = select(Flavor).where(Flavor.flavorid == flavor_id, *visible(project_id))
        with self.api.session() as session:
            flavor = session.scalars(query).unique().first()
        if flavor is None:
            raise exception.FlavorNotFound(flavor_id=flavor_id)
        return flavor

    def flavor_update(self, flavor_id: str, values: dict[str, Any]) -> Flavor:
        """Change a flavor. Raises FlavorNotFound."""
        flavor = self.flavor_get_by_flavor_id(flavor_id)
        with self.api.session() as session:
            session.add(flavor)
            for name, value in values.items():
                setattr(flavor, name, value)
        return flavor

    def flavor_destroy(self, flavor_id: str) -> None:
        """Delete a flavor; instances keep their copy. Raises FlavorNotFound."""
        flavor = self.flavor_get_by_flavor_id(flavor_id)
        with self.api.session() as session:
            session.delete(flavor)

    def flavor_extra_specs_update(self, flavor: Flavor, specs: dict[str, str]) -> None:
        """Set extra specs and keep the others."""
        with self.api.session() as session:
            gone = FlavorExtraSpec.flavor_id == flavor.id, FlavorExtraSpec.key.in_(specs)
            session.execute(delete(FlavorExtraSpec).where(*gone))
            session.add_all(FlavorExtraSpec(flavor_id=flavor.id, key=k, value=v) for k, v in specs.items())

    def flavor_extra_specs_delete(self, flavor: Flavor, key: str) -> None:
        """Take one extra spec away."""
        with self.api.session() as session:
            gone = FlavorExtraSpec.flavor_id == flavor.id, FlavorExtraSpec.key == key
            session.execute(delete(FlavorExtraSpec).where(*gone))

    def flavor_access(self, flavor: Flavor) -> list[str]:
        """The projects that may use a hidden flavor."""
        query = select(FlavorProject.project_id).where(FlavorProject.flavor_id == flavor.id)
        with self.api.session() as session:
            return list(session.scalars(query.order_by(FlavorProject.id)))

    def flavor_access_add(self, flavor: Flavor, project_id: str) -> None:
        """Let a project use a flavor. Raises FlavorAccessExists."""
        try:
            with self.api.session() as session:
                session.add(FlavorProject(flavor_id=flavor.id, project_id=project_id))
        except IntegrityError:
            raise exception.FlavorAccessExists(flavor_id=flavor.flavorid, project_id=project_id) from None

    def flavor_access_remove(self, flavor: Flavor, project_id: str) -> None:
        """No longer let a project use a flavor. Raises FlavorAccessNotFound."""
        if project_id not in self.flavor_access(flavor):
            raise exception.FlavorAccessNotFound(flavor_id=flavor.flavorid, project_id=project_id)
        here = FlavorProject.flavor_id == flavor.id, FlavorProject.project_id == project_id
        with self.api.session() as session:
            session.execute(delete(FlavorProject).where(*here))


def visible(project_id: str | None) -> list[Any]:
    """What narrows flavors to those that a project sees."""
    if project_id is None:
        return []
    theirs = select(FlavorProject.flavor_id).where(FlavorProject.project_id == project_id)
    return [Flavor.is_public | Flavor.id.in_(theirs)]
