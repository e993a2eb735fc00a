"""The table of contents of the Compute API's core. What else it can do: `oslearn.extensions.nova.routes`.

Interface: `ROUTES`; `NO_QUERY`.
Upstream: nova/api/openstack/compute/routes.py.
"""

from __future__ import annotations

from oslearn.core.nova.api import external_events, schemas
from oslearn.core.nova.api.validation import V, strict
from oslearn.core.oslo.route import Route

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
