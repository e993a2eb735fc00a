"""The process placement: a REST API over an inventory of resources. It is the only thing that other services see.

Interface: `ROUTES`, the table of contents; `parts(handle)` are the objects that it names; `RULES`; `Versions`,
`limits()`: microversions in Placement's words; `build(parts, routes, rules, ids, clock, middleware)` → the application.
Invariants: only admins and services may ask, but anybody who reads a project may ask what it uses; the version is read
before there is a route, so that a 404 is in its shape, too.
Upstream: placement/handler.py, placement/policies/, placement/microversion.py. Left out: POST /reshaper; Last-Modified
is the time of the reply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from falcon import Response
from sqlalchemy.orm.exc import StaleDataError

from oslearn.core.oslo import policy
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, NotAcceptable, NotFound
from oslearn.core.oslo.http import Microversions, Request, Version, version_text
from oslearn.core.oslo.wsgi import Application, Door, Handler, Route
from oslearn.core.placement import exception
from oslearn.core.placement.allocations import Allocations
from oslearn.core.placement.candidates import Candidates
from oslearn.core.placement.schemas import extract_json

PROVIDER = "/resource_providers/{uuid}"
CONSUMER = "/allocations/{consumer_uuid}"
ROUTES = [
    # nova-scheduler asks who could give what a flavor needs, and claims it of one; all that was claimed goes back.
    Route("GET /allocation_candidates", "candidates.list_candidates", "list_candidates", since=(1, 10)),
    Route(f"GET {CONSUMER}", "allocations.list_for_consumer", "list_for_consumer"),
    Route(f"PUT {CONSUMER}", "allocations.set_allocations", "set_allocations"),
    Route(f"DELETE {CONSUMER}", "allocations.delete_allocations", "delete_allocations"),

    # nova-compute looks who uses its host before it builds.
    Route(f"GET {PROVIDER}/allocations", "allocations.list_for_provider", "list_for_provider"),
]  # fmt: skip
RULES: dict[str, policy.Rule] = {str(route.policy): policy.admin_or_service for route in ROUTES}
MINIMUM, MAXIMUM = (1, 0), (1, 39)


def limits() -> dict[str, str]:
    """The oldest and the newest version, as replies name them."""
    return {"max_version": version_text(MAXIMUM), "min_version": version_text(MINIMUM)}


class Versions(Microversions):
    """Negotiates before there is a route; who is not understood is told no version."""

    def __init__(self) -> None:
        super().__init__("placement", MINIMUM, MAXIMUM)

    def process_request(self, req: Request, resp: Response) -> None:
        """Raises BadRequest, NotAcceptable."""
        asked = str(self._asked(req))
        try:
            self.negotiate(req, resp)
        except BadRequest:
            why = next((f"; {error}" for error in map(_number, asked.split(".", 1)) if error), "")
            raise BadRequest(f"Invalid microversion: invalid version string: {asked}{why}") from None
        except NotAcceptable:
            why = f"Invalid microversion: Unacceptable version header: {asked}"
            raise NotAcceptable(why, shown=limits()) from None
        req.context.negotiated = True
        resp.set_header("openstack-api-version", f"placement {version_text(req.microversion)}")

    def process_resource(self, req: Request, resp: Response, resource: object, params: dict[str, str]) -> None:
        """All is done."""

    def tell(self, resp: Response, version: Version) -> None:
        """Not yet: the version may not be there."""

    def process_response(self, req: Request, resp: Response, resource: object, succeeded: bool) -> None:
        """What is refused outside of a handler does not vary."""
        if getattr(req.context, "negotiated", False) and str(resp.status)[:3] not in ("403", "404"):
            resp.set_header("vary", "openstack-api-version")


def _number(text: str) -> str:
    """Python's words for why a text is no number; none if it is one."""
    try:
        int(text)
    except ValueError as error:
        return str(error)
    return ""


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
    return {"candidates": Candidates(handle), "allocations": Allocations(handle)}


def build(
    parts: Mapping[str, object],
    routes: Sequence[Route],
    rules: Mapping[str, policy.Rule],
    ids: Ids,
    clock: Clock,
    middleware: Sequence[object],
) -> Application:
    door = PlacementDoor(policy.Enforcer(rules, "Policy does not allow placement:%(action)s to be performed."))
    return Application(parts, routes, exception.fault, ids, [*middleware, Versions(), Dates(clock)], door)
