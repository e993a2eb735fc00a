"""What happens between a route of cinder-api and its handler.

Interface: `CinderDoor`; `after(req, step)`; `Action`, `Actions` for `POST .../action`; `Gate`, a middleware.
Invariants: a handler runs in one transaction, after its route's microversion, policy and body were checked; messages go
out when it has ended; a project in the path is the token's; a path that is not served is 404, whatever the method.
Upstream: cinder/api/openstack/wsgi.py, cinder/api/v3/router.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from falcon import Response

from oslearn.core.cinder.db import CinderDB
from oslearn.core.oslo import exception, schema
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request, Version
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Door, Handler, Route

OPEN = ("/", "/v3")


class CinderDoor(Door):
    """Of a body with one key the handler gets what is under it; handlers get a session after the request."""

    def __init__(self, policy: Enforcer, db: CinderDB) -> None:
        super().__init__(policy)
        self.db = db

    def read(self, req: Request, route: Route) -> object:
        """The body. Raises ValidationError, MalformedRequestBody."""
        shape = schema.of(req.microversion, route.body)
        given = schema.check(req.json_body(), shape)
        return next(iter(given.values())) if len(shape.get("properties", ())) == 1 else given

    def run(self, handler: Handler, req: Request, values: Body) -> object:
        """Run, commit, then do what was left for then: who gets a message must find what it is about."""
        req.context.after = []
        with self.db.session() as session:
            result = handler(req, session, **values)
        for step in req.context.after:
            if body := step():
                result = replace(result, body=body) if isinstance(result, Reply) else body
        return result


def after(req: Request, step: Callable[[], object]) -> None:
    """Do something when the transaction has ended. What it returns replaces the reply's body."""
    req.context.after.append(step)


@dataclass(frozen=True)
class Action:
    """What a body of `POST .../action` may ask for: the handler, its policy, the body, the reply's status."""

    handler: str
    policy: str
    body: Body
    status: int = 202
    since: Version = (3, 0)


class Actions:
    """The actions of a kind of things, by the body's one key."""

    def __init__(self, part: object, table: Mapping[str, Action], policy: Enforcer) -> None:
        """`part` has the handlers. Raises AttributeError for one that it has not."""
        self.table, self.policy = table, policy
        self.handlers: dict[str, Handler] = {name: getattr(part, action.handler) for name, action in table.items()}

    def run(self, req: Request, *args: object) -> Reply:
        """Do what is asked for. Raises BadRequest, NotFound for a later microversion's, PolicyNotAuthorized."""
        body = req.json_body()
        name = next(iter(body), "")
        if name not in self.table:
            raise exception.BadRequest(f"There is no such action: {name}")
        action = self.table[name]
        values = schema.check(body, action.body)[name]
        if req.microversion < action.since:
            raise exception.NotFound()
        self.policy.enforce(req.caller, action.policy)
        return Reply(action.status, self.handlers[name](req, *args, values or {}))


class Gate:
    """Takes the project out of the path, and lets only what is served through."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.served = {(route.method, route.path) for route in routes}
        self.collections = {route.path.split("/")[2] for route in routes if route.path not in OPEN}

    def process_request(self, req: Request, resp: Response) -> None:
        """Take the project out. Raises RouteNotFound for a slash at the end."""
        req.context.project = ""
        if req.path in OPEN:
            return
        first, _, rest = req.path.removeprefix("/v3/").partition("/")
        if req.env["PATH_INFO"].endswith("/"):
            raise exception.RouteNotFound()
        if first not in self.collections and rest:
            req.context.project, req.path = f"/{first}", f"/v3/{rest}"

    def process_resource(self, req: Request, resp: Response, resource: object, params: Body) -> None:
        """Raises RouteNotFound for a method that the path has not."""
        if req.path not in OPEN and (req.method, str(req.uri_template)) not in self.served:
            raise exception.RouteNotFound()
        req.context.routed = True

    def process_response(self, req: Request, resp: Response, resource: object, succeeded: bool) -> None:
        """Tell the request's id by its old name as well, in the replies that upstream's `Resource` makes."""
        if getattr(req.context, "routed", False) and not (resp.content_type or "").startswith("text/html"):
            resp.set_header("x-compute-request-id", req.caller.request_id)
