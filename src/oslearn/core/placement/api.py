"""The process placement: a REST API over an inventory of resources. It is the only thing that other services see.

Interface: `build(handle, ids, middleware)` → the application. `ROUTES` is the table of contents: method, path,
handler, the microversion that brought it.
Invariants: only admins and services may ask, but anybody who reads a project may ask what it uses.
Upstream: placement/handler.py, placement/policies/. Left out: POST /reshaper; Last-Modified is the time of the reply.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.oslo import microversion, policy
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, MethodNotAllowed, NotAcceptable, NotFound
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.microversion import Microversions, Version
from oslearn.core.oslo.wsgi import Application
from oslearn.core.placement import exception
from oslearn.core.placement.allocations import Allocations
from oslearn.core.placement.candidates import Candidates
from oslearn.core.placement.names import Names
from oslearn.core.placement.providers import Providers

MINIMUM, MAXIMUM = (1, 0), (1, 39)
PROVIDER = "/resource_providers/{uuid}"
ROUTES: list[tuple[str, str, str, tuple[int, int]]] = [
    ("GET", "/", "show_root", (1, 0)),
    ("GET", "/resource_providers", "list_providers", (1, 0)),
    ("POST", "/resource_providers", "create_provider", (1, 0)),
    ("GET", PROVIDER, "show_provider", (1, 0)),
    ("PUT", PROVIDER, "update_provider", (1, 0)),
    ("DELETE", PROVIDER, "delete_provider", (1, 0)),
    ("GET", PROVIDER + "/inventories", "list_inventories", (1, 0)),
    ("POST", PROVIDER + "/inventories", "create_inventory", (1, 0)),
    ("PUT", PROVIDER + "/inventories", "set_inventories", (1, 0)),
    ("DELETE", PROVIDER + "/inventories", "delete_inventories", (1, 5)),
    ("GET", PROVIDER + "/inventories/{resource_class}", "show_inventory", (1, 0)),
    ("PUT", PROVIDER + "/inventories/{resource_class}", "update_inventory", (1, 0)),
    ("DELETE", PROVIDER + "/inventories/{resource_class}", "delete_inventory", (1, 0)),
    ("GET", PROVIDER + "/usages", "list_usages", (1, 0)),
    ("GET", PROVIDER + "/aggregates", "list_aggregates", (1, 1)),
    ("PUT", PROVIDER + "/aggregates", "set_aggregates", (1, 1)),
    ("GET", PROVIDER + "/allocations", "list_for_provider", (1, 0)),
    ("GET", PROVIDER + "/traits", "list_provider_traits", (1, 6)),
    ("PUT", PROVIDER + "/traits", "set_provider_traits", (1, 6)),
    ("DELETE", PROVIDER + "/traits", "delete_provider_traits", (1, 6)),
    ("GET", "/resource_classes", "list_resource_classes", (1, 2)),
    ("POST", "/resource_classes", "create_resource_class", (1, 2)),
    ("GET", "/resource_classes/{name}", "show_resource_class", (1, 2)),
    ("PUT", "/resource_classes/{name}", "update_resource_class", (1, 7)),
    ("DELETE", "/resource_classes/{name}", "delete_resource_class", (1, 2)),
    ("GET", "/traits", "list_traits", (1, 6)),
    ("GET", "/traits/{name}", "show_trait", (1, 6)),
    ("PUT", "/traits/{name}", "put_trait", (1, 6)),
    ("DELETE", "/traits/{name}", "delete_trait", (1, 6)),
    ("GET", "/allocation_candidates", "list_candidates", (1, 10)),
    ("POST", "/allocations", "set_many_allocations", (1, 13)),
    ("GET", "/allocations/{consumer_uuid}", "list_for_consumer", (1, 0)),
    ("PUT", "/allocations/{consumer_uuid}", "set_allocations", (1, 0)),
    ("DELETE", "/allocations/{consumer_uuid}", "delete_allocations", (1, 0)),
    ("GET", "/usages", "list_total_usages", (1, 9)),
]
SINCE = {handler: since for _, _, handler, since in ROUTES}
RULES: dict[str, policy.Rule] = dict.fromkeys(SINCE, policy.admin_or_service) | {
    "show_root": lambda context, target: True,
    "list_total_usages": lambda context, target: policy.project_reader(context, target),
}


class Api(Providers, Allocations, Candidates, Names):
    """Every handler."""

    def show_root(self, req: Request) -> dict[str, Any]:
        """The versions there are; no token is needed. 200."""
        limits = {"max_version": microversion.text(MAXIMUM), "min_version": microversion.text(MINIMUM)}
        return {"versions": [{"id": "v1.0", **limits, "status": "CURRENT", "links": [{"rel": "self", "href": ""}]}]}


class Versions(Microversions):
    """Negotiates in Placement's words, and before there is a route; who is not understood is told no version."""

    def process_request(self, req: Request, resp: Any) -> None:
        """Raises BadRequest, NotAcceptable."""
        asked = str(self._asked(req))
        try:
            self.negotiate(req, resp)
        except BadRequest:
            why = next((f"; {error}" for error in map(_number, asked.split(".", 1)) if error), "")
            raise BadRequest(f"Invalid microversion: invalid version string: {asked}{why}") from None
        except NotAcceptable:
            limits = {"max_version": microversion.text(MAXIMUM), "min_version": microversion.text(MINIMUM)}
            raise NotAcceptable(f"Invalid microversion: Unacceptable version header: {asked}", shown=limits) from None
        req.context.negotiated = True
        resp.set_header("openstack-api-version", f"placement {microversion.text(req.microversion)}")

    def process_resource(self, req: Request, resp: Any, resource: Any, params: dict[str, str]) -> None:
        """All is done."""

    def tell(self, resp: Any, version: Version) -> None:
        """Not yet: the version may not be there."""

    def process_response(self, req: Request, resp: Any, resource: Any, succeeded: bool) -> None:
        """What is refused outside of a handler does not vary."""
        if getattr(req.context, "negotiated", False) and resp.status[:3] not in ("403", "404"):
            resp.set_header("vary", "openstack-api-version")


def _number(text: str) -> str:
    """Why it is none."""
    try:
        int(text)
    except ValueError as error:
        return str(error)
    return ""


class Guard:
    """Looks up a handler's microversion and rule, and dates what is read."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.policy = policy.Enforcer(RULES, "Policy does not allow placement:%(action)s to be performed.")

    def process_resource(self, req: Request, resp: Any, resource: Any, params: dict[str, str]) -> None:
        """Raises NotFound, MethodNotAllowed, PolicyNotAuthorized."""
        route = resource.routes.get(req.method)
        if route is None:
            return
        name = route.handler.removeprefix("api.")
        if req.microversion < SINCE[name]:
            raise MethodNotAllowed() if name == "delete_inventories" else NotFound()
        self.policy.enforce(req.caller, name, {"project_id": req.query.get("project_id", "")})

    def process_response(self, req: Request, resp: Any, resource: Any, succeeded: bool) -> None:
        """From 1.15 on a reply says how old it is."""
        if succeeded and resp.data and req.microversion >= (1, 15):
            resp.set_header("cache-control", "no-cache")
            resp.last_modified = self.clock.now()


def build(handle: Handle, ids: Ids, clock: Clock, middleware: list[Any]) -> Application:
    """Placement's application."""
    versions = Versions("placement", MINIMUM, MAXIMUM)
    routes = [route[:3] for route in ROUTES]
    return Application(Api(handle, ids), routes, exception.fault, ids, [*middleware, versions, Guard(clock)])
