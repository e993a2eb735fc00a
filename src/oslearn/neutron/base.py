"""What all collections of neutron-server have in common: finding, listing, owning.

Interface: `Controller` with `_find`, `_list`, `_project`, `_guard`; `fields`.
Invariants: what the caller may not see does not exist (404); a list is in a total order, so pages do not overlap.
Upstream: neutron/api/v2/base.py, neutron_lib/db/model_query.py. Left out: bulk requests, RBAC, tags, ETags.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from oslearn.config import Config
from oslearn.neutron.exceptions import HTTPBadRequest
from oslearn.oslo import exception, policy
from oslearn.oslo.clock import Clock, Ids
from oslearn.oslo.context import RequestContext
from oslearn.oslo.db import Handle
from oslearn.oslo.wsgi import Request

CONTROL = {"fields", "limit", "marker", "sort_key", "sort_dir", "page_reverse"}
COLUMNS = {"tenant_id": "project_id", "router:external": "external"}
"""Attributes whose column has another name; of `provider:network_type` and its like the prefix goes."""
MAX_LIMIT = 1000
View = Callable[[Session, Sequence[Any], RequestContext], list[dict[str, Any]]]


class Controller:
    """The parts that a process is given, and the work that every handler shares."""

    def __init__(
        self, handle: Handle, ids: Ids, clock: Clock, config: Config, rules: Mapping[str, policy.Rule]
    ) -> None:
        self.handle, self.ids, self.clock, self.config = handle, ids, clock, config
        self.policy = policy.Enforcer(rules, "rule:%(action)s is disallowed by policy")

    def _visible(self, model: Any, caller: RequestContext) -> ColumnElement[bool]:
        """The condition for the rows that the caller may see; an admin and a service see all."""
        if policy.admin_or_service(caller, {}):
            return model.id.is_not(None)
        return or_(model.project_id == caller.project_id, *self._shared(model, caller))

    def _shared(self, model: Any, caller: RequestContext) -> list[Any]:
        """Conditions for rows of other projects that the caller may see too."""
        return []

    def _find(
        self, session: Session, model: Any, caller: RequestContext, key: str, missing: type[exception.OpenStackError]
    ) -> Any:
        row = session.get(model, key)
        if row is not None and policy.owner(caller, {"project_id": row.project_id}):
            return row  # most requests name the caller's own: by key alone, without the conditions for shared ones
        row = session.scalar(select(model).where(model.id == key, self._visible(model, caller)))
        if row is None:
            raise missing(id=key)
        return row

    def _own(self, caller: RequestContext, row: Any) -> None:
        """May the caller change it? What is only shared with it answers as upstream: it is not there."""
        if not policy.owner(caller, {"project_id": row.project_id}):
            raise exception.NotFound()

    def _project(self, caller: RequestContext, values: dict[str, Any]) -> str:
        """Whose the new resource is. Raises HTTPBadRequest if a project makes one for another."""
        project = values.pop("project_id", None) or caller.project_id
        if project != caller.project_id and not policy.admin_or_service(caller, {}):
            raise HTTPBadRequest(
                "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin "
                "privileges"
            )
        return str(project)

    def _guard(
        self, caller: RequestContext, action: str, values: dict[str, Any], restricted: Mapping[str, Any]
    ) -> None:
        """Enforce the action, and refuse attributes that are an admin's if they differ from their default."""
        self.policy.enforce(caller, action)
        if policy.admin_or_service(caller, {}):
            return
        asked = [f"rule:{action}:{name}" for name, free in restricted.items() if values.get(name, free) != free]
        if asked:
            chain = " and ".join([f"rule:{action}", *asked])
            raise exception.PolicyNotAuthorized(f"({chain}) is disallowed by policy")

    def _touch(self, row: Any) -> None:
        row.updated_at, row.revision_number = self.clock.now(), row.revision_number + 1

    def _stamp(self) -> dict[str, Any]:
        now = self.clock.now()
        return {"id": self.ids.uuid(), "created_at": now, "updated_at": now}

    def _list(self, session: Session, req: Request, model: Any, name: str, view: View) -> dict[str, Any]:
        """A page of a collection. Raises HTTPBadRequest."""
        query = req.query
        limit = min(_number(query.get("limit")) or MAX_LIMIT, MAX_LIMIT)
        statement = select(model).where(self._visible(model, req.caller), *_filters(model, req.params))
        key, down = _column(model, query.get("sort_key", "id")), query.get("sort_dir", "asc") == "desc"
        if "marker" in query:
            at = session.execute(select(key, model.id).where(model.id == query["marker"])).first()
            if at is None:
                raise HTTPBadRequest(f"Invalid input for operation: marker '{query['marker']}' not found")
            statement = statement.where(_behind(key, model.id, at, down))
        order = (key.desc(), model.id.desc()) if down else (key, model.id)
        rows = session.scalars(statement.order_by(*order).limit(limit)).all()
        body: dict[str, Any] = {name: [fields(req, shown) for shown in view(session, rows, req.caller)]}
        if "limit" in query and len(rows) == limit:
            following = urlencode(dict(req.params) | {"marker": rows[-1].id}, doseq=True)
            body[f"{name}_links"] = [{"rel": "next", "href": f"{req.prefix}{req.path}?{following}"}]
        return body


def fields(req: Request, shown: dict[str, Any]) -> dict[str, Any]:
    """Only the attributes that `fields=` asks for."""
    wanted = req.params.get("fields")
    if not wanted:
        return shown
    names = {wanted} if isinstance(wanted, str) else set(wanted)
    return {name: value for name, value in shown.items() if name in names}


def column_name(attribute: str) -> str:
    """The column that keeps an attribute."""
    return COLUMNS.get(attribute, attribute.rpartition(":")[2])


def _number(value: str | None) -> int | None:
    if value is None:
        return None
    if not value.isdigit():
        raise HTTPBadRequest(f"Limit must be an integer 0 or greater and not '{value}'")
    return int(value)


def _column(model: Any, attribute: str) -> Any:
    column = model.__table__.columns.get(column_name(attribute))
    if column is None:
        raise HTTPBadRequest(f"['{attribute}'] is invalid attribute for filtering")
    return column


def _filters(model: Any, params: Mapping[str, Any]) -> list[Any]:
    """One condition an attribute; several values of one are alternatives."""
    conditions = []
    for attribute, given in params.items():
        if attribute in CONTROL or attribute == "fixed_ips":
            continue
        column = _column(model, attribute)
        values = [given] if isinstance(given, str) else given
        if column.type.python_type is bool:
            values = [value.lower() in ("true", "1") for value in values]
        conditions.append(column.in_(values))
    return conditions


def _behind(key: Any, row_id: Any, at: Any, down: bool) -> Any:
    if down:
        return (key < at[0]) | ((key == at[0]) & (row_id < at[1]))
    return (key > at[0]) | ((key == at[0]) & (row_id > at[1]))
