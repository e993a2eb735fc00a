"""The process placement: a REST API over an inventory of resources. It is the only thing that other services see.

Interface: `ROUTES`, the table of contents; `RULES`, `REFUSED`, the policy; `Versions`, microversions in Placement's
words; `Dates`.
Invariants: only admins and services may ask; the version is read before there is a route, so that a 404 is in its
shape, too.
Upstream: placement/handler.py, placement/policies/, placement/microversion.py. Left out: POST /reshaper; Last-Modified
is the time of the reply.
"""

from __future__ import annotations

from falcon import Response

from oslearn.core.oslo import policy
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.http import Microversions, Request, Version, version_text
from oslearn.core.oslo.wsgi import Route

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
REFUSED = "Policy does not allow placement:%(action)s to be performed."


class Versions(Microversions):
    """Negotiates before there is a route; who is not understood is told no version."""

    def __init__(self) -> None:
        super().__init__("placement", (1, 0), (1, 39))

    def process_request(self, req: Request, resp: Response) -> None:
        """Raises BadRequest, NotAcceptable."""
        self.negotiate(req, resp)
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


class Dates:
    """Dates what is read."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def process_response(self, req: Request, resp: Response, resource: object, succeeded: bool) -> None:
        """From 1.15 on a reply says how old it is."""
        if succeeded and resp.data and req.microversion >= (1, 15):
            resp.set_header("cache-control", "no-cache")
            resp.last_modified = self.clock.now()
