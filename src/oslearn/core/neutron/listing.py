"""Which rows a list has: filters by attributes, in SQL. Order and pages are in the extensions.

Interface: `page(session, req, resource)` → rows and links; `conditions`, `column`, `several`, of which others are made.
Invariants: a filter that the resource does not have is refused.
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
from oslearn.core.oslo.listing import equals

Condition = ColumnElement[bool]
Filters = Mapping[tuple[str, str], Callable[[Any, list[str]], Condition]]
"""Filters that are no comparison with one column, by the resource, or `*` for all, and the name."""
Page = tuple[Sequence[Row], list[dict[str, str]]]


def page(session: Session, req: Request, resource: Resource[Row]) -> Page[Row]:
    """The rows that the caller may see, by id; links to neighbours there are none. Raises HTTPBadRequest."""
    wanted = select(resource.model).where(resource.visible(req.caller), *conditions(resource, req, {}))
    if "fields" in req.query:
        wanted = wanted.options(*LEAN)
    return session.scalars(wanted.order_by(resource.model.id)).unique().all(), []


def conditions(resource: Resource[Row], req: Request, filters: Filters, others: Sequence[str] = ()) -> list[Condition]:
    """One condition a field, but for the `others`; several values of one are alternatives. Raises HTTPBadRequest."""
    found, unknown = [], []
    for name in sorted(set(req.params) - {"fields", *others}):
        values, attribute = several(req, name), column(resource, name)
        if special := filters.get((resource.name, name), filters.get(("*", name))):
            found.append(special(resource.model, values))
        elif attribute is None:
            unknown.append(name)
        else:
            found.append(equals(attribute, *values))
    if unknown:
        raise e.HTTPBadRequest(f"{unknown} is invalid attribute for filtering")
    return found


def several(req: Request, name: str) -> list[str]:
    """All the values of a field of the query."""
    given = req.params.get(name, [])
    return [given] if isinstance(given, str) else list(given)


def column(resource: Resource[Row], attribute: str) -> Any:
    """The column that keeps an attribute, if it has one that can be compared."""
    known = resource.attributes.get(attribute)
    found = getattr(resource.model, known.column or attribute, None) if known else None
    kind = getattr(found, "type", None)
    return found if kind is not None and not isinstance(kind, JSON | DateTime) else None
