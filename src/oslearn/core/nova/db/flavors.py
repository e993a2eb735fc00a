"""Flavors.

Interface: `Flavors`, a part of a process's queries.
Upstream: nova/objects/flavor.py.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from oslearn.core.nova import exception
from oslearn.core.nova.db.api_models import Flavor, FlavorProject
from oslearn.core.nova.db.databases import Databases


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
