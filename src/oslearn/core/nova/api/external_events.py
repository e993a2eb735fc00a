"""nova-api: what other services tell of servers.

Upstream: nova/api/openstack/compute/server_external_events.py; nova/compute/api.py, `external_instance_event`.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.nova.api.base import Controller
from oslearn.core.nova.api.validation import V, check_body, strict
from oslearn.core.oslo import policy
from oslearn.core.oslo.exception import NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.route import Entry

NAMES = ["network-changed", "network-vif-plugged", "network-vif-unplugged", "network-vif-deleted",
         V("volume-extended", 51), V("power-update", 76), V("accelerator-request-bound", 82),
         V("volume-reimaged", 93)]  # fmt: skip
EVENT = strict(
    {
        "name": {"type": "string", "enum": NAMES},
        "server_uuid": {"type": "string", "format": "uuid"},
        "status": {"type": "string", "enum": ["failed", "completed", "in-progress"]},
        "tag": {"type": "string", "maxLength": 255},
    },
    ["name", "server_uuid"],
)
EXTERNAL_EVENTS = strict({"events": {"type": "array", "minItems": 1, "items": EVENT}}, ["events"])
ROUTES: list[Entry] = [("POST", "/v2.1/os-server-external-events", "create_external_events")]
RULES: dict[str, policy.Rule] = {"os_compute_api:os-server-external-events:create": policy.admin_or_service}
FOUND, NO_HOST, NOT_FOUND = {"code": 200}, {"code": 422, "status": "failed"}, {"code": 404, "status": "failed"}


class ExternalEvents(Controller):
    """The handler."""

    def create_external_events(self, req: Request) -> Reply:
        """Hand events to the servers' hosts. 200, 207 if some servers have none, 400, 403, 404."""
        self.allow(req, "os-server-external-events:create")
        events = check_body(req, EXTERNAL_EVENTS)["events"]
        instances = {uuid: self.db.instances.find(uuid) for uuid in dict.fromkeys(e["server_uuid"] for e in events)}
        by_host: dict[str, list[dict[str, Any]]] = {}
        for event in events:
            instance = instances[event["server_uuid"]]
            event.setdefault("status", "completed")
            event |= NOT_FOUND if instance is None else FOUND if instance["host"] else NO_HOST
            for host in self._hosts(instance):
                by_host.setdefault(host, []).append(event)
        if not by_host and not any(instances.values()):
            raise NotFound("No instances found for any event")
        for host, theirs in by_host.items():
            uuids = dict.fromkeys(event["server_uuid"] for event in theirs)
            self.compute.compute.external_instance_event(req.caller, host, [known(instances[u]) for u in uuids], theirs)
        return Reply(200 if all(e["code"] == 200 for e in events) else 207, {"events": events})

    def _hosts(self, instance: Any) -> list[str]:
        """Where a server is; both ends while it is being resized."""
        if instance is None or not instance["host"]:
            return []
        moves = self.db.migrations.of_instance(instance["uuid"])[:1] if instance["new_flavor"] else []
        ends = (move[end] for move in moves for end in ("dest_compute", "source_compute"))
        return [*dict.fromkeys([instance["host"], *filter(None, ends)])]


def known(instance: Any) -> dict[str, Any]:
    """What a host needs to find its instance."""
    return {key: instance[key] for key in ("uuid", "project_id", "host", "vm_state", "task_state")}
