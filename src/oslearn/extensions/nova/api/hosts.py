"""nova-api: hosts, as they were asked for until 2.43; old clients still do.

Upstream: nova/api/openstack/compute/hosts.py.
"""

from __future__ import annotations

from oslearn.core.nova.api.validation import strict
from oslearn.core.nova.db.models import ComputeNode, Service
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import NotFound
from oslearn.core.oslo.http import Request
from oslearn.extensions.nova.api.services import ComputeSwitch, ServiceStates, nova_compute
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.exception import NotSupported

RULES: dict[str, policy.Rule] = {
    f"os_compute_api:os-hosts:{verb}": policy.admin
    for verb in ("list", "show", "update", "startup", "shutdown", "reboot")
}
SWITCH = {"type": "string", "enum": ["enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE"]}
UPDATE = strict({"status": SWITCH, "maintenance_mode": SWITCH}) | {"minProperties": 1}


class Hosts:
    """Machines, and what of Nova runs on them."""

    def __init__(self, db: ExtendedDB, states: ServiceStates, switch: ComputeSwitch) -> None:
        self.db, self.states, self.switch = db, states, switch

    def index(self, req: Request) -> Body:
        """Hosts and what they do. 200, 401, 403, 404."""
        rows, zones = self.db.services.get(~Service.disabled), self.db.hosts.zones()
        shown = [{"host_name": r.host, "service": r.topic, "zone": self.states.zone(r, zones)} for r in rows]
        return {"hosts": [host for host in shown if req.query.get("zone") in (None, "", host["zone"])]}

    def show(self, req: Request, host: str) -> Body:
        """What a compute host has, and what its instances use by project. 200, 401, 403, 404."""
        node = next(iter(self.db.hypervisors.get(ComputeNode.host == host)), None)
        if node is None:
            raise NotFound(f"Compute host {host} could not be found.")
        row, used = node[0], {"(used_max)": [0, 0, 0]}
        for one in self.db.instances.get_by_host(host):
            amounts = (one["vcpus"], one["memory_mb"], one["root_gb"] + one["flavor"]["ephemeral_gb"])
            for project in ("(used_max)", one["project_id"]):
                used[project] = [a + b for a, b in zip(used.get(project, (0, 0, 0)), amounts, strict=True)]
        figures = {"(total)": [row.vcpus, row.memory_mb, row.local_gb]}
        figures |= {"(used_now)": [row.vcpus_used, row.memory_mb_used, row.local_gb_used]} | used
        names = ("cpu", "memory_mb", "disk_gb")
        return {
            "host": [
                {"resource": {"host": host, "project": project} | dict(zip(names, sums, strict=True))}
                for project, sums in figures.items()
            ]
        }

    def update(self, req: Request, host: str, wanted: Body) -> Body:
        """Take a compute host out of use, or back. 200, 400, 401, 403, 404, 501."""
        row = self.switch.find(nova_compute(host), f"Host {host} could not be found.")
        if "maintenance_mode" in wanted:
            raise NotSupported()
        enabled = wanted["status"].lower() == "enable"
        self.switch.save(req, row, {"disabled": not enabled, "disabled_reason": None})
        return {"host": host, "status": "enabled" if enabled else "disabled"}

    def power(self, req: Request, host: str) -> Body:
        """Switch a host on or off, which no hypervisor here can. 401, 403, 404, 501."""
        self.switch.find(nova_compute(host), f"Host {host} could not be found.")
        raise NotSupported()
