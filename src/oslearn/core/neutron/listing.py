"""Which rows a list has: filters, order and pages, all of them in SQL.

Interface: `page(session, req, resource)` → rows and links.
Invariants: a list is in a total order, so pages do not overlap; a filter that the resource does not have is refused.
Upstream: neutron/api/api_common.py, neutron_lib/db/model_query.py, neutron/db/standard_attr.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import JSON, DateTime, String, and_, cast, func, literal, not_, or_, select
from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.base import LEAN, Resource
from oslearn.core.neutron.models import IPAllocation, SecurityGroupPortBinding
from oslearn.core.oslo.db import compare
from oslearn.core.oslo.http import Request

CONTROL = {"fields", "limit", "marker", "sort_key", "sort_dir", "page_reverse"}
MAX_LIMIT = 1000


def page(session: Session, req: Request, resource: Resource) -> tuple[Sequence[Any], list[dict[str, str]]]:
    """A page of the rows that the caller may see, and the links to its neighbours. Raises HTTPBadRequest."""
    model, query = resource.model, req.query
    if not query.get("limit", "0").isdecimal():
        raise e.BadLimit(limit=query["limit"])
    limit, back = min(int(query.get("limit", 0)) or MAX_LIMIT, MAX_LIMIT), query.get("page_reverse") == "True"
    statement = select(model).where(resource.visible(req.caller), *_conditions(resource, req))
    order = [(key, down != back) for key, down in _order(resource, req)]
    if "marker" in query:
        at = session.execute(select(*[key for key, _ in order]).where(model.id == query["marker"])).first()
        if at is None:
            raise e.MarkerNotFound(marker=query["marker"])
        statement = statement.where(_behind(order, at))
    if "fields" in query:
        statement = statement.options(*LEAN)
    statement = statement.order_by(*[key.desc() if down else key for key, down in order]).limit(limit)
    rows = session.scalars(statement).unique().all()[:: -1 if back else 1]
    full, links = len(rows) == limit, []
    if full or ("limit" in query and back):
        links.append(_link(req, "next", rows[-1:], {}))
    if "limit" in query and (full or not back):
        links.append(_link(req, "previous", rows[:1], {"page_reverse": "True"}))
    return rows, links


def _link(req: Request, rel: str, at: Sequence[Any], more: dict[str, str]) -> dict[str, str]:
    kept = {k: v for k, v in req.params.items() if k not in ("marker", "page_reverse")}
    following = urlencode(kept | dict([("marker", at[0].id)] if at else []) | more, doseq=True)
    return {"rel": rel, "href": f"{req.prefix}{req.path}?{following}"}


def _several(req: Request, name: str) -> list[str]:
    """All the values of a field of the query."""
    given = req.params.get(name, [])
    return [given] if isinstance(given, str) else list(given)


def _order(resource: Resource, req: Request) -> list[tuple[Any, bool]]:
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


def _behind(order: list[tuple[Any, bool]], at: Any) -> Any:
    """The rows that come after `at`: those equal in the first columns and beyond it in the next."""
    beyond = [key < at[n] if down else key > at[n] for n, (key, down) in enumerate(order)]
    same = [key == at[n] for n, (key, _) in enumerate(order)]
    return or_(*[and_(*same[:n], beyond[n]) for n in range(len(order))])


def _column(resource: Resource, attribute: str) -> Any:
    """The column that keeps an attribute, if it has one that can be compared."""
    known = resource.attributes.get(attribute)
    column = getattr(resource.model, known.column or attribute, None) if known else None
    kind = getattr(column, "type", None)
    return column if kind is not None and not isinstance(kind, JSON | DateTime) else None


def _conditions(resource: Resource, req: Request) -> list[Any]:
    """One condition a field; several values of one are alternatives."""
    conditions, unknown = [], []
    for name in sorted(set(req.params) - CONTROL):
        values, column = _several(req, name), _column(resource, name)
        if special := SPECIAL.get((resource.name, name), SPECIAL.get(("*", name))):
            conditions.append(special(resource.model, values))
        elif column is None:
            unknown.append(name)
        else:
            wanted = [_converted(column.type.python_type, value) for value in values]
            conditions.append(column == wanted[0] if len(wanted) == 1 else column.in_(wanted))
    if unknown:
        raise e.HTTPBadRequest(f"{unknown} is invalid attribute for filtering")
    return conditions


def _converted(kind: type, value: str) -> Any:
    if kind is bool:
        return value.lower() in ("true", "1")
    if kind is int:
        return int(value) if value.lstrip("-").isdecimal() and len(value) < 10 else -1
    return value


def _fixed_ips(model: Any, values: list[str]) -> Any:
    """`ip_address=...`, `subnet_id=...` or `ip_address_substr=...`."""
    wanted: dict[str, list[Any]] = {}
    for key, _, given in (value.partition("=") for value in values):
        if key == "ip_address_substr":
            wanted.setdefault(key, []).append(IPAllocation.ip_address.contains(given, autoescape=True))
        elif key in ("ip_address", "subnet_id"):
            wanted.setdefault(key, []).append(getattr(IPAllocation, key) == given)
    return model.id.in_(select(IPAllocation.port_id).where(*[or_(*same) for same in wanted.values()]))


def _groups(model: Any, values: list[str]) -> Any:
    bound = SecurityGroupPortBinding
    return model.id.in_(select(bound.port_id).where(bound.security_group_id.in_(values)))


def _tags(model: Any, values: list[str], together: Any) -> Any:
    """A tag stands in the column's JSON between quotation marks, behind a bracket or a space."""
    text, tags = cast(model.tags, String), [json.dumps(tag) for value in values for tag in value.split(",")]
    return together(*[or_(*[text.contains(before + tag, autoescape=True) for before in "[ "]) for tag in tags])


def _changed_since(model: Any, values: list[str]) -> Any:
    """Raises ChangedSince."""
    try:
        moment = datetime.fromisoformat(values[0])
        return compare(model.updated_at, "ge", moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment)
    except (ValueError, OverflowError):
        raise e.ChangedSince() from None


SPECIAL: dict[tuple[str, str], Any] = {
    ("port", "fixed_ips"): _fixed_ips,
    ("port", "security_groups"): _groups,
    ("security_group", "shared"): lambda model, values: literal(
        any(_converted(bool, v) == model.shared for v in values)
    ),
    ("agent", "agent_type"): lambda model, values: func.lower(model.agent_type).in_([v.lower() for v in values]),
    ("*", "changed_since"): _changed_since,
    ("*", "tags"): lambda model, values: _tags(model, values, and_),
    ("*", "tags-any"): lambda model, values: _tags(model, values, or_),
    ("*", "not-tags"): lambda model, values: not_(_tags(model, values, and_)),
    ("*", "not-tags-any"): lambda model, values: not_(_tags(model, values, or_)),
}
"""Filters that are no comparison with one column."""
