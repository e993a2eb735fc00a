"""Routes as data: a service's table of contents, and what happens between a route and its handler.

Interface: a `Route` names its handler: a part of the API and a method of it, which takes a `Request` and the template's
values, and returns a dict, a `Reply`, or None (204). `Door` is what a service asks before a handler runs. `Operation`
is a route with its handler.
Upstream: placement/handler.py has such a table; the checks are the decorators of nova/api/openstack/wsgi.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import falcon

from oslearn.core.oslo import exception, schema
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request, write
from oslearn.core.oslo.microversion import Version
from oslearn.core.oslo.policy import Enforcer

Handler = Callable[..., Any]
"""`handler(req, **values)`, with `wanted`, the body, if its route says what that must be."""


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
        self.place = place(self.work)

    def __call__(self, req: Request, resp: falcon.Response, **values: object) -> None:
        """Ask the door, run the handler, write what it returns."""
        req.env["oslearn.handler"] = self.place
        self.door.admit(req, self.route)
        if self.route.body is not None:
            values["wanted"] = self.door.read(req, self.route)
        result = self.door.run(self.handler, req, values)
        if not isinstance(result, Reply):
            result = Reply(204 if result is None and self.route.status == 200 else self.route.status, result)
        write(resp, result)


def place(handler: Handler) -> tuple[str, int] | None:
    """The file and the line where a handler stands, for the trace."""
    code = getattr(handler, "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code else None
