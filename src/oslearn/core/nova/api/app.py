"""The process nova-api: its parts behind one door.

Interface: `build(...)` → the application with the core's routes, to which `Application.extend` adds others;
`NovaDoor`; `RULES`, the policy of the core.
Upstream: nova/api/openstack/compute/routes.py, nova/api/openstack/wsgi.py, nova/policies/.
"""

from __future__ import annotations

from collections.abc import Sequence

from oslearn.core.nova.api import external_events, servers, versions, views
from oslearn.core.nova.api.common import POLICY, ServerAccess, ServerReader
from oslearn.core.nova.api.external_events import ExternalEvents
from oslearn.core.nova.api.routes import ROUTES
from oslearn.core.nova.api.servers import Boots, Servers
from oslearn.core.nova.api.validation import check_body, check_query
from oslearn.core.nova.api.versions import Versions
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import NotFound
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.route import Door, Route
from oslearn.core.oslo.wsgi import Application, Front

UNEXPECTED = (
    "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if "
    "possible.\n{}"
)
RULES = servers.RULES | external_events.RULES


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
    """Put the core's parts behind one door."""
    policy = Enforcer(RULES)
    parts = {
        "versions": Versions(),
        "servers": Servers(ServerAccess(db, policy), reader, compute, ids),
        "external_events": events,
    }
    layers = [Front(("v2", "v2.1"), versions.choices), *middleware, versions.MICROVERSIONS]
    app = Application(parts, ROUTES, views.fault, ids, layers, NovaDoor(policy), unexpected=UNEXPECTED)
    app.unnamed = versions.UNNAMED
    return app
