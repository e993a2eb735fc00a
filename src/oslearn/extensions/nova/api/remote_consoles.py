"""nova-api: looking at a server: its console, what its host measures, the password that its guest left.

Upstream: nova/api/openstack/compute/remote_consoles.py, server_diagnostics.py, server_password.py,
server_topology.py. Left out: consoles that the hypervisor does not have (SPICE, serial, MKS).
"""

from __future__ import annotations

from oslearn.core.nova.api.servers import ServerAccess
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Request
from oslearn.extensions.nova.compute.actions import HostCalls
from oslearn.extensions.nova.db.api import ExtendedDB

RULES: dict[str, policy.Rule] = {
    "os_compute_api:os-server-diagnostics": policy.admin,
    "os_compute_api:os-server-password:show": policy.project_reader,
    "os_compute_api:os-server-password:clear": policy.project_member,
    "os_compute_api:server:topology:index": policy.project_reader,
}


class Consoles:
    """What can be seen of a server from outside its guest."""

    def __init__(self, access: ServerAccess, db: ExtendedDB, calls: HostCalls) -> None:
        self.access, self.db, self.calls = access, db, calls

    def create(self, req: Request, server_id: str, wanted: Body) -> Body:
        """An address with a token at which the console can be seen. 200, 400, 401, 403, 404, 409."""
        asked = wanted["remote_console"]
        instance = self.access.instance(req, server_id, "os-remote-consoles")
        if asked["protocol"] != "vnc":
            raise BadRequest(f"Unavailable console type {asked['type']}.")
        info = self.calls.ask(req.caller, instance, "get_vnc_console", console_type=asked["type"])
        return {"remote_console": asked | {"url": info["access_url"]}}

    def show_diagnostics(self, req: Request, server_id: str) -> Body:
        """What the hypervisor measures; since 2.48 in a form that is the same for all. 200, 401, 403, 404, 409."""
        instance = self.access.instance(req, server_id, "os-server-diagnostics")
        method = "get_diagnostics" if req.microversion < (2, 48) else "get_instance_diagnostics"
        return dict(self.calls.ask(req.caller, instance, method))

    def show_password(self, req: Request, server_id: str) -> Body:
        """The encrypted password that the guest left with the metadata service. 200, 401, 404."""
        kept = self.access.instance(req, server_id, "os-server-password:show")["system_metadata"]
        return {"password": "".join(kept.get(f"password_{n}", "") for n in range(4))}

    def clear_password(self, req: Request, server_id: str) -> None:
        """Forget the password that the guest left. 204, 401, 403, 404."""
        kept = self.access.instance(req, server_id, "os-server-password:clear")["system_metadata"]
        left = {key: value for key, value in kept.items() if not key.startswith("password_")}
        self.db.instances.update(server_id, {"system_metadata": left})

    def show_topology(self, req: Request, server_id: str) -> Body:
        """Its NUMA nodes: no instance has more than the host gives it. 200, 401, 404."""
        self.access.instance(req, server_id, "server:topology:index")
        return {"nodes": [], "pagesize_kb": None}
