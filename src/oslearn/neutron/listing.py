"""Which rows a list has: filters, order and pages, all of them in SQL.

Interface: `page(session, req, resource)` → rows and links.
Invariants: a list is in a total order, so pages do not overlap; a filter that the resource does not have is refused.
Upstream: neutron/api/api_common.py, neutron_lib/db/model_query.py, neutron/db/standard_attr.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import JSON, String, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from oslearn.neutron import exceptions as e
from oslearn.neutron.base import Resource
from oslearn.neutron.models import IPAllocation, SecurityGroupPortBinding
from oslearn.oslo.wsgi import Request

CONTROL = {"fields", "limit", "marker", "sort_key", "sort_dir", "page_reverse"}
MAX_LIMIT = 1000


def page(session: Session, req: Request, resource: Resource) -> tuple[Sequence[Any], list[dict[str, str]]]:
    """A page of the rows that the caller may see, and the links to its neighbours. Raises HTTPBadRequest."""
    model, query = resource.model, req.query
    limit = min(_number(query.get("limit")) or MAX_LIMIT, MAX_LIMIT)
    back = query.get("page_reverse", "").lower() == "true"
    statement = select(model).where(resource.visible(req.caller), *_conditions(resource, req))
    order = [(key, down != back) for key, down in _order(resource, req)]
    if "marker" in query:
        at = session.execute(select(*[key for key, _ in order]).where(model.id == query["marker"])).first()
        if at is None:
            raise e.InvalidInput(error_message=f"marker '{query['marker']}' not found")
        statement = statement.where(_behind(order, at))
    statement = statement.order_by(*[key.desc() if down else key for key, down in order]).limit(limit)
    rows = session.scalars(statement).unique().all()[:: -1 if back else 1]
    links = []
    if "limit" in query or len(rows) == limit:
        if len(rows) == limit or back:
            links.append(_link(req, "next", rows, {}))
        if len(rows) == limit or not back:
            links.append(_link(req, "previous", rows[:1], {"page_reverse": "True"}))
    return rows, links


def _link(req: Request, rel: str, rows: Sequence[Any], more: dict[str, str]) -> dict[str, str]:
    kept = {k: v for k, v in req.params.items() if k not in ("marker", "page_reverse")}
    following = urlencode(kept | ({"marker": rows[-1].id} if rows else {}) | more, doseq=True)
    return {"rel": rel, "href": f"{req.prefix}{req.path}?{following}"}


def _number(value: str | None) -> int | None:
    if value is None:
        return None
    if not value.isdecimal():
        raise e.BadRequest(resource="limit", msg=f"Limit must be an integer 0 or greater and not '{value}'")
    return int(value)


def _several(req: Request, name: str) -> list[str]:
    """All the values of a field of the query."""
    given = req.params.get(name, [])
    return [given] if isinstance(given, str) else list(given)


def _order(resource: Resource, req: Request) -> list[tuple[Any, bool]]:
    """Columns and whether they go down; the id is the last."""
    keys, directions = _several(req, "sort_key"), _several(req, "sort_dir")
    if len(directions) > len(keys) or (directions and len(directions) < len(keys)):
        raise e.HTTPBadRequest("The number of sort_keys and sort_dirs must be same")
    if absent := [key for key in keys if _column(resource, key) is None]:
        raise e.HTTPBadRequest(f"{absent} is invalid attribute for sort_keys")
    if bad := [direction for direction in directions if direction not in ("asc", "desc")]:
        raise e.HTTPBadRequest(f"{bad} is invalid value for sort_dirs, valid value is 'asc' and 'desc'")
    downs = [direction == "desc" for direction in directions or ["asc"] * len(keys)]
    order = [(_column(resource, key), down) for key, down in zip(keys, downs, strict=True)]
    return order if "id" in keys else [*order, (resource.model.id, False)]


def _behind(order: list[tuple[Any, bool]], at: Any) -> Any:
    """The rows that come after `at`: those equal in the first columns and beyond it in the next."""
    alternatives = []
    for n, (key, down) in enumerate(order):
        beyond = key < at[n] if down else key > at[n]
        alternatives.append(and_(*[order[i][0] == at[i] for i in range(n)], beyond))
    return or_(*alternatives)


def _column(resource: Resource, attribute: str) -> Any:
    """The column that keeps an attribute, if it has one that can be compared."""
    known = resource.attributes.get(attribute)
    column = getattr(resource.model, str(known.column or attribute), None) if known else None
    kind = getattr(column, "type", None)
    return column if kind is not None and not isinstance(kind, JSON) else None


def _conditions(resource: Resource, req: Request) -> list[Any]:
    """One condition a field; several values of one are alternatives."""
    conditions, unknown = [], []
    for name in set(req.params) - CONTROL:
        values, column = _several(req, name), _column(resource, name)
        if special := SPECIAL.get((resource.name, name), SPECIAL.get(("*", name))):
            conditions.append(special(resource.model, values))
        elif column is None:
            unknown.append(name)
        else:
            conditions.append(column.in_([_converted(column, value) for value in values]))
    if unknown:
        raise e.HTTPBadRequest(f"{sorted(unknown)} is invalid attribute for filtering")
    return conditions


def _converted(column: Any, value: str) -> Any:
    if column.type.python_type is bool:
        return value.lower() in ("true", "1")
    if column.type.python_type is int:
        return int(value) if value.lstrip("-").isdecimal() and len(value) < 10 else -1
    return value


def _fixed_ips(model: Any, values: list[str]) -> Any:
    """`ip_address=...`, `subnet_id=...` or `ip_address_substr=...`."""
    wanted: dict[str, list[str]] = {}
    for value in values:
        key, _, given = value.partition("=")
        wanted.setdefault(key, []).append(given)
    conditions = {
        "ip_address": lambda given: IPAllocation.ip_address.in_(given),
        "subnet_id": lambda given: IPAllocation.subnet_id.in_(given),
        "ip_address_substr": lambda given: or_(*[IPAllocation.ip_address.contains(g, autoescape=True) for g in given]),
    }
    chosen = [conditions[key](given) for key, given in wanted.items() if key in conditions]
    return model.id.in_(select(IPAllocation.port_id).where(*chosen))


def _groups(model: Any, values: list[str]) -> Any:
    bound = SecurityGroupPortBinding
    return model.id.in_(select(bound.port_id).where(bound.security_group_id.in_(values)))


def _tags(model: Any, values: list[str], together: Any, negate: bool) -> Any:
    """A tag stands in the column's JSON between quotation marks, behind a bracket or a space."""
    text = cast(model.tags, String)
    found = [
        or_(*[text.contains(before + json.dumps(tag), autoescape=True) for before in "[ "])
        for value in values
        for tag in value.split(",")
    ]
    return ~together(*found) if negate else together(*found)


SPECIAL: dict[tuple[str, str], Any] = {
    ("port", "fixed_ips"): _fixed_ips,
    ("port", "security_groups"): _groups,
    ("agent", "agent_type"): lambda model, values: func.lower(model.agent_type).in_([v.lower() for v in values]),
    ("*", "tags"): lambda model, values: _tags(model, values, and_, False),
    ("*", "tags-any"): lambda model, values: _tags(model, values, or_, False),
    ("*", "not-tags"): lambda model, values: _tags(model, values, and_, True),
    ("*", "not-tags-any"): lambda model, values: _tags(model, values, or_, True),
}
