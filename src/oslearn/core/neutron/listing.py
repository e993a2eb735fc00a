"""Which rows a list has: filters, order and pages, all of them in SQL.

Interface: `Listing.page(session, req, resource)` → rows and links.
Invariants: a list is in a total order, so pages do not overlap; a filter that the resource does not have is refused.
Upstream: neutron/api/api_common.py, neutron_lib/db/model_query.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, DateTime, select
from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.base import LEAN, Resource, Row
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.listing import Order, equals, link, paged

CONTROL = {"fields", "limit", "marker", "sort_key", "sort_dir", "page_reverse"}
MAX_LIMIT = 1000
Filters = Mapping[tuple[str, str], Callable[[Any, list[str]], ColumnElement[bool]]]
"""Filters that are no comparison with one column, by the resource, or `*` for all, and the name."""


class Listing:
    """The lists of all collections. `filters` are those that extensions bring."""

    def __init__(self, filters: Filters) -> None:
        self.filters = filters

    def page(
        self, session: Session, req: Request, resource: Resource[Row]
    ) -> tuple[Sequence[Row], list[dict[str, str]]]:
        """A page of the rows that the caller may see, and the links to its neighbours. Raises HTTPBadRequest."""
        model, query = resource.model, req.query
        if not query.get("limit", "0").isdecimal():
            raise e.BadLimit(limit=query["limit"])
        limit, back = min(int(query.get("limit", 0)) or MAX_LIMIT, MAX_LIMIT), query.get("page_reverse") == "True"
        statement = select(model).where(resource.visible(req.caller), *self._conditions(resource, req))
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

    def _conditions(self, resource: Resource[Row], req: Request) -> list[ColumnElement[bool]]:
        """One condition a field; several values of one are alternatives."""
        conditions, unknown = [], []
        for name in sorted(set(req.params) - CONTROL):
            values, column = _several(req, name), _column(resource, name)
            if special := self.filters.get((resource.name, name), self.filters.get(("*", name))):
                conditions.append(special(resource.model, values))
            elif column is None:
                unknown.append(name)
            else:
                conditions.append(equals(column, *values))
        if unknown:
            raise e.HTTPBadRequest(f"{unknown} is invalid attribute for filtering")
        return conditions


def _link(req: Request, rel: str, at: Sequence[Any], **changed: str) -> dict[str, str]:
    return {"rel": rel, "href": link(req, at[0].id if at else None, **{"page_reverse": None} | changed)}


def _several(req: Request, name: str) -> list[str]:
    """All the values of a field of the query."""
    given = req.params.get(name, [])
    return [given] if isinstance(given, str) else list(given)


def _order(resource: Resource[Row], req: Request) -> Order:
    """Columns and whether they go down; the id is the last."""
    keys, directions = _several(req, "sort_key"), _several(req, "sort_dir")
    if directions and len(directions) != len(keys):
        raise e.HTTPBadRequest("The number of sort_keys and sort_dirs must be same")
    if absent := [key for key in keys if _column(resource, key) is None]:
        raise e.HTTPBadRequest(f"{absent} is invalid attribute for sort_keys")
    if bad := [direction for direction in directions if direction not in ("asc", "desc")]:
        raise e.HTTPBadRequest(f"{bad} is invalid value for sort_dirs, valid value is 'asc' and 'desc'")
    downs = [direction == "desc" for direction in directions or ["asc"] * len(keys)]
    return [*zip((_column(resource, key) for key in keys), downs, strict=True), (resource.model.id, False)]


def _column(resource: Resource[Row], attribute: str) -> Any:
    """The column that keeps an attribute, if it has one that can be compared."""
    known = resource.attributes.get(attribute)
    column = getattr(resource.model, known.column or attribute, None) if known else None
    kind = getattr(column, "type", None)
    return column if kind is not None and not isinstance(kind, JSON | DateTime) else None
