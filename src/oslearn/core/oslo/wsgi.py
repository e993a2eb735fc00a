"""The front door of every API: its routes as data, a service's table of contents, behind one WSGI callable.

Interface: a `Route` names its handler: a part of the API and a method of it, which takes a `Request` and the template's
values, and returns a dict, a `Reply`, or None (204). `Door` is what a service asks before a handler runs. `Operation`
is a route with its handler. `Application(parts, routes, fault, ids, middleware, door)` → a WSGI callable, which
`Application.extend` lets serve more.
Invariants: every reply carries a request id, but for those of `unnamed` paths; every error has its service's own
shape; a handler's unforeseen exception is a 500 that tells nothing of the inside.
Upstream: each service's `wsgi.py` and `openstack/common/wsgi.py`; placement/handler.py has such a table, the checks are
the decorators of nova/api/openstack/wsgi.py; oslo.middleware's `RequestId`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from types import SimpleNamespace
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import falcon
from falcon.routing import CompiledRouter

from oslearn.core.oslo import context as oslo_context
from oslearn.core.oslo import exception, schema
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import Body, RequestContext
from oslearn.core.oslo.db import retry
from oslearn.core.oslo.exception import RouteNotFound
from oslearn.core.oslo.http import Reply, Request, Version, write
from oslearn.core.oslo.policy import Enforcer, Rule

LOG = logging.getLogger(__name__)
REQUEST_ID = re.compile(r"req-[0-9a-f-]{36}")

Handler = Callable[..., Any]
"""`handler(req, **values)`, with `wanted`, the body, if its route says what that must be."""

Fault = Callable[[Request, exception.OpenStackError], Reply | None]
"""A service's reply to an error, unless the error has a `reply`; None if the service has none: see `page`."""


LONGEST = r"(\d{1000})\d{3000,}"  # of so many digits Python makes no number, and no number that there is has more
UNEXPECTED = "The server has either erred or is incapable of performing the requested operation."
"""What WebOb says of a 500, and with it Glance and Cinder."""
BAD_REQUEST = "The server could not comply with the request since it is either malformed or otherwise incorrect."
"""What WebOb says of a 400, and of a 405, where nobody says more."""


@dataclass(frozen=True)
class Route:
    """One operation of an API, a line of its table of contents.

    `where` is the method and the path's template; `handler` names a part and a method of it: `"servers.show"`. `policy`
    is the rule that must let the caller pass before the body is read; where the rule needs the thing itself, the
    handler asks. `body` and `query` are what those must be, as the service's door reads it; `status` is the reply's;
    `since` and `until` are the first and the last microversion.
    """

    where: str
    handler: str
    policy: str | None = None
    body: Any = None
    query: Any = None
    status: int = 200
    since: Version = (0, 0)
    until: Version = (99, 999)

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.where.partition(" ")[0]

    @property
    def path(self) -> str:
        """The path's template."""
        return self.where.partition(" ")[2].strip()


class Door:
    """What a service asks of a request before its handler runs; services with words of their own override a method."""

    def __init__(self, policy: Enforcer) -> None:
        self.policy = policy

    def admit(self, req: Request, route: Route) -> None:
        """The microversion has the operation, and the caller may. Raises NotFound, PolicyNotAuthorized."""
        if not route.since <= req.microversion <= route.until:
            raise exception.NotFound()
        if route.policy is not None:
            self.policy.enforce(req.caller, route.policy)

    def read(self, req: Request, route: Route) -> Any:
        """The body, checked. Raises ValidationError, MalformedRequestBody, RequestEntityTooLarge."""
        return schema.check(req.json_body(), route.body)

    def run(self, handler: Handler, req: Request, values: Body) -> Any:
        """Call the handler."""
        return handler(req, **values)


class Operation:
    """A route with its handler: what falcon calls."""

    def __init__(self, route: Route, parts: Mapping[str, object], door: Door) -> None:
        """Raises LookupError, AttributeError for a handler that is not there."""
        part, _, name = route.handler.rpartition(".")
        self.route, self.door, self.handler = route, door, getattr(parts[part], name)
        leads = getattr(parts[part], "leads_to", None)
        self.work: Handler = leads(name) if leads else self.handler

    def __call__(self, req: Request, resp: falcon.Response, **values: object) -> None:
        """Ask the door, run the handler, write what it returns."""
        req.env["oslearn.handler"] = self.work
        self.door.admit(req, self.route)
        # A body that was read away, such as an image's data, is not there a second time.
        result = retry(partial(self.run, req, values), lambda: "sent" in vars(req) or not req.content_length)
        if not isinstance(result, Reply):
            result = Reply(204 if result is None and self.route.status == 200 else self.route.status, result)
        write(resp, result)

    def run(self, req: Request, values: Body) -> Any:
        """Read the body and run the handler."""
        if self.route.body is not None:
            values["wanted"] = self.door.read(req, self.route)
        return self.door.run(self.handler, req, values)


class Application:
    """A falcon application and what the trace needs to know of it.

    `parts` are the API's objects by the names that routes give them. One of the extensions' may have
    `leads_to(name)`: the method that does the work of its handler `name`, if that handler serves several resources; the
    trace leads there.
    """

    reworded: Callable[[Request, exception.OpenStackError], exception.OpenStackError]
    """An error as the cloud words it: it may mask what the message quotes, and add to it."""
    page: Callable[[Request, exception.OpenStackError], Reply]
    """The reply to an error that does not come from the service itself: upstream WebOb writes it."""
    unnamed: Sequence[str] = ()
    """Paths whose reply carries no request id: upstream's filter is not in their way. `req.context.unnamed` says so of
    one request."""

    def __init__(
        self,
        parts: Mapping[str, object],
        routes: Sequence[Route],
        fault: Fault,
        ids: Ids,
        middleware: Sequence[Any] = (),
        door: Door | None = None,
        *,
        unexpected: str = UNEXPECTED,
    ) -> None:
        """`unexpected` is the service's message for an error that nobody foresaw; `{}` in it is the error's class."""
        self.door, self.fault, self.ids, self.unexpected = door or Door(Enforcer({})), fault, ids, unexpected
        self.operations: list[Operation] = []
        self.reworded, self.page = lambda req, error: error, page
        self.middleware = [self, *middleware]
        self.extend(parts, routes)

    @property
    def routes(self) -> list[Route]:
        """The table of contents."""
        return [operation.route for operation in self.operations]

    def extend(
        self, parts: Mapping[str, object], routes: Sequence[Route], rules: Mapping[str, Rule] | None = None
    ) -> None:
        """Serve these operations, too, or in the place of what was there; `rules` are the policy's for them."""
        self.door.policy.rules |= rules or {}
        places = {route.where for route in routes}
        self.operations = [one for one in self.operations if one.route.where not in places]
        self.operations += [Operation(route, parts, self.door) for route in routes]
        vars(self).pop("app", None)

    @cached_property
    def app(self) -> falcon.App[Request, falcon.Response]:
        """What serves the routes. It is made for the first request: many a cloud never asks for some of its APIs."""
        self.served = {operation.route.where: operation for operation in self.operations}
        app = falcon.App(request_type=Request, middleware=self.middleware, router=router(tuple(self.served)))
        app.req_options.strip_url_path_trailing_slash = True
        app.add_error_handler((Exception, falcon.HTTPError), self.handle_error)
        return app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request as PEP 3333 has it."""
        token = oslo_context.current.set(self.new_context(environ.get("HTTP_X_OPENSTACK_REQUEST_ID", "")))
        environ["QUERY_STRING"] = re.sub(LONGEST, r"\1", environ["QUERY_STRING"])
        try:
            return self.app(environ, start_response)
        finally:
            oslo_context.current.reset(token)

    def new_context(self, given: str) -> RequestContext:
        """A context with its own request id, or with the one that the caller passes on."""
        return RequestContext(given if REQUEST_ID.fullmatch(given) else f"req-{self.ids.uuid()}")

    def process_request(self, req: Request, resp: falcon.Response) -> None:
        """Put the context where handlers find it, and the handlers where their paths find them."""
        req.env["oslearn.served"] = self.served
        req.caller = oslo_context.current.get() or self.new_context("")

    def process_response(self, req: Request, resp: falcon.Response, resource: object, succeeded: bool) -> None:
        """Tell the id in the reply, and who asked to whoever watches the port."""
        if (seen := req.env.get("oslearn.seen")) is not None and (info := req.env.get("keystone.token_info")):
            seen["user"] = info["user"]["name"]
        if req.path not in self.unnamed and not getattr(req.context, "unnamed", False):
            resp.set_header("x-openstack-request-id", req.caller.request_id)

    def handle_error(self, req: Request, resp: falcon.Response, error: Exception, params: dict[str, str]) -> None:
        """Turn any error into this service's shape."""
        known = self.reworded(req, translate(error, self.unexpected))
        if known.code >= 500:
            LOG.error("%s %s: %s", req.method, req.path, error, exc_info=error)
        shaped = self.fault(req, known) if known.served else None
        reply = getattr(known, "reply", None) or shaped or self.page(req, known)
        write(resp, replace(reply, headers=reply.headers | dict(getattr(error, "headers", None) or {})))


def page(req: Request, error: exception.OpenStackError) -> Reply:
    """What there is to say of an error that no service has a shape for."""
    return Reply(error.code, {"code": error.code, "title": error.title, "message": str(error)})


@cache
def router(served: tuple[str, ...]) -> CompiledRouter:
    """What finds a path. All clouds of a process share it: to make it takes longer than most requests."""
    made, found = CompiledRouter(), dict[str, dict[str, Callable[..., None]]]()
    for where in served:
        method, _, path = where.partition(" ")
        found.setdefault(path.strip(), {})[f"on_{method.lower()}"] = leading(where)
    for path, responders in found.items():
        made.add_route(path, SimpleNamespace(**responders))
    return made


def leading(where: str) -> Callable[..., None]:
    """What falcon calls: it leads to that operation of the application that was asked."""
    return lambda req, resp, **values: req.env["oslearn.served"][where](req, resp, **values)


def translate(error: Exception, unexpected: str) -> exception.OpenStackError:
    """An error of the tree for any error: falcon's by their status, an unforeseen one as a bare 500."""
    if isinstance(error, exception.OpenStackError):
        return error
    if isinstance(error, falcon.HTTPRouteNotFound):
        return RouteNotFound()
    if isinstance(error, falcon.HTTPError):
        by_code = {c.code: c for c in exception.OpenStackError.__subclasses__()}
        return by_code.get(error.status_code, exception.BadRequest)()
    return exception.OpenStackError(unexpected.format(type(error)))
