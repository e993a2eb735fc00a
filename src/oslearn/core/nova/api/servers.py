"""nova-api: a server is made and shown. What else can be done with one is in `oslearn.extensions.nova.api`.

Interface: `Servers`, a part of the API; `RULES`.
Upstream: nova/api/openstack/compute/servers.py; nova/policies/servers.py.
"""

from __future__ import annotations

from typing import Protocol

from oslearn.core.nova.api import server_create, views
from oslearn.core.nova.api.common import ServerAccess, ServerReader
from oslearn.core.nova.compute.api_request import ServerRequest
from oslearn.core.nova.objects import Instance
from oslearn.core.oslo import policy
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import Body, RequestContext
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.strutils import bool_from_string

DESTINATION = "compute:servers:create:requested_destination"
RULES: dict[str, policy.Rule] = {
    "os_compute_api:servers:create": policy.project_member,
    "os_compute_api:servers:create:attach_volume": policy.project_member,
    "os_compute_api:servers:create:attach_network": policy.project_member,
    "os_compute_api:servers:create:trusted_certs": policy.project_member,
    "os_compute_api:servers:create:forced_host": policy.admin,
    DESTINATION: policy.admin,
    "os_compute_api:servers:show": policy.project_reader,
    "os_compute_api:servers:show:flavor-extra-specs": policy.project_reader,
}


class Boots(Protocol):
    """What makes instances: `API`, or `ClassicAPI` in 2013's flow."""

    def create(self, context: RequestContext, server: ServerRequest) -> list[Instance]:
        """Have instances made, as many as are asked for."""


class Servers:
    """One server at a time, as it is asked for and as it is."""

    def __init__(self, access: ServerAccess, reader: ServerReader, compute: Boots, ids: Ids) -> None:
        self.access, self.reader, self.compute, self.ids = access, reader, compute, ids

    def create(self, req: Request, wanted: Body) -> Reply:
        """Accept a new server. 202, 400, 401, 403, 409."""
        self.access.allow(req, "servers:create")
        server = server_create.read(req, wanted, self.ids.password())  # drawn always: a seeded cloud stays in step
        self._allow_parts(req, server)
        instance = self.compute.create(req.caller, server)[0]
        if bool_from_string(wanted["server"].get("return_reservation_id", False)):
            return Reply(202, {"reservation_id": instance["reservation_id"]})
        links = views.links(req, "servers", instance["uuid"])
        shown = {
            "id": instance["uuid"],
            "links": links,
            "OS-DCF:diskConfig": server["disk_config"],
            "security_groups": wanted["server"].get("security_groups", [{"name": "default"}]),
            "adminPass": server["adminPass"],
        }
        return Reply(202, {"server": shown}, {"Location": links[0]["href"]})

    def _allow_parts(self, req: Request, server: ServerRequest) -> None:
        """What is asked for besides a server may need more. Raises PolicyNotAuthorized, BadRequest."""
        forced = server["forced_host"] or server["forced_node"]
        needs = {
            "create:trusted_certs": server["trusted_image_certificates"],
            "create:forced_host": forced,
            "create:attach_volume": server["devices"],
            "create:attach_network": server["networks"] not in (None, "none", []),
        }
        for rule, asked in needs.items():
            if asked:
                self.access.allow(req, f"servers:{rule}")
        if server["host"] or server["hypervisor_hostname"]:
            self.access.policy.enforce(req.caller, DESTINATION)
            if forced:
                raise BadRequest(
                    "One mechanism with host and/or hypervisor_hostname and another mechanism with zone:host:node are "
                    "mutually exclusive."
                )

    def show(self, req: Request, server_id: str) -> Body:
        """A server as it is now. 200, 401, 403, 404."""
        self.access.instance(req, server_id, "servers:show")
        return {"server": self.reader.show(req, server_id)}
