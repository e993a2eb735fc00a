"""Lists: which of a project's things, in which order, how many.

Interface: `Kind` describes a resource; `readers(kind)` makes its three handlers; `Listing.listed`.
Invariants: filters, order, marker and limit are SQL's work; what is no filter is left out before microversion 3.31 and
refused from there on; another project's things are in no list but an admin's with `all_tenants`.
Upstream: cinder/api/common.py, cinder/db/sqlalchemy/api.py, etc/cinder/resource_filters.json. Left out: comparisons of
times.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import JSON, Boolean, ColumnElement, Integer, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from oslearn.core.cinder import exceptions as e
from oslearn.core.cinder.api import schemas
from oslearn.core.cinder.api.base import Controller, Values, boolean
from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.http import Request

MAX_LIMIT = 1000  # osapi_max_limit
PAGING = ("limit", "marker", "offset", "sort", "sort_key", "sort_dir", "all_tenants", "with_count")
View = Callable[[Request, Any], Values]


@dataclass(frozen=True)
class Kind:
    """A resource: its name in bodies, its table, its filters (name → column) and how it is shown."""

    name: str
    model: type[Any]
    filters: dict[str, str]
    summary: View
    detail: View
    path: str = ""
    where: Callable[[Request], list[Any]] = lambda req: []
    own: tuple[str, ...] = ()
    """Filters that `where` sees to."""

    @property
    def plural(self) -> str:
        """The key of a list's body."""
        return f"{self.name}s"


class Listing(Controller):
    """Pages of anything."""

    def listed(self, req: Request, session: Session, kind: Kind, view: View, end: str = "") -> Values:
        """A list's body. Raises BadRequest, NotFound for an unknown marker."""
        query, model = dict(req.query), kind.model
        plain = [pair for pair in query.items() if pair[0] not in (*PAGING, *kind.own)]
        wanted = [*kind.where(req), *(where(req, kind, *pair) for pair in plain)]
        if hasattr(model, "project_id") and not elsewhere(req):
            wanted.append(model.project_id == req.caller.project_id)
        body: Values = {}
        statement, order = select(model).where(*wanted), sort_keys(kind, query)
        if req.microversion >= (3, 45) and boolean("with_count", query.get("with_count")):
            body["count"] = session.scalar(select(func.count()).select_from(statement.subquery()))
        if "marker" in query:
            statement = statement.where(behind(order, self.get(session, req, model, query["marker"])))
        statement = statement.order_by(*(column.desc() if descends else column for column, descends in order))
        limit = min(number(query, "limit", MAX_LIMIT), MAX_LIMIT)
        rows = list(session.scalars(statement.limit(limit).offset(number(query, "offset", 0))))
        if rows and len(rows) == limit:
            href = f"{req.prefix}/v3{req.context.project}/{kind.path or kind.plural}{end}"
            href += f"?{urlencode(query | {'marker': rows[-1].id})}"
            body[f"{kind.plural}_links"] = [{"rel": "next", "href": href}]
        return {kind.plural: [view(req, row) for row in rows]} | body


def readers(kind: Kind) -> tuple[Any, Any, Any]:
    """The handlers for a short list, a detailed list and one thing."""

    def index(self: Listing, req: Request, session: Session) -> Values:
        """200, 400."""
        return self.listed(req, session, kind, kind.summary)

    def detail(self: Listing, req: Request, session: Session) -> Values:
        """200, 400."""
        return self.listed(req, session, kind, kind.detail, "/detail")

    def show(self: Listing, req: Request, session: Session, id: str) -> Values:
        """200, 404."""
        return {kind.name: kind.detail(req, self.get(session, req, kind.model, id))}

    return index, detail, show


def elsewhere(req: Request) -> bool:
    """Whether the caller asks for all projects' things, and may. Raises BadRequest."""
    asked = boolean("all_tenants", req.query.get("all_tenants"))
    return asked and policy.admin_or_service(req.caller, {})


def where(req: Request, kind: Kind, name: str, value: str) -> ColumnElement[bool]:
    """The condition that a filter means. Raises BadRequest."""
    like = name.endswith("~") and req.microversion >= (3, 34)
    known = kind.filters.get(name.removesuffix("~") if like else name)
    if known is None and req.caller.is_admin and name in kind.model.__table__.columns:
        known = name
    if known is None:
        if req.microversion >= (3, 31) and not req.caller.is_admin:
            raise exception.BadRequest(f"Invalid filters {name} are found in query options.")
        return true()
    column = getattr(kind.model, known)
    if like:
        return and_(column.contains(value, autoescape=True))
    match column.type:
        case JSON():
            return inside(column, value)
        case Boolean():
            return and_(column == flag(req, name, value))
        case Integer():
            return and_(column == int(value)) if re.fullmatch(r"\d{1,18}", value) else false()
    return and_(column == value)


def ungrouped(req: Request) -> list[Any]:
    """What two filters mean where nothing is in a group and everything is counted. Raises InvalidInput."""
    wanted: list[Any] = [false()] if "group_id" in req.query and req.microversion >= (3, 10) else []
    if "consumes_quota" in req.query and req.microversion >= (3, 65):
        wanted.append(true() if flag(req, "consumes_quota", req.query["consumes_quota"]) else false())
    return wanted


def inside(column: Any, value: str) -> ColumnElement[bool]:
    """Whether metadata holds the pairs that are written as a Python dict."""
    try:
        pairs = ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return false()
    if not isinstance(pairs, dict) or not all(re.fullmatch(r"[\w\-:. /]+", str(key)) for key in pairs):
        return false()
    return and_(true(), *(column[str(key)].as_string() == str(wanted) for key, wanted in pairs.items()))


def flag(req: Request, name: str, value: str) -> bool:
    """A truth value; what is none counts as true before microversion 3.2. Raises InvalidInput."""
    if value.lower() not in schemas.TRUE + schemas.FALSE and req.microversion >= (3, 2):
        raise e.InvalidInput(reason=f"'{name} = {value}'")
    return value.lower() not in schemas.FALSE


def sort_keys(kind: Kind, query: Values) -> list[tuple[Any, bool]]:
    """Columns and whether each descends; the time of creation and the id come last. Raises BadRequest."""
    if "sort" in query and ("sort_key" in query or "sort_dir" in query):
        raise exception.BadRequest(
            "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter."
        )
    given = query.get("sort") or f"{query.get('sort_key', 'created_at')}:{query.get('sort_dir', '')}"
    order = {name.strip(): way.strip() or "desc" for name, _, way in (part.partition(":") for part in given.split(","))}
    order = {"name" if name == "display_name" else name: way for name, way in order.items()}
    order |= {name: next(iter(order.values())) for name in ("created_at", "id") if name not in order}
    if not set(order.values()) <= {"asc", "desc"}:
        raise e.InvalidInput(reason="Unknown sort direction, must be 'desc' or 'asc'.")
    for name in order:
        if name not in kind.model.__table__.columns:
            raise e.InvalidInput(reason=f"Sort key supplied is invalid: {name}")
    return [(getattr(kind.model, name), way == "desc") for name, way in order.items()]


def behind(order: list[tuple[Any, bool]], marker: Any) -> ColumnElement[bool]:
    """What comes after the marker: beyond it in one column, level with it in those before. Null is the least."""
    found: list[Any] = []
    level: list[Any] = []
    for column, descends in order:
        value = getattr(marker, column.key)
        if value is not None:
            found.append(and_(*level, or_(column < value, column.is_(None)) if descends else column > value))
        elif not descends:
            found.append(and_(*level, column.is_not(None)))
        level.append(column.is_(None) if value is None else column == value)
    return or_(*found)


def number(query: Values, name: str, default: int) -> int:
    """A whole number of the query. Raises BadRequest."""
    value = query.get(name, str(default))
    if not re.fullmatch(r"-?\d{1,18}", value):
        raise exception.BadRequest(f"{name} param must be an integer")
    if int(value) < 0:
        raise exception.BadRequest(f"{name} param must be positive")
    return int(value)
