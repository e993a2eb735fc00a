"""What all handlers of the Identity API share, and the handlers that every collection has.

Interface: `Controller`: `enforce`, `body`, `member`, `collection`; `Resources`: create, list, show, update, delete.
Invariants: who asks is read from the caller's own token; who may not ask learns not even that something is not there.
Upstream: keystone/server/flask/common.py and keystone/common/rbac_enforcer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from oslearn.core.keystone.assignment import Assignments
from oslearn.core.keystone.catalog import Catalog
from oslearn.core.keystone.manager import Kind, Manager
from oslearn.core.keystone.models import Project, User
from oslearn.core.keystone.policies import RULES
from oslearn.core.keystone.schemas import CLIENT_ERROR
from oslearn.core.keystone.token import Provider
from oslearn.core.keystonemiddleware.auth_token import fill, hold
from oslearn.core.oslo import exception, schema
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.route import Entry

VARY = {"Vary": "X-Auth-Token"}
DEFAULT_DOMAIN = "default"
MAX_LIMIT = 1000
FEDERATED = {"idp_id", "protocol_id", "unique_id", "password_expires_at"}
"""What only users from elsewhere have, and those whose password expires: here is none."""
"""`[DEFAULT] max_db_limit`."""
ENFORCER = Enforcer(
    RULES,
    "You are not authorized to perform the requested action: identity:%(action)s.",
    ("project", "domain", "system"),
)


class Controller:
    """Tokens, policy, bodies and the shape of replies."""

    def __init__(self, identity: Manager, tokens: Provider, catalog: Catalog) -> None:
        self.identity, self.tokens, self.catalog, self.kinds = identity, tokens, catalog, identity.kinds
        self.assignments = Assignments(identity)

    def caller(self, req: Request) -> dict[str, Any]:
        """What the caller's own token stands for, which also fills the request's context. Raises Unauthorized."""
        token = req.get_header("X-Auth-Token") or ""
        try:
            info = self.tokens.validate(token)
        except exception.NotFound:
            raise exception.Unauthorized() from None
        hold(req, info, ("identity",))
        fill(req.caller, info, token)
        req.env["keystone.token_info"] = info
        return info

    def enforce(self, req: Request, action: str, **target: Any) -> dict[str, Any]:
        """What the caller's token stands for. Raises Unauthorized, PolicyNotAuthorized."""
        info = self.caller(req)
        ENFORCER.enforce(req.caller, action, target)
        return info

    def body(self, req: Request, shape: dict[str, Any] | None = None) -> dict[str, Any]:
        """The body, which may be missing. Raises BadRequest."""
        try:
            given = read_json(req) if req.content_length else {}
        except exception.MalformedRequestBody:
            raise exception.BadRequest(f"Expecting to find valid JSON in request body. {CLIENT_ERROR}") from None
        return dict(schema.check(given, shape)) if shape else given

    def member(self, req: Request, kind: Kind, row: Any) -> dict[str, Any]:
        """How a reply shows a row."""
        return kind.view(row) | {"links": {"self": f"{req.prefix}/v3/{kind.path}{kind.plural}/{row.id}"}}

    def collection(self, req: Request, kind: Kind, rows: Sequence[Any], limit: int | None = None) -> Reply:
        """How a reply shows several; if it was asked for `limit` of them, whether there are more."""
        more = limit is not None and len(rows) > limit
        links = {"next": None, "self": req.uri, "previous": None}
        if more:
            query = urlencode(req.query | {"limit": str(limit), "marker": rows[limit - 1].id})  # type: ignore[operator]
            links["next"] = f"{req.prefix}{req.path}?{query}"
        shown = {kind.plural: [self.member(req, kind, row) for row in rows[:limit]], "links": links}
        return Reply(200, shown | ({"truncated": True} if more else {}), VARY)

    def target(self, row: Any) -> dict[str, Any]:
        """What a rule may ask of a row."""
        own: dict[str, Any] = {name: getattr(row, name, None) for name in ("name", "user_id", "project_id")}
        own["domain_id"] = row.id if getattr(row, "is_domain", False) else getattr(row, "domain_id", None)
        own["project_id"] = row.id if isinstance(row, Project) else own["project_id"]
        own["user_id"] = row.id if isinstance(row, User) else own["user_id"]
        return own

    def found(self, req: Request, action: str, kind: Kind, id: str, **target: Any) -> Any:
        """A row that the caller may act on. Raises Unauthorized, PolicyNotAuthorized, NotFound."""
        try:
            row = kind.get(id)
        except exception.NotFound:
            self.enforce(req, action, **target)
            raise
        self.enforce(req, action, **self.target(row))
        return row


class Resources(Controller):
    """The handlers of every collection."""

    ROUTES: list[Entry] = [
        route
        for path in ("/v3/{kinds}", "/v3/OS-EP-FILTER/{kinds}")
        for route in (
            ("POST", path, "create_resource"),
            ("GET", path, "list_resources"),
            ("GET", path + "/{id}", "show_resource"),
            ("PATCH", path + "/{id}", "update_resource"),
            ("DELETE", path + "/{id}", "delete_resource"),
        )
    ] + [("PUT", "/v3/{kinds}/{id}", "create_region")]

    def create_resource(self, req: Request, kinds: str) -> Reply:
        """Make one. 201, 400, 401, 403, 404, 409."""
        kind = self._kind(req, kinds)
        self.caller(req)
        return self._create(req, kind, self.body(req, kind.create_schema)[kind.name])

    def create_region(self, req: Request, kinds: str, id: str) -> Reply:
        """Make a region with an id of the client's. 201, 400, 401, 403, 404, 405, 409."""
        kind = self._kind(req, kinds)
        if kind.name != "region":
            raise exception.MethodNotAllowed()
        self.caller(req)
        values = self.body(req, kind.create_schema)["region"]
        if values.setdefault("id", id) != id:
            raise exception.BadRequest(f'Conflicting region IDs specified: "{id}" != "{values["id"]}"')
        return self._create(req, kind, values)

    def list_resources(self, req: Request, kinds: str) -> Reply:
        """Those that fit the query, a page of them with `limit` and `marker`. 200, 400, 401, 403."""
        kind, where = self._kind(req, kinds), []
        domain_id = self.caller(req).get("domain", {}).get("id")
        self.enforce(req, f"list_{kind.plural}", domain_id=domain_id)
        query = schema.check(req.query, kind.query_schema)
        if domain_id and kind.name in ("domain", "user", "group", "project"):
            where.append((kind.model.id if kind.name == "domain" else kind.model.domain_id) == domain_id)
        if kind.name == "user" and FEDERATED & query.keys():
            return self.collection(req, kind, [])
        limit = self._limit(query)
        more = None if limit is None else limit + 1
        return self.collection(req, kind, kind.find(query, *where, marker=query.get("marker"), limit=more), limit)

    def show_resource(self, req: Request, kinds: str, id: str) -> Reply:
        """One. 200, 401, 403, 404."""
        kind = self._kind(req, kinds)
        return Reply(200, {kind.name: self.detail(req, kind, self.found(req, f"get_{kind.name}", kind, id))}, VARY)

    def update_resource(self, req: Request, kinds: str, id: str) -> Reply:
        """Change one. 200, 400, 401, 403, 404, 409."""
        kind = self._kind(req, kinds)
        self.found(req, f"update_{kind.name}", kind, id)
        row = kind.update(id, self.body(req, kind.update_schema)[kind.name])
        shown = self.member(req, kind, row)
        if kind.name in ("user", "project"):
            shown["extra"] = row.extra  # upstream shows it twice here
        return Reply(200, {kind.name: shown}, VARY)

    def delete_resource(self, req: Request, kinds: str, id: str) -> Reply:
        """Delete one. 204, 401, 403, 404."""
        kind = self._kind(req, kinds)
        self.found(req, f"delete_{kind.name}", kind, id)
        kind.delete(id)
        return Reply(204, None, VARY)

    def detail(self, req: Request, kind: Kind, row: Any) -> dict[str, Any]:
        """How a row is shown alone."""
        return self.member(req, kind, row)

    def _create(self, req: Request, kind: Kind, values: dict[str, Any]) -> Reply:
        self.enforce(req, f"create_{kind.name}", domain_id=values.get("domain_id"))
        if kind.name in ("user", "group", "project") and not (values.get("domain_id") or values.get("parent_id")):
            values["domain_id"] = req.caller.domain_id or DEFAULT_DOMAIN
        return Reply(201, {kind.name: self.member(req, kind, kind.create(values))}, VARY)

    def _kind(self, req: Request, kinds: str) -> Any:
        prefix = "OS-EP-FILTER/" if "/OS-EP-FILTER/" in req.path else ""
        if (kind := self.identity.by_path.get(prefix + kinds)) is None:
            raise exception.RouteNotFound()
        return kind

    def _limit(self, query: dict[str, str]) -> int | None:
        try:
            limit = int(query.get("limit", 0))
        except ValueError:
            raise exception.BadRequest(f"Invalid input for query parameters limit. Value: {query['limit']}.") from None
        return min(limit, MAX_LIMIT) if limit > 0 else None


def read_json(req: Request) -> dict[str, Any]:
    """A body that is said to be JSON, or nothing. Raises BadRequest."""
    kind = (req.content_type or "").partition(";")[0].strip()
    if kind and kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise exception.BadRequest(f"Expecting to find application/json in Content-Type header. {CLIENT_ERROR}")
    return req.json_body()
