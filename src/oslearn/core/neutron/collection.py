"""A collection's five operations, from the request to the reply, and which rows a list has: filters by attributes, in
SQL.

Interface: `Collection`: `index`, `show`, `create`, `update`, `delete` of a `Resource`, over what does the work;
`filters`, `fields`, `several`, of which others are made.
Invariants: a request is one transaction, a bulk request too; attributes that are an admin's are refused by rule, and so
is a filter that the resource does not have.
Upstream: neutron/api/v2/base.py, neutron/pecan_wsgi/controllers/resource.py, neutron/api/api_common.py,
neutron_lib/db/model_query.py. Left out: order and pages, which are in the extensions.
"""

from __future__ import annotations

from collections.abc import Collection as Names
from typing import Any, Generic

from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.attributes import CHECKS, Reader, Values
from oslearn.core.neutron.base import Asked, Resource, Row, Shape, Stamps, own, refuse
from oslearn.core.neutron.notifiers import Outbox
from oslearn.core.neutron.quota import Quotas
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.strutils import meant


def filters(resource: Resource[Row], req: Request, names: Names[str]) -> tuple[Asked, Values]:
    """The fields of the query and their values; several values of one are alternatives. Raises HTTPBadRequest."""
    columns = {name: resource.column(name) for name in sorted(names)}
    if unknown := [name for name, found in columns.items() if found is None]:
        raise e.HTTPBadRequest(f"{unknown} is invalid attribute for filtering")
    values = {name: meant(found, *several(req, name)) for name, found in columns.items()}
    asked = tuple((name, len(given) != 1) for name, given in values.items())
    return asked, {name: given[0] if len(given) == 1 else given for name, given in values.items()}


def fields(req: Request) -> tuple[str, ...]:
    """What `fields=` asks for; with no name in it, everything."""
    return tuple(filter(None, several(req, "fields")))


def several(req: Request, name: str) -> list[str]:
    """All the values of a field of the query."""
    given = req.params.get(name, [])
    return [given] if isinstance(given, str) else list(given)


class Collection(Generic[Row]):
    """The handlers that all collections share; `work` has `create`, `update` and `delete`, if the routes need them."""

    checks = CHECKS

    def __init__(
        self, resource: Resource[Row], work: Any, outbox: Outbox, stamps: Stamps, quotas: Quotas, policy: Enforcer
    ) -> None:
        self.resource, self.work, self.outbox, self.stamps = resource, work, outbox, stamps
        self.quotas, self.policy, self.reader = quotas, policy, Reader(resource.attributes, self.checks)

    def index(self, req: Request) -> Values:
        """200, 400: the rows that the caller may see and the query wants."""
        asked, values = filters(self.resource, req, req.params.keys() - {"fields"})
        shape = Shape(fields(req), asked, ((self.resource.model.id, False),))
        with self.outbox.transaction() as session:
            rows = self.resource.read(session, req.caller, shape, values)
            return {self.resource.plural: [self.shown(req, row) for row in rows]}

    def show(self, req: Request, id: str) -> Values:
        """200, 404: one row, or those of its fields that are named."""
        with self.outbox.transaction() as session:
            row = self.resource.find(session, req.caller, id, fields(req))
            return {self.resource.name: self.shown(req, row)}

    def create(self, req: Request) -> Reply:
        """201, 400, 403, 404, 409: one, or several in one request."""
        name, body = self.resource.name, req.json_body()
        bulk = body.get(self.resource.plural)
        if bulk is not None and not (isinstance(bulk, list) and bulk):
            raise e.HTTPBadRequest("Resources required")
        shown = self._create_all(req, bulk or [body.get(name)])
        return Reply(201, {self.resource.plural: shown} if bulk else {name: shown[0]})

    def update(self, req: Request, id: str) -> Values:
        """200, 400, 403, 404, 409."""
        values = self._read(req.caller, req.json_body().get(self.resource.name), "PUT")
        with self.outbox.transaction() as session:
            row = self.to_change(session, req, id)
            self.work.update(session, req.caller, row, values)
            if "revision_number" in self.resource.attributes:
                self.stamps.touch(row)
            session.flush()
            return {self.resource.name: self.shown(req, row)}

    def delete(self, req: Request, id: str) -> None:
        """204, 404, 409: take one away."""
        with self.outbox.transaction() as session:
            self.work.delete(session, req.caller, self.to_change(session, req, id))

    def to_change(self, session: Session, req: Request, id: str) -> Row:
        """The row, if the caller may change it. Raises NotFound."""
        row = self.resource.find(session, req.caller, id)
        if req.method != "DELETE" or not self.resource.freed:
            own(req.caller, row)
        return row

    def shown(self, req: Request, row: Row) -> Values:
        """What the caller may see of a row, and of that what `fields=` asks for."""
        names = fields(req) if req.method == "GET" else ()
        return self.resource.view(row, policy.admin_or_service(req.caller, {}), names)

    def _create_all(self, req: Request, items: list[object]) -> list[Values]:
        with self.outbox.transaction() as session:
            rows = [self._create(session, req.caller, item) for item in items]
            session.flush()
            return [self.shown(req, row) for row in rows]

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
