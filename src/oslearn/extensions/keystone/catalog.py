"""What the catalog is made of: regions, services, endpoints, each a collection; and policies, which nobody reads.

Interface: `Regions`, `Services`, `Endpoints`, `Policies`.
Upstream: keystone/catalog/core.py, keystone/policy/core.py.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.keystone.api import placed
from oslearn.core.keystone.auth import EXPECTED, STRING
from oslearn.core.keystone.models import Endpoint, Region, Service
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.extensions.keystone.manager import Collection, Kind
from oslearn.extensions.keystone.models import Policy
from oslearn.extensions.keystone.schemas import INTERFACE, NAME, SWITCH, TEXT, URL


class Regions(Collection[Region]):
    """Regions, which may lie in one another; a client may choose the id."""

    kind = Kind(
        "region", Region,
        attributes={"id": NAME | {"minLength": 0}, "description": TEXT, "parent_region_id": TEXT},
        shown=("id", "description", "parent_region_id"), required=(),
        filters=("parent_region_id",), strict=True,
    )  # fmt: skip

    def creating(self, session: Session, row: Region, values: Body) -> None:
        """Its parent must be there. Raises NotFound."""
        values["id"], values["description"] = values.get("id") or row.id, values.get("description") or ""
        if session.get(Region, values["id"]):
            raise exception.Conflict(f"Conflict occurred attempting to store region - Duplicate ID, {values['id']}..")
        self._above(session, values)

    def updating(self, session: Session, row: Region, values: Body) -> None:
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

    def _above(self, session: Session, values: Body) -> list[str]:
        above, parent = [], values.get("parent_region_id")
        while parent:
            above.append(parent)
            parent = self.get(parent, session).parent_region_id
        return above


class Services(Collection[Service]):
    """Services. A description is kept in `extra`: who gave none has none."""

    kind = Kind(
        "service", Service,
        attributes={"type": NAME, "name": NAME, "enabled": SWITCH},
        shown=("id", "name", "type", "enabled"), required=("type",),
        filters=("name", "type"), remembered=True,
    )  # fmt: skip


class Endpoints(Collection[Endpoint]):
    """Endpoints; `region` is what `region_id` was called once."""

    kind = Kind(
        "endpoint", Endpoint,
        attributes={
            "interface": INTERFACE, "region": TEXT, "region_id": TEXT, "service_id": STRING, "url": URL,
            "enabled": SWITCH,
        },
        shown=("id", "interface", "region_id", "service_id", "url", "enabled"),
        required=("interface", "service_id", "url"),
        filters=("interface", "service_id", "region_id"), remembered=True,
    )  # fmt: skip

    def creating(self, session: Session, row: Endpoint, values: Body) -> None:
        """Service and region must be there; a `region` is made. Raises BadRequest."""
        self.updating(session, row, values)

    def updating(self, session: Session, row: Endpoint, values: Body) -> None:
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

    def view(self, row: Endpoint) -> Body:
        """With both names of its region."""
        return super().view(row) | {"region": row.region_id}


class Policies(Collection[Policy]):
    """Policy files that Keystone keeps for others and never reads."""

    kind = Kind(
        "policy", Policy,
        attributes={"blob": STRING, "type": NAME},
        shown=("id", "blob", "type"), required=("blob", "type"),
        filters=("type",),
    )  # fmt: skip
