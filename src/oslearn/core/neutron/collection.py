"""A collection's five operations, from the request to the reply, and which rows a list has: filters by attributes, in
SQL. Order and pages are in the extensions.

Interface: `Collection`: `index`, `show`, `create`, `update`, `delete` of a `Resource`, over what does the work;
`page(session, req, resource)` → rows and links; `conditions`, `column`, `several`, of which others are made; `Added`,
what extensions teach all of them.
Invariants: a request is one transaction, a bulk request too; attributes that are an admin's are refused by rule, and so
is a filter that the resource does not have.
Upstream: neutron/api/v2/base.py, neutron/pecan_wsgi/controllers/resource.py, neutron/api/api_common.py,
neutron_lib/db/model_query.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from sqlalchemy import JSON, ColumnElement, DateTime, select
from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.attributes import CHECKS, Check, Reader, Values
from oslearn.core.neutron.base import LEAN, AnyResource, Resource, Row, Stamps, own, refuse
from oslearn.core.neutron.notifiers import Outbox
from oslearn.core.neutron.quota import Counting, Quotas
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.db import retry
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.strutils import equals
from oslearn.core.oslo.wsgi import Handler

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


@dataclass(frozen=True)
class Added:
    """What the core's own collections and lists learn from extensions; without them they know less."""

    page: Callable[[Session, Request, AnyResource], Page[Any]] = page
    checks: Mapping[str, Check] = field(default_factory=lambda: CHECKS)
    shown: Mapping[str, Callable[[Any], Values]] = field(default_factory=dict)
    """What replies show of a row besides its attributes, by the name of its resource (`resource_extend` upstream)."""
    before_change: Callable[[Request, object], None] = lambda req, row: None
    counting: Counting = field(default_factory=dict)
    extensions: dict[str, list[str]] = field(default_factory=dict)


class Collection(Generic[Row]):
    """The handlers that all collections share.

    `work` has `create`, `update` and `delete`, as far as the collection's routes need them. It may have `extend`: what
    replies show besides attributes; `born`: what the reply to POST shows, and later ones do not or otherwise; and
    `before_index`.
    """

    def __init__(
        self,
        resource: Resource[Row],
        work: Any,
        *,
        outbox: Outbox,
        stamps: Stamps,
        quotas: Quotas,
        policy: policy.Enforcer,
        added: Added,
    ) -> None:
        self.resource, self.work = resource, work
        self.outbox, self.stamps, self.quotas, self.policy = outbox, stamps, quotas, policy
        self.page, self.before_change = added.page, added.before_change
        self.reader = Reader(resource.attributes, added.checks)
        self.extend = added.shown.get(resource.name) or getattr(work, "extend", None)
        self.born = getattr(work, "born", None)
        self.before_index = getattr(work, "before_index", None)

    def leads_to(self, name: str) -> Handler:
        """The method that does the work of a handler."""
        does: Handler = getattr(self.work, name, None) or getattr(self, name)
        return does

    def index(self, req: Request) -> Values:
        """200, 400: the rows that the caller may see and the query wants."""
        with self.outbox.transaction() as session:
            if self.before_index:
                self.before_index(session, req)
            rows, links = self.page(session, req, self.resource)
            body: Values = {self.resource.plural: [self.shown(req, row) for row in rows]}
        return body | ({f"{self.resource.plural}_links": links} if links else {})

    def show(self, req: Request, id: str) -> Values:
        """200, 404: one row, or those of its fields that are named."""
        with self.outbox.transaction() as session:
            row = self.resource.find(session, req.caller, id, lean="fields" in req.query)
            return {self.resource.name: self.shown(req, row)}

    def create(self, req: Request) -> Reply:
        """201, 400, 403, 404, 409: one, or several in one request."""
        name, body = self.resource.name, req.json_body()
        bulk = body.get(self.resource.plural)
        if bulk is not None and not (isinstance(bulk, list) and bulk):
            raise e.HTTPBadRequest("Resources required")
        shown = retry(lambda: self._create_all(req, bulk or [body.get(name)]))
        return Reply(201, {self.resource.plural: shown} if bulk else {name: shown[0]})

    def update(self, req: Request, id: str) -> Values:
        """200, 400, 403, 404, 409, 412."""
        values = self._read(req.caller, req.json_body().get(self.resource.name), "PUT")
        with self.outbox.transaction() as session:
            row = self.resource.find(session, req.caller, id)
            own(req.caller, row)
            self.before_change(req, row)
            self.work.update(session, req.caller, row, values)
            if "revision_number" in self.resource.attributes:
                self.stamps.touch(row)
            session.flush()
            return {self.resource.name: self.shown(req, row)}

    def delete(self, req: Request, id: str) -> None:
        """204, 404, 409, 412: take one away."""
        with self.outbox.transaction() as session:
            row = self.resource.find(session, req.caller, id)
            if not self.resource.freed:
                own(req.caller, row)
            self.before_change(req, row)
            self.work.delete(session, req.caller, row)

    def shown(self, req: Request, row: Row) -> Values:
        """What the caller may see of a row, and of that what `fields=` asks for."""
        wanted = req.params.get("fields", ()) if req.method == "GET" else ()
        names = {wanted} if isinstance(wanted, str) else set(wanted)
        shown = self.resource.view(row, policy.admin_or_service(req.caller, {}), names)
        shown = shown | (self.extend(row) if self.extend else {})
        return {name: value for name, value in shown.items() if not names or name in names}

    def _create_all(self, req: Request, items: list[object]) -> list[Values]:
        with self.outbox.transaction() as session:
            rows = [self._create(session, req.caller, item) for item in items]
            session.flush()
            return [self.shown(req, row) | (self.born(row) if self.born else {}) for row in rows]

    def _create(self, session: Session, caller: Context, item: object) -> Row:
        values = self._read(caller, item, "POST")
        project = str(values.setdefault("project_id", caller.project_id))
        if not policy.owner(caller, {"project_id": project}):
            raise e.ForeignProject()
        self.quotas.check(session, self.resource.name, project)
        made: Row = self.work.create(session, caller, values)
        return made

    def _read(self, caller: Context, item: object, method: str) -> Values:
        """The values of a request by column. Raises HTTPBadRequest, PolicyNotAuthorized."""
        if not isinstance(item, dict):
            raise e.HTTPBadRequest(f"Unable to find '{self.resource.name}' in request body")
        values = self.reader.read(item, method)
        action = f"{'create' if method == 'POST' else 'update'}_{self.resource.name}"
        self.policy.enforce(caller, action)  # not at the door: upstream reads the body first
        admins = {name: spec for name, spec in self.resource.attributes.items() if spec.admin and name in item}
        asked = [name for name, spec in admins.items() if values[name] != spec.default]
        if asked and not policy.admin_or_service(caller, {}):
            raise refuse(action, *asked)
        return self.resource.columns(values)
