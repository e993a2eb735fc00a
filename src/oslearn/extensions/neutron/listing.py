"""Lists with all their filters, in the order that is asked for, and in pages.

Interface: `page(session, req, resource)` → rows and links.
Invariants: a list is in a total order, so pages do not overlap.
Upstream: neutron/api/api_common.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.neutron.base import LEAN, Resource, Row
from oslearn.core.neutron.collection import Page, column, conditions, several
from oslearn.core.oslo.http import Request
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.filters import FILTERS
from oslearn.extensions.oslo.listing import Order, link, paged

CONTROL = ("limit", "marker", "sort_key", "sort_dir", "page_reverse")
MAX_LIMIT = 1000


def page(session: Session, req: Request, resource: Resource[Row]) -> Page[Row]:
    """A page of the rows that the caller may see, and the links to its neighbours. Raises HTTPBadRequest."""
    model, query = resource.model, req.query
    if not query.get("limit", "0").isdecimal():
        raise e.BadLimit(limit=query["limit"])
    limit, back = min(int(query.get("limit", 0)) or MAX_LIMIT, MAX_LIMIT), query.get("page_reverse") == "True"
    statement = select(model).where(resource.visible(req.caller), *conditions(resource, req, FILTERS, CONTROL))
    order, at = [(key, down != back) for key, down in _order(resource, req)], None
    if "marker" in query:
        at = session.execute(select(*[key for key, _ in order]).where(model.id == query["marker"])).first()
        if at is None:
            raise e.MarkerNotFound(marker=query["marker"])
    if "fields" in query:
        statement = statement.options(*LEAN)
    found: Sequence[Row] = session.scalars(paged(statement, order, at, limit)).unique().all()
    rows, links = found[:: -1 if back else 1], []
    if (full := len(rows) == limit) or ("limit" in query and back):
        links.append(_link(req, "next", rows[-1:]))
    if "limit" in query and (full or not back):
        links.append(_link(req, "previous", rows[:1], page_reverse="True"))
    return rows, links


def _link(req: Request, rel: str, at: Sequence[Any], **changed: str) -> dict[str, str]:
    return {"rel": rel, "href": link(req, at[0].id if at else None, **{"page_reverse": None} | changed)}


def _order(resource: Resource[Row], req: Request) -> Order:
    """Columns and whether they go down; the id is the last."""
    keys, directions = several(req, "sort_key"), several(req, "sort_dir")
    if directions and len(directions) != len(keys):
        raise e.HTTPBadRequest("The number of sort_keys and sort_dirs must be same")
    if absent := [key for key in keys if column(resource, key) is None]:
        raise e.HTTPBadRequest(f"{absent} is invalid attribute for sort_keys")
    if bad := [direction for direction in directions if direction not in ("asc", "desc")]:
        raise e.HTTPBadRequest(f"{bad} is invalid value for sort_dirs, valid value is 'asc' and 'desc'")
    downs = [direction == "desc" for direction in directions or ["asc"] * len(keys)]
    return [*zip((column(resource, key) for key in keys), downs, strict=True), (resource.model.id, False)]
