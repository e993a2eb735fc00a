"""The operations that every collection of the Identity API has.

Interface: `Resources` serves one collection; `RegionsById` regions whose ids the client chooses.
Upstream: keystone/server/flask/common.py (`ResourceBase`), keystone/api/{domains,projects,users,roles,...}.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic

from oslearn.core.keystone.api import VARY, Guard
from oslearn.core.keystone.models import Region
from oslearn.core.oslo import exception, schema
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.keystone.api.shown import NOTHING, checked, found, member, page
from oslearn.extensions.keystone.manager import Collection, Query, Row

DEFAULT_DOMAIN = "default"
MAX_LIMIT = 1000
"""`[DEFAULT] max_db_limit`."""


class Resources(Generic[Row]):
    """Create, list, show, update, delete: alike for all; the rules are named after the kind."""

    def __init__(
        self,
        guard: Guard,
        collection: Collection[Row],
        detail: Callable[[Request, Collection[Row], Row], Body] = member,
    ) -> None:
        """`detail` is how a row is shown alone."""
        self.guard, self.collection, self.kind, self.detail = guard, collection, collection.kind, detail

    def create(self, req: Request) -> Reply:
        """Make one. 201, 400, 401, 403, 404, 409."""
        self.guard.caller(req)  # who has no token learns nothing of what is wrong with the body
        return self.make(req, checked(req, self.kind.create_schema)[self.kind.name])

    def make(self, req: Request, values: Body) -> Reply:
        """Make one of values that were checked; without a domain it belongs to the token's."""
        self.guard.enforce(req, f"create_{self.kind.name}", domain_id=values.get("domain_id"))
        if self.kind.domain == "domain_id" and not (values.get("domain_id") or values.get("parent_id")):
            values["domain_id"] = req.caller.domain_id or DEFAULT_DOMAIN
        return Reply(201, {self.kind.name: member(req, self.collection, self.collection.create(values))}, VARY)

    def index(self, req: Request) -> Reply:
        """Those that fit the query, a page of them with `limit` and `marker`. 200, 400, 401, 403."""
        caller = self.guard.caller(req)
        domain_id = caller["domain"]["id"] if "domain" in caller else None
        self.guard.enforce(req, f"list_{self.kind.plural}", domain_id=domain_id)
        query = schema.check(req.query, self.kind.query_schema)
        if self.kind.unknown & query.keys():
            return page(req, self.collection, [])
        where = [getattr(self.kind.model, self.kind.domain) == domain_id] if domain_id and self.kind.domain else []
        limit = limit_of(query)
        # One more than asked for: whether there is one tells whether to lead to a next page.
        more = None if limit is None else limit + 1
        rows = self.collection.find(query, *where, marker=query.get("marker"), limit=more)
        return page(req, self.collection, rows, limit)

    def show(self, req: Request, id: str) -> Reply:
        """One. 200, 401, 403, 404."""
        row = found(self.guard, req, f"get_{self.kind.name}", self.collection, id)
        return Reply(200, {self.kind.name: self.detail(req, self.collection, row)}, VARY)

    def update(self, req: Request, id: str) -> Reply:
        """Change one. 200, 400, 401, 403, 404, 409."""
        found(self.guard, req, f"update_{self.kind.name}", self.collection, id)
        row = self.collection.update(id, checked(req, self.kind.update_schema)[self.kind.name])
        shown = member(req, self.collection, row)
        return Reply(200, {self.kind.name: shown | ({"extra": row.extra} if self.kind.twice else {})}, VARY)

    def delete(self, req: Request, id: str) -> Reply:
        """Delete one. 204, 401, 403, 404."""
        found(self.guard, req, f"delete_{self.kind.name}", self.collection, id)
        self.collection.delete(id)
        return NOTHING


class RegionsById:
    """Regions with names that people know."""

    def __init__(self, guard: Guard, regions: Resources[Region]) -> None:
        self.guard, self.regions = guard, regions

    def create(self, req: Request, id: str) -> Reply:
        """Make a region with an id of the client's. 201, 400, 401, 403, 404, 409."""
        self.guard.caller(req)
        values = checked(req, self.regions.kind.create_schema)["region"]
        if values.setdefault("id", id) != id:
            raise exception.BadRequest(f'Conflicting region IDs specified: "{id}" != "{values["id"]}"')
        return self.regions.make(req, values)


def limit_of(query: Query) -> int | None:
    """How many are asked for, None for all. Raises BadRequest."""
    try:
        limit = int(query.get("limit", 0))
    except ValueError:
        raise exception.BadRequest(f"Invalid input for query parameters limit. Value: {query['limit']}.") from None
    return min(limit, MAX_LIMIT) if limit > 0 else None
