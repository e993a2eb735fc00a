"""The process nova-api: its parts behind one door.

Interface: `build(...)` → the application with the core's routes, to which `Application.extend` adds others;
`NovaDoor`; `ROUTES`, the core's table of contents (the rest: `oslearn.extensions.nova.routes`); `RULES`, its policy;
`MICROVERSIONS`, those that are served.
Upstream: nova/api/openstack/compute/routes.py, nova/api/openstack/wsgi.py, nova/policies/.
"""

from __future__ import annotations

from collections.abc import Sequence

import falcon

from oslearn.core.nova.api import external_events, servers, views
from oslearn.core.nova.api.classic import ClassicAPI
from oslearn.core.nova.api.external_events import EventsDoor
from oslearn.core.nova.api.servers import POLICY, ServerAccess, Servers
from oslearn.core.nova.api.validation import V, check_body, check_query, strict
from oslearn.core.nova.api.views import ServerReader
from oslearn.core.nova.compute.api import API
from oslearn.core.nova.compute.api_create import BootChecks
from oslearn.core.nova.compute.manager import Calls
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import NotFound, RouteNotFound, UnsupportedMediaType
from oslearn.core.oslo.http import Microversions, Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Application, Door, Route

UNEXPECTED = (
    "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if "
    "possible.\n{}"
)
RULES = servers.RULES | external_events.RULES
OPEN_PATHS = ("/", "/v2", "/v2.1")
"""What needs no token: the versions that there are."""
BODIES = ("text/plain", "application/json", "application/vnd.openstack.compute+json")
"""What a body may be said to be; plain text is what says nothing."""
NO_QUERY = (V({}, until=101), V(strict({})))
"""The query of an operation that takes none: since 2.102 that is refused."""

ROUTES = [
    Route("POST /v2.1/servers", "servers.create", body=servers.CREATE_SERVER),
    Route("GET /v2.1/servers/{server_id}", "servers.show", query=NO_QUERY),

    # what other services tell of servers
    Route("POST /v2.1/os-server-external-events", "external_events.create", "os-server-external-events:create",
          body=external_events.EXTERNAL_EVENTS),
]  # fmt: skip


class ComputeVersions(Microversions):
    """Nova tells the request's id under a name of its own as well; what has no handler is not found, not a 405."""

    def process_resource(self, req: Request, resp: falcon.Response, resource: object, params: Body) -> None:
        """Raises RouteNotFound, for a slash at the end as well: it is an id that is empty. The list of versions has no
        version itself.
        """
        nameless = req.env["PATH_INFO"].endswith("/") and req.path not in OPEN_PATHS
        if nameless or not hasattr(resource, f"on_{req.method.lower()}"):
            raise RouteNotFound()
        req.microversion = self.minimum
        if req.path != "/":
            self.negotiate(req, resp)
        if (req.content_type or "text/plain").partition(";")[0].strip() not in BODIES:
            raise UnsupportedMediaType("Unsupported Content-Type")

    def process_response(self, req: Request, resp: falcon.Response, resource: object, succeeded: bool) -> None:
        """Say the id under Nova's own name, too; and of a reply without content a type and a length."""
        if req.path != "/" and not getattr(req.context, "unnamed", False):
            resp.set_header("x-compute-request-id", req.caller.request_id)
        if str(resp.status).startswith("204"):
            resp.set_headers({"Content-Type": "application/json", "Content-Length": "0"})


MICROVERSIONS = ComputeVersions("compute", (2, 1), (2, 104), "X-OpenStack-Nova-API-Version")


class NovaDoor(Door):
    """Checks in upstream's order: the version (404), the query (400), the policy (403), then the body (400)."""

    def admit(self, req: Request, route: Route) -> None:
        """Raises NotFound, ValidationError, PolicyNotAuthorized."""
        if not route.since <= req.microversion <= route.until:
            raise NotFound()
        if route.query is not None:
            check_query(req, route.query)
        if route.policy is not None:
            self.policy.enforce(req.caller, POLICY.format(route.policy))

    def read(self, req: Request, route: Route) -> Body:
        """The body, as the version has it. Raises ValidationError, MalformedRequestBody, RequestEntityTooLarge."""
        return check_body(req, route.body)


def compute_api(db: NovaDB, checks: BootChecks, calls: Calls, classic: bool) -> API | ClassicAPI:
    """What nova-api does with a boot, today or in 2013."""
    if classic:
        return ClassicAPI(db, checks, calls.scheduler)
    return API(db, checks, calls.tasks, calls.volume_api)


def build(
    db: NovaDB, compute: API | ClassicAPI, reader: ServerReader, events: EventsDoor, ids: Ids,
    middleware: Sequence[object],
) -> Application:  # fmt: skip
    """nova-api, as far as a boot needs it; `Application.extend` adds the rest."""
    policy = Enforcer(RULES)
    parts = {"servers": Servers(ServerAccess(db, policy), reader, compute, ids), "external_events": events}
    layers = [*middleware, MICROVERSIONS]
    app = Application(parts, ROUTES, views.fault, ids, layers, NovaDoor(policy), unexpected=UNEXPECTED)
    app.unnamed = ("/",)  # it comes before the filter that gives a request its id
    return app
