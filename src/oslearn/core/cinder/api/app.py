"""cinder-api, the front door: what happens between a request and its handler.

Interface: `/v3` and what the tables of routes say below it, with the project's id in the path or without; microversions
3.0 to 3.71: `MICROVERSIONS` and `Gate` are middleware, `CinderDoor` is behind it; `after(req, step)`; `fault`.
Invariants: a handler runs in one transaction, after its route's microversion, policy and body were checked; messages go
out when it has ended; a project in the path is the token's; a path that is not served is 404, whatever the method.
Upstream: cinder/api/openstack/wsgi.py, cinder/api/v3/router.py. Left out: consistency groups (`/consistencygroups`,
`/cgsnapshots`), managing what a backend has (`/os-volume-manage`, `/os-snapshot-manage`, `/manageable_volumes`,
`/manageable_snapshots`, `/capabilities`), clusters (`/clusters`, `/workers`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from falcon import Response

from oslearn.core.cinder.db import CinderDB
from oslearn.core.oslo import exception, schema, wsgi
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Microversions, Reply, Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Door, Handler, Route

FAULT_NAMES = {
    400: "badRequest", 403: "forbidden", 404: "itemNotFound", 405: "badMethod", 409: "conflictingRequest",
    413: "overLimit", 415: "badMediaType", 503: "serviceUnavailable",
}  # fmt: skip


class VolumeVersions(Microversions):
    """What a route has is asked for in a version, and in the token's project."""

    def process_resource(self, req: Request, resp: Response, resource: object, params: Body) -> None:
        """Raises BadRequest for a project in the path that is not the token's."""
        self.negotiate(req, resp)
        if req.context.project.removeprefix("/") not in ("", req.caller.project_id):
            raise exception.BadRequest("Malformed request url")


MICROVERSIONS = VolumeVersions("volume", (3, 0), (3, 71))
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


def fault(req: Request, error: exception.OpenStackError) -> Reply | None:
    """Errors are named by their status; what no route has never reaches Cinder."""
    if isinstance(error, exception.RouteNotFound):
        return None
    inner: Body = {"code": error.code, "message": str(error) if error.code < 500 else wsgi.UNEXPECTED}
    if error.code != 413:
        return Reply(error.code, {FAULT_NAMES.get(error.code, "computeFault"): inner})
    return Reply(413, {"overLimit": inner | {"retryAfter": "0"}}, {"Retry-After": "0"})
