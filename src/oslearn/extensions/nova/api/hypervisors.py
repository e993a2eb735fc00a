"""nova-api: compute hosts with their capacity and their servers; hosts as they were asked for until 2.43, which old
clients still do; and the zones that hosts are in.

Invariants: before 2.53 a host's id is a number, then a UUID; since 2.88 one asks Placement for capacity, not Nova.
Upstream: nova/api/openstack/compute/{hypervisors,hosts,availability_zone}.py; nova/availability_zones.py.
"""

from __future__ import annotations

import re

from oslearn.core.nova.api.validation import V, strict
from oslearn.core.nova.api.views import micro
from oslearn.core.nova.db.models import ComputeNode, Service
from oslearn.core.nova.objects import Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.strutils import bool_from_string
from oslearn.extensions.nova.api.common import PAGING, limit, links, many, query
from oslearn.extensions.nova.api.schemas import BOOLEAN
from oslearn.extensions.nova.api.services import INTERNAL, ComputeSwitch, ServiceStates, nova_compute
from oslearn.extensions.nova.compute.actions import HostCalls
from oslearn.extensions.nova.compute.deletion import HostAPI
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.db.hosts import SUMMED, Node
from oslearn.extensions.nova.exception import ComputeServiceUnavailable, NotSupported

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
        nodes = self.db.hypervisors.get(column == (hypervisor_id if by_uuid else int(hypervisor_id))) if known else []
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


RULES |= {
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


RULES |= {"os_compute_api:os-availability-zone:detail": policy.admin}


class AvailabilityZones:
    """Zones, by what runs in them."""

    def __init__(self, db: ExtendedDB, states: ServiceStates) -> None:
        self.db, self.states = db, states

    def index(self, req: Request) -> Body:
        """The zones that a server can be put into. 200, 401."""
        return {
            "availabilityZoneInfo": [zone | {"hosts": None} for zone in self._zones() if zone["zoneName"] != INTERNAL]
        }

    def detail(self, req: Request) -> Body:
        """All zones with their hosts. 200, 401, 403."""
        return {"availabilityZoneInfo": self._zones()}

    def _zones(self) -> list[Values]:
        """The zones by name; those in which everything is disabled come last, without hosts."""
        zones, found = self.db.hosts.zones(), dict[str, Values]()
        for row in self.db.services.get():
            hosts = found.setdefault(self.states.zone(row, zones), {})
            if not row.disabled:
                state = {
                    "available": self.states.alive(row),
                    "active": True,
                    "updated_at": micro(row.created_at.isoformat()),
                }
                hosts.setdefault(row.host, {})[row.binary] = state
        return [
            {"zoneName": zone, "zoneState": {"available": bool(hosts)}, "hosts": hosts or None}
            for zone, hosts in sorted(found.items(), key=lambda item: (not item[1], item[0]))
        ]
