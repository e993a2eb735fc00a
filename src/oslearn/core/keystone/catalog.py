"""The service catalog: which services there are and where they answer, for whom.

Interface: `Regions`, `Services`, `Endpoints`, `Policies`, collections; `Catalog.entries(project_id, user_id)`.
Upstream: keystone/catalog/core.py and backends/sql.py. Left out: endpoint filters and groups (OS-EP-FILTER).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.keystone.manager import Kind
from oslearn.core.keystone.models import Endpoint, Policy, Region, Service
from oslearn.core.keystone.schemas import EXPECTED, INTERFACE, NAME, STRING, SWITCH, TEXT, URL
from oslearn.core.oslo import exception
from oslearn.core.oslo.db import Handle

INTERFACES = ("public", "internal", "admin")


class Regions(Kind):
    """Regions, which may lie in one another; a client may choose the id."""

    name, model, required = "region", Region, ()
    attributes = {"id": NAME | {"minLength": 0}, "description": TEXT, "parent_region_id": TEXT}
    shown = ("id", "description", "parent_region_id")
    filters, strict_query = ("parent_region_id",), True

    def creating(self, session: Session, row: Region, values: dict[str, Any]) -> None:
        """Its parent must be there. Raises NotFound."""
        values["id"], values["description"] = values.get("id") or row.id, values.get("description") or ""
        if session.get(Region, values["id"]):
            raise exception.Conflict(f"Conflict occurred attempting to store region - Duplicate ID, {values['id']}..")
        self._above(session, values)

    def updating(self, session: Session, row: Region, values: dict[str, Any]) -> None:
        """It must not come to lie in itself. Raises BadRequest, NotFound."""
        if row.id in self._above(session, values):
            raise exception.BadRequest(
                f"The specified parent region {row.id} would create a circular region hierarchy."
            )

    def deleting(self, session: Session, row: Region) -> None:
        """Not while it or a region in it has endpoints. Raises Forbidden."""
        below = select(Region.id).where(Region.id == row.id).cte("below", recursive=True)
        below = below.union(select(Region.id).join(below, Region.parent_region_id == below.c.id))
        if session.scalars(select(Endpoint.id).where(Endpoint.region_id.in_(select(below.c.id)))).first():
            raise exception.Forbidden(
                f"Unable to delete region {row.id} because it or its child regions have associated endpoints."
            )

    def _above(self, session: Session, values: dict[str, Any]) -> list[str]:
        above, parent = [], values.get("parent_region_id")
        while parent:
            above.append(parent)
            parent = self.get(parent, session).parent_region_id
        return above


class Services(Kind):
    """Services. A description is kept in `extra`: who gave none has none."""

    name, model, required, remembered = "service", Service, ("type",), True
    attributes = {"type": NAME, "name": NAME, "enabled": SWITCH}
    shown = ("id", "name", "type", "enabled")
    filters = ("name", "type")


class Endpoints(Kind):
    """Endpoints; `region` is what `region_id` was called once."""

    name, model, required, remembered = "endpoint", Endpoint, ("interface", "service_id", "url"), True
    attributes = {
        "interface": INTERFACE, "region": TEXT, "region_id": TEXT, "service_id": STRING, "url": URL, "enabled": SWITCH,
    }  # fmt: skip
    shown = ("id", "interface", "region_id", "service_id", "url", "enabled")
    filters = ("interface", "service_id", "region_id")

    def creating(self, session: Session, row: Endpoint, values: dict[str, Any]) -> None:
        """Service and region must be there; a `region` is made. Raises BadRequest."""
        self.updating(session, row, values)

    def updating(self, session: Session, row: Endpoint, values: dict[str, Any]) -> None:
        """As for a new one."""
        if name := values.get("region"):
            values["region_id"] = name
            session.merge(Region(id=name))
            session.flush()
        for attribute, table in (("service_id", Service), ("region_id", Region)):
            given = values.get(attribute)
            if given is not None and session.get(table, given) is None:
                where = f"{table.__tablename__} table"
                raise exception.BadRequest(EXPECTED.format(f"endpoint {attribute}", where))
        if "url" in values and placed(values["url"], "x", "x") is None:
            raise exception.BadRequest(f"Cannot create an endpoint with an invalid URL: {values['url']}.")

    def view(self, row: Endpoint) -> dict[str, Any]:
        """With both names of its region."""
        return super().view(row) | {"region": row.region_id}


class Policies(Kind):
    """Policy files that Keystone keeps for others and never reads."""

    name, model, required = "policy", Policy, ("blob", "type")
    attributes = {"blob": STRING, "type": NAME}
    shown = ("id", "blob", "type")
    filters = ("type",)


class Catalog:
    """Reads the catalog once and keeps it, as Keystone's own cache does."""

    def __init__(self, db: Handle) -> None:
        self.db = db
        self._entries: list[tuple[dict[str, Any], list[dict[str, Any]]]] | None = None

    def forget(self) -> None:
        """Read it again: something changed."""
        self._entries = None

    def entries(self, project_id: str | None, user_id: str = "") -> list[dict[str, Any]]:
        """The catalog as a token shows it, with the project's id in the URLs; a URL that lacks one is left out."""
        if self._entries is None:
            self._entries = self._read()
        return [
            {
                "endpoints": [
                    endpoint | {"url": url}
                    for endpoint in endpoints
                    if (url := placed(endpoint["url"], project_id, user_id))
                ],
                **service,
            }
            for service, endpoints in self._entries
        ]

    def _read(self) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
        with self.db.session() as session:
            services = session.scalars(select(Service).where(Service.enabled).order_by(Service.id)).all()
            endpoints = session.scalars(select(Endpoint).where(Endpoint.enabled).order_by(Endpoint.id)).all()
        by_service = defaultdict(list)
        for e in endpoints:
            shown = {"id": e.id, "interface": e.interface, "region_id": e.region_id, "url": e.url}
            by_service[e.service_id].append((e.extra or {}) | shown | {"region": e.region_id})
        return [({"id": s.id, "type": s.type, "name": s.name}, by_service[s.id]) for s in services]


def placed(url: str, project_id: str | None, user_id: str) -> str | None:
    """A URL with the ids in it; None if it needs one that is not there or that nobody knows."""
    if "%" not in url and "$(" not in url:
        return url
    ids = {"user_id": user_id} | ({"project_id": project_id, "tenant_id": project_id} if project_id else {})
    try:
        return str(url.replace("$(", "%(") % ids)
    except (KeyError, TypeError, ValueError):
        return None
