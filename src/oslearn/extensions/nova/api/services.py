"""nova-api: Nova's processes.

Interface: `Services`; `ServiceStates` and `ComputeSwitch`, which zones and hosts need as well; `nova_compute(host)`.
Invariants: a nova-compute that is disabled gets no new instance: its host is told, which tells Placement.
Upstream: nova/api/openstack/compute/services.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from keystoneauth1 import exceptions as ks
from sqlalchemy import ColumnElement

from oslearn.core.nova.api.validation import V, check_body, strict
from oslearn.core.nova.api.views import micro
from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.db.models import ComputeNode, Service
from oslearn.core.nova.objects import Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.strutils import bool_from_string
from oslearn.extensions.nova.api.common import many, query
from oslearn.extensions.nova.api.schemas import BOOLEAN, FQDN
from oslearn.extensions.nova.compute.deletion import HostAPI
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.db.models import Migration

INTERNAL = "internal"
"""The zone of what is no compute host (`internal_service_availability_zone`)."""

RULES: dict[str, policy.Rule] = {
    f"os_compute_api:os-services:{verb}": policy.admin for verb in ("list", "update", "delete")
}
TEXT = {"type": "string", "minLength": 1, "maxLength": 255}
LIST_QUERY = query({"host": many(), "binary": many()})
BY_NAME = strict(
    {"host": FQDN, "binary": TEXT, "disabled_reason": TEXT, "forced_down": V(BOOLEAN, 11)}, ["host", "binary"]
)
STATUS = {"type": "string", "enum": ["enabled", "disabled"]}
UPDATE = strict({"status": STATUS, "disabled_reason": TEXT, "forced_down": BOOLEAN})
ACTIONS = {"enable": 1, "disable": 1, "disable-log-reason": 1, "force-down": 11}
"""What was done by name before 2.53, and since which minor version."""

COMPUTE_ONLY = "Updating a {} service is not supported. Only nova-compute services can be updated."
IN_PROGRESS = ("queued", "preparing", "running", "post-migrating", "migrating", "pre-migrating", "finished")


class ServiceStates:
    """What is known of a process beside its row."""

    def __init__(self, hosts: HostAPI, default_zone: str) -> None:
        self.hosts, self.default_zone = hosts, default_zone

    def zone(self, row: Service, zones: Mapping[str, str]) -> str:
        """The zone of its host, by the zones of hosts that are in one."""
        return zones.get(row.host, self.default_zone) if row.binary == "nova-compute" else INTERNAL

    def alive(self, row: Service) -> bool:
        """It answers, and no operator has forced it down."""
        return self.hosts.serves(row.topic, row.host) and not row.forced_down


class ComputeSwitch:
    """Takes a nova-compute out of use, and back."""

    def __init__(self, db: ExtendedDB, compute: ComputeAPI) -> None:
        self.db, self.compute = db, compute

    def find(self, where: ColumnElement[bool], missing: str) -> Service:
        """The first process that the condition finds. Raises NotFound."""
        rows = self.db.services.get(where)
        if not rows:
            raise NotFound(missing)
        return rows[0]

    def save(self, req: Request, row: Service, changed: Values) -> None:
        """Write it down; the host is told, for it tells Placement."""
        self.db.services.save(row, changed)
        if "disabled" in changed:
            self.compute.cast(req.caller, row.host, "set_host_enabled", enabled=not row.disabled)


class Services:
    """The processes of Nova as an operator sees them."""

    def __init__(self, db: ExtendedDB, states: ServiceStates, switch: ComputeSwitch, placement: Client) -> None:
        self.db, self.states, self.switch, self.placement = db, states, switch, placement

    def index(self, req: Request) -> Body:
        """All of them, or those of a host or of a kind. 200, 400, 401, 403."""
        where = [getattr(Service, key) == req.query[key] for key in ("host", "binary") if req.query.get(key)]
        zones = self.db.hosts.zones()
        return {"services": [self._view(req, row, zones) for row in self.db.services.get(*where)]}

    def update(self, req: Request, service_id: str) -> Body:
        """Enable or disable a nova-compute, or say that it is down. 200, 400, 401, 403, 404."""
        if req.microversion < (2, 53):
            return self._update_by_name(req, service_id)
        check_uuid(service_id)
        body = check_body(req, UPDATE)
        row = self.switch.find(Service.uuid == service_id, f"Service {service_id} could not be found.")
        if row.binary != "nova-compute":
            raise BadRequest(COMPUTE_ONLY.format(row.binary))
        self.switch.save(req, row, wanted(body))
        return {"service": self._view(req, row, self.db.hosts.zones())}

    def _update_by_name(self, req: Request, action: str) -> Body:
        body = check_body(req, BY_NAME)
        if req.microversion[1] < ACTIONS.get(action, 999):
            raise NotFound("Unknown action")
        for name, field in (("disable-log-reason", "disabled_reason"), ("force-down", "forced_down")):
            if action == name and field not in body:
                raise BadRequest(f"Missing {field.replace('disabled_', 'disabled ')} field")
        if body["binary"] != "nova-compute":
            raise BadRequest(COMPUTE_ONLY.format(body["binary"]))
        missing = f"Could not find binary {body['binary']} on host {body['host']}."
        row = self.switch.find(nova_compute(body["host"]), missing)
        if action == "force-down":
            changed: Values = {"forced_down": bool_from_string(body["forced_down"])}
            said = changed
        else:
            reason = body.get("disabled_reason") if action == "disable-log-reason" else None
            changed = {"disabled": action != "enable", "disabled_reason": reason}
            said = {"status": "disabled" if changed["disabled"] else "enabled"}
            said |= {"disabled_reason": reason} if reason else {}
        self.switch.save(req, row, changed)
        return {"service": {"host": row.host, "binary": row.binary} | said}

    def delete(self, req: Request, service_id: str) -> Reply:
        """Forget a process; of a nova-compute its host as well. 204, 400, 401, 403, 404, 409."""
        if req.microversion >= (2, 53):
            check_uuid(service_id)
        elif not re.fullmatch("[0-9]{1,18}", service_id):
            raise BadRequest("Invalid input received: id must be an integer")
        wanted = Service.uuid == service_id if req.microversion >= (2, 53) else Service.id == int(service_id)
        row = self.switch.find(wanted, f"Service {service_id} not found.")
        if row.binary == "nova-compute":
            self._check_empty(row.host)
            for aggregate in self.db.aggregates.get_all(row.host):
                self.db.aggregates.remove_host(aggregate["id"], row.host)
            for node, _ in self.db.hypervisors.get(ComputeNode.host == row.host):
                self._delete_provider(node.uuid)
        self.db.services.destroy(row)
        return Reply(204)

    def _check_empty(self, host: str) -> None:
        """Nothing is to be lost with a host. Raises Conflict if instances are on it or about to come or go."""
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
        try:
            self.placement.request("DELETE", f"/resource_providers/{uuid}")
        except ks.ClientException:
            return

    def _view(self, req: Request, row: Service, zones: dict[str, str]) -> Body:
        """A process as the API shows it."""
        shown = {
            "binary": row.binary,
            "host": row.host,
            "id": row.uuid if req.microversion >= (2, 53) else row.id,
            "zone": self.states.zone(row, zones),
            "status": "disabled" if row.disabled else "enabled",
            "state": "up" if self.states.alive(row) else "down",
            "updated_at": micro(row.created_at.isoformat()),
            "disabled_reason": row.disabled_reason,
        }
        return shown | ({"forced_down": row.forced_down} if req.microversion >= (2, 11) else {})


def nova_compute(host: str) -> ColumnElement[bool]:
    """What finds a host's process."""
    return (Service.host == host) & (Service.binary == "nova-compute")


def wanted(body: Values) -> Body:
    """What a body changes. Raises BadRequest."""
    changed: Values = {}
    if body.get("status") == "enabled" and body.get("disabled_reason"):
        raise BadRequest("Specifying 'disabled_reason' with status 'enabled' is invalid.")
    if "status" in body:
        changed = {"disabled": body["status"] == "disabled", "disabled_reason": body.get("disabled_reason")}
    if "forced_down" in body:
        changed["forced_down"] = bool_from_string(body["forced_down"])
    if not changed:
        raise BadRequest("No updates were requested. Fields 'status' or 'forced_down' should be specified.")
    return changed


def check_uuid(text: str) -> None:
    """Ids are UUIDs since 2.53. Raises BadRequest."""
    if not re.fullmatch("[0-9a-fA-F]{32}", text.replace("-", "")):
        raise BadRequest(f"Invalid uuid {text}")
