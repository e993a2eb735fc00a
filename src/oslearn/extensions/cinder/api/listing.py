"""Lists: which of a project's things, in which order, how many.

Interface: `ListSpec` describes what is listed; `Lists` has the handlers: a short list, a detailed one, one thing;
`listed` makes a list's body.
Invariants: filters, order, marker and limit are SQL's work; what is no filter is left out before microversion 3.31 and
refused from there on; another project's things are in no list but an admin's with `all_tenants`.
Upstream: cinder/api/common.py, cinder/db/sqlalchemy/api.py, etc/cinder/resource_filters.json. Left out: comparisons of
times.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Boolean, ColumnElement, and_, false, func, select, true
from sqlalchemy.orm import Session

from oslearn.core.cinder.db import CinderDB
from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.strutils import whole
from oslearn.extensions.cinder import exceptions as e
from oslearn.extensions.cinder.api.common import boolean
from oslearn.extensions.oslo import listing
from oslearn.extensions.oslo.strutils import strict_bool

MAX_LIMIT = 1000  # osapi_max_limit
PAGING = ("limit", "marker", "offset", "sort", "sort_key", "sort_dir", "all_tenants", "with_count")
View = Callable[[Request, Any], Body]


@dataclass(frozen=True)
class ListSpec:
    """A resource: its name in bodies, its table, its filters (name → column) and how it is shown."""

    name: str
    model: type[Any]
    filters: dict[str, str]
    summary: View
    detail: View
    path: str = ""
    where: Callable[[Request], list[ColumnElement[bool]]] = lambda req: []
    own: tuple[str, ...] = ()
    """Filters that `where` sees to."""

    @property
    def plural(self) -> str:
        """The key of a list's body."""
        return f"{self.name}s"


class Lists:
    """The three ways to look at a resource."""

    def __init__(self, db: CinderDB, spec: ListSpec) -> None:
        self.db, self.spec = db, spec

    def index(self, req: Request, session: Session) -> Body:
        """The things that the caller may see, each with a few fields. 200, 400."""
        return listed(self.db, req, session, self.spec, self.spec.summary)

    def detail(self, req: Request, session: Session) -> Body:
        """The same with all fields. 200, 400."""
        return listed(self.db, req, session, self.spec, self.spec.detail, "/detail")

    def show(self, req: Request, session: Session, id: str) -> Body:
        """One thing with all fields. 200, 404."""
        return {self.spec.name: self.spec.detail(req, self.db.get(session, self.spec.model, id, req.caller))}


class ResourceFilters:
    """Says by what each list can be filtered."""

    def __init__(self, specs: Sequence[ListSpec]) -> None:
        self.specs = specs

    def list_resource_filters(self, req: Request, session: Session) -> Body:
        """By what each list can be filtered, or the one that `resource` names. 200."""
        wanted = req.query.get("resource")
        found = [spec for spec in self.specs if wanted in (None, spec.name)]
        return {"resource_filters": [{"resource": s.name, "filters": [*s.own, *s.filters]} for s in found]}


def listed(db: CinderDB, req: Request, session: Session, spec: ListSpec, view: View, end: str = "") -> Body:
    """A list's body. Raises BadRequest, NotFound for an unknown marker."""
    query, model = dict(req.query), spec.model
    plain = [pair for pair in query.items() if pair[0] not in (*PAGING, *spec.own)]
    wanted = [*spec.where(req), *(where(req, spec, *pair) for pair in plain)]
    if hasattr(model, "project_id") and not elsewhere(req):
        wanted.append(model.project_id == req.caller.project_id)
    body: Body = {}
    statement, order = select(model).where(*wanted), sort_keys(spec, query)
    if req.microversion >= (3, 45) and boolean("with_count", query.get("with_count")):
        body["count"] = session.scalar(select(func.count()).select_from(statement.subquery()))
    at = None
    if "marker" in query:
        marker = db.get(session, model, query["marker"], req.caller)
        at = [getattr(marker, str(column.key)) for column, _ in order]
    limit = min(number(query, "limit", MAX_LIMIT), MAX_LIMIT)
    rows = list(session.scalars(listing.paged(statement, order, at, limit, number(query, "offset", 0))))
    if rows and len(rows) == limit:
        path = f"/v3{req.context.project}/{spec.path or spec.plural}{end}"
        body[f"{spec.plural}_links"] = [{"rel": "next", "href": listing.link(req, rows[-1].id, path)}]
    return {spec.plural: [view(req, row) for row in rows]} | body


def elsewhere(req: Request) -> bool:
    """Whether the caller asks for all projects' things, and may. Raises BadRequest."""
    asked = boolean("all_tenants", req.query.get("all_tenants"))
    return asked and policy.admin_or_service(req.caller, {})


def where(req: Request, spec: ListSpec, name: str, value: str) -> ColumnElement[bool]:
    """The condition that a filter means. Raises BadRequest."""
    like = name.endswith("~") and req.microversion >= (3, 34)
    known = spec.filters.get(name.removesuffix("~") if like else name)
    if known is None and req.caller.is_admin and name in spec.model.__table__.columns:
        known = name
    if known is None:
        if req.microversion >= (3, 31) and not req.caller.is_admin:
            raise exception.BadRequest(f"Invalid filters {name} are found in query options.")
        return true()
    column = getattr(spec.model, known)
    if like:
        return and_(column.contains(value, autoescape=True))
    match column.type:
        case JSON():
            return inside(column, value)
        case Boolean():
            return and_(column == flag(req, name, value))
    return listing.equals(column, value)


def ungrouped(req: Request) -> list[ColumnElement[bool]]:
    """What two filters mean where nothing is in a group and everything is counted. Raises InvalidInput."""
    wanted: list[ColumnElement[bool]] = [false()] if "group_id" in req.query and req.microversion >= (3, 10) else []
    if "consumes_quota" in req.query and req.microversion >= (3, 65):
        wanted.append(true() if flag(req, "consumes_quota", req.query["consumes_quota"]) else false())
    return wanted


def inside(column: ColumnElement[Body], value: str) -> ColumnElement[bool]:
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
    try:
        return strict_bool(value)
    except ValueError:
        if req.microversion >= (3, 2):
            raise e.InvalidInput(reason=f"'{name} = {value}'") from None
        return True


def sort_keys(spec: ListSpec, query: Body) -> listing.Order:
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
        if name not in spec.model.__table__.columns:
            raise e.InvalidInput(reason=f"Sort key supplied is invalid: {name}")
    return [(getattr(spec.model, name), way == "desc") for name, way in order.items()]


def number(query: Body, name: str, default: int) -> int:
    """A whole number of the query. Raises BadRequest."""
    value = query.get(name, str(default))
    found = whole(value)
    if found is None:
        raise exception.BadRequest(f"{name} param must be an integer")
    if found < 0:
        raise exception.BadRequest(f"{name} param must be positive")
    return found
