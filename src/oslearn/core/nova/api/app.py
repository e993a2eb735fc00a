"""The process nova-api: its parts behind one door.

Interface: `build(...)` → the application with the core's routes, to which `Application.extend` adds others;
`NovaDoor`; `ROUTES`, the core's table of contents (the rest: `oslearn.extensions.nova.routes`); `RULES`, its policy.
Upstream: nova/api/openstack/compute/routes.py, nova/api/openstack/wsgi.py, nova/policies/.
"""

from __future__ import annotations

from collections.abc import Sequence

from oslearn.core.nova.api import external_events, schemas, servers, versions, views
from oslearn.core.nova.api.common import POLICY, ServerAccess, ServerReader
from oslearn.core.nova.api.external_events import ExternalEvents
from oslearn.core.nova.api.servers import Boots, Servers
from oslearn.core.nova.api.validation import V, check_body, check_query, strict
from oslearn.core.nova.api.versions import Versions
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import NotFound
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Application, Door, Route

UNEXPECTED = (
    "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if "
    "possible.\n{}"
)
RULES = servers.RULES | external_events.RULES
NO_QUERY = (V({}, until=101), V(strict({})))
"""The query of an operation that takes none: since 2.102 that is refused."""

ROUTES = [
    Route("GET /", "versions.index"),
    Route("GET /v2", "versions.show_legacy"),
    Route("GET /v2.1", "versions.show"),

    Route("POST /v2.1/servers", "servers.create", body=schemas.CREATE_SERVER),
    Route("GET /v2.1/servers/{server_id}", "servers.show", query=NO_QUERY),

    # what other services tell of servers
    Route("POST /v2.1/os-server-external-events", "external_events.create", "os-server-external-events:create",
          body=external_events.EXTERNAL_EVENTS),
]  # fmt: skip


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


def build(
    db: NovaDB, compute: Boots, reader: ServerReader, events: ExternalEvents, ids: Ids, middleware: Sequence[object]
) -> Application:
    policy = Enforcer(RULES)
    parts = {
        "versions": Versions(),
        "servers": Servers(ServerAccess(db, policy), reader, compute, ids),
        "external_events": events,
    }
    layers = [*middleware, versions.MICROVERSIONS]
    app = Application(parts, ROUTES, views.fault, ids, layers, NovaDoor(policy), unexpected=UNEXPECTED)
    app.unnamed = versions.UNNAMED
    return app
