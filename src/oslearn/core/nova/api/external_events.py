"""nova-api: what other services tell of servers.

Interface: `EventsDoor`, which hands events on to hosts.
Upstream: nova/api/openstack/compute/server_external_events.py; nova/compute/api.py, `external_instance_event`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import cast

from oslearn.core.nova.api.validation import V, strict
from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.objects import ExternalEvent, Instance, Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import NotFound
from oslearn.core.oslo.http import Reply, Request

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
RULES: dict[str, policy.Rule] = {"os_compute_api:os-server-external-events:create": policy.admin_or_service}
FOUND, NO_HOST, NOT_FOUND = {"code": 200}, {"code": 422, "status": "failed"}, {"code": 404, "status": "failed"}


class EventsDoor:
    """Passes on what Neutron, Cinder and others say."""

    def __init__(self, db: NovaDB, hosts: ComputeAPI) -> None:
        """`hosts` is the way to the nova-compute of each."""
        self.db, self.hosts = db, hosts
        self.elsewhere: list[Callable[[Instance], Iterable[str]]] = []
        """Further hosts of an instance, while an operation that is not in the core moves it."""

    def create(self, req: Request, wanted: Body) -> Reply:
        """Hand events to the servers' hosts. 200, 207 if some servers have none, 400, 403, 404."""
        events: list[Values] = wanted["events"]
        # Each server once: Neutron tells of all its ports in one request.
        instances = {uuid: self.db.instances.find(uuid) for uuid in dict.fromkeys(e["server_uuid"] for e in events)}
        by_host: dict[str, list[Values]] = {}
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
            about = [cast("Instance", known(one)) for uuid in uuids if (one := instances[uuid])]
            self.hosts.external_instance_event(req.caller, host, about, cast("list[ExternalEvent]", theirs))
        return Reply(200 if all(e["code"] == 200 for e in events) else 207, {"events": events})

    def _hosts(self, instance: Instance | None) -> list[str]:
        """Where a server is, its own host first."""
        if instance is None or not instance["host"]:
            return []
        return list(dict.fromkeys([instance["host"], *chain(*(places(instance) for places in self.elsewhere))]))


def known(instance: Instance) -> Body:
    """What a host needs to find its instance."""
    row = cast("Values", instance)
    return {name: row[name] for name in ("uuid", "project_id", "host", "vm_state", "task_state")}
