"""The process placement: a REST API over an inventory of resources. It is the only thing that other services see.

Interface: `ROUTES`, the table of contents; `parts(handle)` are the objects that it names; `RULES`;
`build(parts, routes, rules, ids, clock, middleware)` → the application.
Invariants: only admins and services may ask, but anybody who reads a project may ask what it uses.
Upstream: placement/handler.py, placement/policies/. Left out: POST /reshaper; Last-Modified is the time of the reply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from falcon import Response
from sqlalchemy.orm.exc import StaleDataError

from oslearn.core.oslo import policy
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import NotFound
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.route import Door, Handler, Route
from oslearn.core.oslo.wsgi import Application
from oslearn.core.placement import exception
from oslearn.core.placement.allocations import Allocations
from oslearn.core.placement.candidates import Candidates
from oslearn.core.placement.microversion import Versions, limits
from oslearn.core.placement.util import extract_json

PROVIDER = "/resource_providers/{uuid}"
CONSUMER = "/allocations/{consumer_uuid}"
ROUTES = [
    Route("GET /", "root.show_root", "show_root"),

    # nova-scheduler asks who could give what a flavor needs, and claims it of one; all that was claimed goes back.
    Route("GET /allocation_candidates", "candidates.list_candidates", "list_candidates", since=(1, 10)),
    Route(f"GET {CONSUMER}", "allocations.list_for_consumer", "list_for_consumer"),
    Route(f"PUT {CONSUMER}", "allocations.set_allocations", "set_allocations"),
    Route(f"DELETE {CONSUMER}", "allocations.delete_allocations", "delete_allocations"),

    # nova-compute looks who uses its host before it builds.
    Route(f"GET {PROVIDER}/allocations", "allocations.list_for_provider", "list_for_provider"),
]  # fmt: skip
RULES: dict[str, policy.Rule] = {str(route.policy): policy.admin_or_service for route in ROUTES}
RULES["show_root"] = lambda context, target: True


class Root:
    """Says what versions there are."""

    def show_root(self, req: Request) -> Body:
        """The versions there are; no token is needed. 200."""
        return {"versions": [{"id": "v1.0", **limits(), "status": "CURRENT", "links": [{"rel": "self", "href": ""}]}]}


class PlacementDoor(Door):
    """Finds a body's shape by the microversion, and has its own words for what does not fit."""

    def admit(self, req: Request, route: Route) -> None:
        """Raises NotFound, PolicyNotAuthorized."""
        if req.microversion < route.since:
            raise NotFound()
        self.policy.enforce(req.caller, str(route.policy), {"project_id": req.query.get("project_id", "")})

    def read(self, req: Request, route: Route) -> object:
        """A body, which may be a list. Raises BadRequest, UnsupportedMediaType."""
        return extract_json(req, route.body)

    def run(self, handler: Handler, req: Request, values: Body) -> object:
        """Call the handler. Raises ConcurrentUpdate if somebody else was quicker to change a provider."""
        try:
            return handler(req, **values)
        except StaleDataError:
            raise exception.ConcurrentUpdate() from None


class Dates:
    """Dates what is read."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def process_response(self, req: Request, resp: Response, resource: object, succeeded: bool) -> None:
        """From 1.15 on a reply says how old it is."""
        if succeeded and resp.data and req.microversion >= (1, 15):
            resp.set_header("cache-control", "no-cache")
            resp.last_modified = self.clock.now()


def parts(handle: Handle) -> dict[str, object]:
    """What the table of contents names."""
    return {"root": Root(), "candidates": Candidates(handle), "allocations": Allocations(handle)}


def build(
    parts: Mapping[str, object],
    routes: Sequence[Route],
    rules: Mapping[str, policy.Rule],
    ids: Ids,
    clock: Clock,
    middleware: Sequence[object],
) -> Application:
    """The process placement: parts, routes and rules behind one door."""
    door = PlacementDoor(policy.Enforcer(rules, "Policy does not allow placement:%(action)s to be performed."))
    return Application(parts, routes, exception.fault, ids, [*middleware, Versions(), Dates(clock)], door)
