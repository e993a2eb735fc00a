"""nova-api: compute hosts with their capacity, and their servers.

Invariants: before 2.53 a host's id is a number, then a UUID; since 2.88 one asks Placement for capacity, not Nova.
Upstream: nova/api/openstack/compute/hypervisors.py.
"""

from __future__ import annotations

import re

from oslearn.core.nova.api.schemas import BOOLEAN
from oslearn.core.nova.api.validation import V
from oslearn.core.nova.db.models import ComputeNode
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.strutils import bool_from_string
from oslearn.extensions.nova.api.paging import PAGING, limit, links, many, query
from oslearn.extensions.nova.compute.actions import HostCalls
from oslearn.extensions.nova.compute.deletion import HostAPI
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.db.hosts import SUMMED, Node
from oslearn.extensions.nova.exception import ComputeServiceUnavailable

RULES: dict[str, policy.Rule] = {
    f"os_compute_api:os-hypervisors:{name}": policy.admin
    for name in ("list", "list-detail", "statistics", "show", "uptime", "search", "servers")
}
WITH_SERVERS = {"with_servers": V(many(BOOLEAN), 53)}
QUERY = query(
    {name: V(schema, 33) for name, schema in PAGING.items()}
    | WITH_SERVERS
    | {"hypervisor_hostname_pattern": V(many({"type": "string", "minLength": 1, "maxLength": 255}), 53)},
    strict_since=53,
)
SHOW_QUERY = query(WITH_SERVERS, strict_since=53)


class Hypervisors:
    """Hosts, as an operator sees them."""

    def __init__(self, db: ExtendedDB, hosts: HostAPI, calls: HostCalls) -> None:
        self.db, self.hosts, self.calls = db, hosts, calls

    def index(self, req: Request) -> Body:
        """Names of hosts, and whether they serve. 200, 400, 401, 403, 404."""
        return self._page(req, detail=False)

    def detail(self, req: Request) -> Body:
        """Hosts with what they have. 200, 400, 401, 403, 404."""
        return self._page(req, detail=True)

    def statistics(self, req: Request) -> Body:
        """The sums of all. 200, 401, 403, 404."""
        sums = self.db.hypervisors.statistics()
        free = sums["local_gb"] - sums["local_gb_used"]
        return {
            "hypervisor_statistics": sums | {"current_workload": 0, "free_disk_gb": free, "disk_available_least": free}
        }

    def show(self, req: Request, hypervisor_id: str) -> Body:
        """A host with what it has. 200, 400, 401, 403, 404."""
        return {"hypervisor": self._view(req, self._node(req, hypervisor_id), True, with_servers(req))}

    def uptime(self, req: Request, hypervisor_id: str) -> Body:
        """How long a host runs. 200, 400, 401, 403, 404."""
        node = self._node(req, hypervisor_id)
        uptime = self.calls.uptime(req.caller, node[0].host)
        return {"hypervisor": self._view(req, node, False) | {"uptime": uptime}}

    def search(self, req: Request, hypervisor_id: str) -> Body:
        """Hosts by a part of their name. 200, 401, 403, 404."""
        return {"hypervisors": [self._view(req, node, False) for node in self._matching(hypervisor_id)]}

    def servers(self, req: Request, hypervisor_id: str) -> Body:
        """The same with their servers. 200, 401, 403, 404."""
        return {"hypervisors": [self._view(req, node, False, True) for node in self._matching(hypervisor_id)]}

    def _page(self, req: Request, *, detail: bool) -> Body:
        asked = req.query if req.microversion >= (2, 33) else {}
        pattern = asked.get("hypervisor_hostname_pattern") if req.microversion >= (2, 53) else None
        if pattern is not None and ("limit" in asked or "marker" in asked):
            raise BadRequest(
                "Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported."
            )
        if pattern is not None:
            nodes = self._matching(pattern)
        else:
            column = ComputeNode.uuid if req.microversion >= (2, 53) else ComputeNode.id
            marker = (column, asked["marker"]) if "marker" in asked else None
            nodes = self.db.hypervisors.get(marker=marker, limit=limit(req) if asked else None)
        rows = [self._view(req, node, detail, with_servers(req)) for node in nodes]
        paged = req.microversion >= (2, 33) and pattern is None
        return {"hypervisors": rows} | (links(req, "hypervisors", [row["id"] for row in rows]) if paged else {})

    def _matching(self, pattern: str) -> list[Node]:
        nodes = self.db.hypervisors.get(ComputeNode.host.contains(pattern, autoescape=True))
        if not nodes:
            raise NotFound(f"No hypervisor matching '{pattern}' could be found.")
        return nodes

    def _node(self, req: Request, hypervisor_id: str) -> Node:
        by_uuid = req.microversion >= (2, 53)
        if by_uuid and not re.fullmatch("[0-9a-fA-F]{32}", hypervisor_id.replace("-", "")):
            raise BadRequest(f"Invalid uuid {hypervisor_id}")
        column = ComputeNode.uuid if by_uuid else ComputeNode.id
        known = by_uuid or re.fullmatch("[0-9]{1,18}", hypervisor_id)
        nodes = self.db.hypervisors.get(column == hypervisor_id) if known else []
        if not nodes:
            raise NotFound(f"Hypervisor with ID '{hypervisor_id}' could not be found.")
        return nodes[0]

    def _view(self, req: Request, node: Node, detail: bool, servers: bool = False) -> Body:
        """A host: memory in MiB, disk in GiB."""
        (row, service), by_uuid = node, req.microversion >= (2, 53)
        shown: Body = {
            "id": row.uuid if by_uuid else row.id,
            "hypervisor_hostname": row.host,
            "state": "up" if self.hosts.serves("compute", row.host) and not service.forced_down else "down",
            "status": "disabled" if service.disabled else "enabled",
        }
        if detail:
            own = {"id": service.uuid if by_uuid else service.id}
            shown |= {"hypervisor_type": row.hypervisor_type, "hypervisor_version": 1000, "host_ip": "127.0.0.1"}
            shown["service"] = own | {"host": row.host, "disabled_reason": service.disabled_reason}
            shown |= self._measured(req, row)
        found = self.db.instances.get_by_host(row.host) if servers else []
        if found or (servers and req.microversion >= (2, 75)):
            shown["servers"] = [{"name": f"instance-{one['id']:08x}", "uuid": one["uuid"]} for one in found]
        return shown

    def _measured(self, req: Request, row: ComputeNode) -> Body:
        """What a host has and uses, or since 2.88 how long it runs, if it can be asked."""
        if req.microversion < (2, 88):
            return capacity(row, req.microversion < (2, 28))
        try:
            return {"uptime": self.calls.uptime(req.caller, row.host)}
        except ComputeServiceUnavailable:
            return {"uptime": None}


def capacity(row: ComputeNode, as_text: bool) -> Body:
    """What a host has and uses."""
    free = row.local_gb - row.local_gb_used
    shown = {name: getattr(row, name) for name in SUMMED} | {"free_disk_gb": free, "disk_available_least": free}
    return shown | {"current_workload": 0, "cpu_info": "" if as_text else {}}


def with_servers(req: Request) -> bool:
    """Whether the servers of each host are asked for."""
    return req.microversion >= (2, 53) and bool_from_string(req.query.get("with_servers", False))
