"""nova-api: Nova's processes, the zones that their hosts are in, and (of old) the hosts themselves.

Invariants: a nova-compute that is disabled gets no new instance: its host is told, which tells Placement.
Upstream: nova/api/openstack/compute/{services,availability_zone,hosts}.py; nova/availability_zones.py.
"""

from __future__ import annotations

import re
from typing import Any

from keystoneauth1 import exceptions as ks

from oslearn.core.nova.api.base import Controller
from oslearn.core.nova.api.listing import is_true
from oslearn.core.nova.api.paging import many, query, within
from oslearn.core.nova.api.schemas import BOOLEAN, FQDN
from oslearn.core.nova.api.validation import V, check_body, check_query, strict
from oslearn.core.nova.api.views import micro
from oslearn.core.nova.db.models import ComputeNode, Migration, Service
from oslearn.core.nova.exception import NotSupported
from oslearn.core.oslo import policy
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.route import Entry

INTERNAL = "internal"
"""The zone of what is no compute host (`internal_service_availability_zone`)."""

HOST = "/v2.1/os-hosts/{host}"
ROUTES: list[Entry] = [
    ("GET", "/v2.1/os-services", "list_services"),
    ("PUT", "/v2.1/os-services/{service_id}", "update_service"),
    ("DELETE", "/v2.1/os-services/{service_id}", "delete_service"),
    ("GET", "/v2.1/os-availability-zone", "list_zones"),
    ("GET", "/v2.1/os-availability-zone/detail", "list_zones_detail"),
    ("GET", "/v2.1/os-hosts", "list_hosts"),
    ("GET", HOST, "show_host"),
    ("PUT", HOST, "update_host"),
    *(("GET", f"{HOST}/{verb}", "power_host") for verb in ("startup", "shutdown", "reboot")),
]
RULES: dict[str, policy.Rule] = {
    f"os_compute_api:{name}": policy.admin
    for name in (
        "os-services:list", "os-services:update", "os-services:delete", "os-availability-zone:detail", "os-hosts:list",
        "os-hosts:show", "os-hosts:update", "os-hosts:startup", "os-hosts:shutdown", "os-hosts:reboot",
    )
}  # fmt: skip
TEXT = {"type": "string", "minLength": 1, "maxLength": 255}
LIST_QUERY = query({"host": many(), "binary": many()})
BY_NAME = strict(
    {"host": FQDN, "binary": TEXT, "disabled_reason": TEXT, "forced_down": V(BOOLEAN, 11)}, ["host", "binary"]
)
STATUS = {"type": "string", "enum": ["enabled", "disabled"]}
UPDATE = strict({"status": STATUS, "disabled_reason": TEXT, "forced_down": BOOLEAN})
ACTIONS = {"enable": 1, "disable": 1, "disable-log-reason": 1, "force-down": 11}
"""What was done by name before 2.53, and since which minor version."""

SWITCH = {"type": "string", "enum": ["enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE"]}
UPDATE_HOST = strict({"status": SWITCH, "maintenance_mode": SWITCH}) | {"minProperties": 1}
COMPUTE_ONLY = "Updating a {} service is not supported. Only nova-compute services can be updated."
IN_PROGRESS = ("queued", "preparing", "running", "post-migrating", "migrating", "pre-migrating", "finished")


class Services(Controller):
    """Handlers."""

    def list_services(self, req: Request) -> dict[str, Any]:
        """Nova's processes. 200, 400, 401, 403."""
        self.allow(req, "os-services:list")
        check_query(req, LIST_QUERY)
        where = [getattr(Service, key) == req.query[key] for key in ("host", "binary") if req.query.get(key)]
        zones = self.db.hosts.zones()
        return {"services": [self._service(req, row, zones) for row in self.db.services.get(*where)]}

    def update_service(self, req: Request, service_id: str) -> dict[str, Any]:
        """Enable or disable a nova-compute, or say that it is down. 200, 400, 401, 403, 404."""
        self.allow(req, "os-services:update")
        if req.microversion < (2, 53):
            return self._update_by_name(req, service_id)
        check_uuid(service_id)
        body = check_body(req, UPDATE)
        row = self._service_row(Service.uuid == service_id, f"Service {service_id} could not be found.")
        if row.binary != "nova-compute":
            raise BadRequest(COMPUTE_ONLY.format(row.binary))
        self._service_save(req, row, wanted(body))
        return {"service": self._service(req, row, self.db.hosts.zones())}

    def _update_by_name(self, req: Request, action: str) -> dict[str, Any]:
        body = check_body(req, BY_NAME)
        if req.microversion[1] < ACTIONS.get(action, 999):
            raise NotFound("Unknown action")
        for name, field in (("disable-log-reason", "disabled_reason"), ("force-down", "forced_down")):
            if action == name and field not in body:
                raise BadRequest(f"Missing {field.replace('disabled_', 'disabled ')} field")
        if body["binary"] != "nova-compute":
            raise BadRequest(COMPUTE_ONLY.format(body["binary"]))
        missing = f"Could not find binary {body['binary']} on host {body['host']}."
        row = self._service_row(nova_compute(body["host"]), missing)
        if action == "force-down":
            changed: dict[str, Any] = {"forced_down": is_true(body["forced_down"])}
            said = changed
        else:
            reason = body.get("disabled_reason") if action == "disable-log-reason" else None
            changed = {"disabled": action != "enable", "disabled_reason": reason}
            said = {"status": "disabled" if changed["disabled"] else "enabled"}
            said |= {"disabled_reason": reason} if reason else {}
        self._service_save(req, row, changed)
        return {"service": {"host": row.host, "binary": row.binary} | said}

    def delete_service(self, req: Request, service_id: str) -> Reply:
        """Forget a process; of a nova-compute its host as well. 204, 400, 401, 403, 404, 409."""
        self.allow(req, "os-services:delete")
        column = Service.uuid if req.microversion >= (2, 53) else Service.id
        if req.microversion >= (2, 53):
            check_uuid(service_id)
        elif not re.fullmatch("[0-9]{1,18}", service_id):
            raise BadRequest("Invalid input received: id must be an integer")
        row = self._service_row(column == service_id, f"Service {service_id} not found.")
        if row.binary == "nova-compute":
            self._check_empty(row.host)
            for aggregate in self.db.aggregates.get_all(row.host):
                self.db.aggregates.remove_host(aggregate["id"], row.host)
            for node, _ in self.db.hypervisors.get(ComputeNode.host == row.host):
                self._delete_provider(node.uuid)
        self.db.services.destroy(row)
        return Reply(204)

    def list_zones(self, req: Request) -> dict[str, Any]:
        """The zones that a server can be put into. 200, 401."""
        return {
            "availabilityZoneInfo": [zone | {"hosts": None} for zone in self._zones() if zone["zoneName"] != INTERNAL]
        }

    def list_zones_detail(self, req: Request) -> dict[str, Any]:
        """All zones with their hosts. 200, 401, 403."""
        self.allow(req, "os-availability-zone:detail")
        return {"availabilityZoneInfo": self._zones()}

    def list_hosts(self, req: Request) -> dict[str, Any]:
        """Hosts and what they do. 200, 401, 403, 404."""
        within(req, until=42)
        self.allow(req, "os-hosts:list")
        rows, zones = self.db.services.get(~Service.disabled), self.db.hosts.zones()
        shown = [{"host_name": r.host, "service": r.topic, "zone": self._zone(r, zones)} for r in rows]
        return {"hosts": [host for host in shown if req.query.get("zone") in (None, "", host["zone"])]}

    def show_host(self, req: Request, host: str) -> dict[str, Any]:
        """What a compute host has, and what its instances use by project. 200, 401, 403, 404."""
        within(req, until=42)
        self.allow(req, "os-hosts:show")
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

    def update_host(self, req: Request, host: str) -> dict[str, Any]:
        """Take a compute host out of use, or back. 200, 400, 401, 403, 404, 501."""
        within(req, until=42)
        self.allow(req, "os-hosts:update")
        body = check_body(req, UPDATE_HOST)
        row = self._service_row(nova_compute(host), f"Host {host} could not be found.")
        if "maintenance_mode" in body:
            raise NotSupported()
        enabled = body["status"].lower() == "enable"
        self._service_save(req, row, {"disabled": not enabled, "disabled_reason": None})
        return {"host": host, "status": "enabled" if enabled else "disabled"}

    def power_host(self, req: Request, host: str) -> dict[str, Any]:
        """Switch a host on or off, which no hypervisor here can. 401, 403, 404, 501."""
        within(req, until=42)
        self.allow(req, f"os-hosts:{req.path.rpartition('/')[2]}")
        self._service_row(nova_compute(host), f"Host {host} could not be found.")
        raise NotSupported()

    def _service_row(self, where: Any, missing: str) -> Service:
        rows = self.db.services.get(where)
        if not rows:
            raise NotFound(missing)
        return rows[0]

    def _service_save(self, req: Request, row: Service, changed: dict[str, Any]) -> None:
        self.db.services.save(row, changed)
        if "disabled" in changed:
            self.compute.compute.set_host_enabled(req.caller, row.host, not row.disabled)

    def _check_empty(self, host: str) -> None:
        """Raises Conflict."""
        if self.db.instances.get_by_host(host):
            raise Conflict(
                "Unable to delete compute service that is hosting instances. Migrate or delete the instances first."
            )
        moving = (Migration.source_compute == host) | (Migration.dest_compute == host)
        if self.db.migrations.page([moving, Migration.status.in_(IN_PROGRESS)], 1, None):
            raise Conflict(
                "Unable to delete compute service that has in-progress migrations. Complete the migrations or delete "
                "the instances first."
            )

    def _delete_provider(self, uuid: str) -> None:
        placement = Client(self.session, self.config.endpoint("placement"))
        try:
            placement.request("DELETE", f"/resource_providers/{uuid}")
        except ks.ClientException:
            return

    def _zone(self, row: Service, zones: dict[str, str]) -> str:
        return zones.get(row.host, self.config.availability_zone) if row.binary == "nova-compute" else INTERNAL

    def _alive(self, row: Service) -> bool:
        return self.is_up(row.topic, row.host) and not row.forced_down

    def _service(self, req: Request, row: Service, zones: dict[str, str]) -> dict[str, Any]:
        """A process."""
        shown = {
            "binary": row.binary,
            "host": row.host,
            "id": row.uuid if req.microversion >= (2, 53) else row.id,
            "zone": self._zone(row, zones),
            "status": "disabled" if row.disabled else "enabled",
            "state": "up" if self._alive(row) else "down",
            "updated_at": micro(row.created_at.isoformat()),
            "disabled_reason": row.disabled_reason,
        }
        return shown | ({"forced_down": row.forced_down} if req.microversion >= (2, 11) else {})

    def _zones(self) -> list[dict[str, Any]]:
        """The zones by name; those in which everything is disabled come last, without hosts."""
        zones, found = self.db.hosts.zones(), dict[str, dict[str, Any]]()
        for row in self.db.services.get():
            hosts = found.setdefault(self._zone(row, zones), {})
            if not row.disabled:
                state = {"available": self._alive(row), "active": True, "updated_at": micro(row.created_at.isoformat())}
                hosts.setdefault(row.host, {})[row.binary] = state
        return [
            {"zoneName": zone, "zoneState": {"available": bool(hosts)}, "hosts": hosts or None}
            for zone, hosts in sorted(found.items(), key=lambda item: (not item[1], item[0]))
        ]


def nova_compute(host: str) -> Any:
    """What finds a host's process."""
    return (Service.host == host) & (Service.binary == "nova-compute")


def wanted(body: dict[str, Any]) -> dict[str, Any]:
    """What a body changes. Raises BadRequest."""
    changed: dict[str, Any] = {}
    if body.get("status") == "enabled" and body.get("disabled_reason"):
        raise BadRequest("Specifying 'disabled_reason' with status 'enabled' is invalid.")
    if "status" in body:
        changed = {"disabled": body["status"] == "disabled", "disabled_reason": body.get("disabled_reason")}
    if "forced_down" in body:
        changed["forced_down"] = is_true(body["forced_down"])
    if not changed:
        raise BadRequest("No updates were requested. Fields 'status' or 'forced_down' should be specified.")
    return changed


def check_uuid(text: str) -> None:
    """Raises BadRequest."""
    if not re.fullmatch("[0-9a-fA-F]{32}", text.replace("-", "")):
        raise BadRequest(f"Invalid uuid {text}")
