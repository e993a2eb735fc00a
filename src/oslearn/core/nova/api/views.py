"""How the Compute API shows a server, links, times and an error. `oslearn.extensions.nova.api.server_fields` adds more.

Interface: `basic`, `server`, `addresses`, `host_id`; `STATUS`, a server's status by its states; `links`, `fault`.
Upstream: nova/api/openstack/compute/views/servers.py, views/addresses.py, nova/api/openstack/common.py, wsgi.py.
"""

from __future__ import annotations

import hashlib

from oslearn.core.nova.db.models import InstanceFault
from oslearn.core.nova.network.model import NetworkInfo
from oslearn.core.nova.objects import Flavor, Instance
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import OpenStackError, RouteNotFound
from oslearn.core.oslo.http import Reply, Request

ERRORS = {400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 405: "badMethod",
          409: "conflictingRequest", 413: "overLimit", 415: "badMediaType",
          501: "notImplemented", 503: "serviceUnavailable"}  # fmt: skip
JSON = "application/json; charset=UTF-8"


def links(req: Request, kind: str, id: str) -> list[dict[str, str]]:
    """Where a resource is: `self` with the version, `bookmark` without."""
    return [
        {"rel": "self", "href": f"{req.prefix}/v2.1/{kind}/{id}"},
        {"rel": "bookmark", "href": f"{req.prefix}/{kind}/{id}"},
    ]


def fault(req: Request, error: OpenStackError) -> Reply | None:
    """Nova's error shape; what no route has never reaches Nova."""
    if isinstance(error, RouteNotFound):
        return None
    name = ERRORS.get(error.code, "computeFault")
    return Reply(error.code, {name: {"code": error.code, "message": str(error)}}, {"Content-Type": JSON})


def zulu(text: str | None) -> str | None:
    """A moment as most views show it: `2026-01-01T00:00:00Z`."""
    return f"{text[:19]}Z" if text else None


def micro(text: str | None) -> str | None:
    """`2026-01-01T00:00:00.000000`, without microseconds, as Nova keeps times in its database."""
    return f"{text[:19]}.000000" if text else None


Statuses = dict[str | None, str]
RESIZES: Statuses = dict.fromkeys(("resize_prep", "resize_migrating", "resize_migrated", "resize_finish"), "RESIZE")
REBUILDS: Statuses = dict.fromkeys(("rebuilding", "rebuild_block_device_mapping", "rebuild_spawning"), "REBUILD")
REBOOTS: Statuses = {
    **dict.fromkeys(("rebooting", "reboot_pending", "reboot_started"), "REBOOT"),
    **dict.fromkeys(("rebooting_hard", "reboot_pending_hard", "reboot_started_hard"), "HARD_REBOOT"),
}
STATUS: dict[str, Statuses] = {
    "active": {None: "ACTIVE", "updating_password": "PASSWORD", "migrating": "MIGRATING",
               **REBOOTS, **RESIZES, **REBUILDS},
    "building": {None: "BUILD"},
    "stopped": {None: "SHUTOFF", **RESIZES, **REBUILDS},
    "resized": {None: "VERIFY_RESIZE", "resize_reverting": "REVERT_RESIZE"},
    "paused": {None: "PAUSED", "migrating": "MIGRATING"},
    "suspended": {None: "SUSPENDED"},
    "rescued": {None: "RESCUE"},
    "error": {None: "ERROR", **REBUILDS},
    "deleted": {None: "DELETED"},
    "soft-delete": {None: "SOFT_DELETED"},
    "shelved": {None: "SHELVED"},
    "shelved_offloaded": {None: "SHELVED_OFFLOADED"},
}  # fmt: skip
"""A server's status by its vm_state and task_state; of a task that is not named the status of none."""

IN_PROGRESS = {"ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"}


def basic(req: Request, instance: Instance) -> Body:
    """A server in a short list."""
    return {"id": instance["uuid"], "name": instance["display_name"], "links": links(req, "servers", instance["uuid"])}


def server(req: Request, instance: Instance, fault: InstanceFault | None) -> Body:
    """A server; `fault` is why it failed, if it did."""
    status = status_of(instance)
    shown = basic(req, instance) | {
        "OS-SRV-USG:launched_at": micro(instance["launched_at"]),
        "OS-SRV-USG:terminated_at": micro(instance["terminated_at"]),
        "OS-EXT-STS:task_state": instance["task_state"],
        "OS-EXT-STS:vm_state": instance["vm_state"],
        "OS-EXT-STS:power_state": instance["power_state"],
        "hostId": host_id(instance["project_id"], instance["host"]),
        "status": status,
        "tenant_id": instance["project_id"],
        "user_id": instance["user_id"],
        "metadata": instance["metadata"],
        "image": image(req, instance),
        "flavor": embedded_flavor(req, instance["flavor"]),
        "created": zulu(instance["created_at"]),
        "updated": zulu(instance["updated_at"]),
        "addresses": addresses(instance["network_info"]) if instance["vm_state"] != "building" else {},
        "accessIPv4": instance["access_ip_v4"] or "",
        "accessIPv6": instance["access_ip_v6"] or "",
    }
    if status in IN_PROGRESS:
        shown["progress"] = instance["progress"]
    if status in ("ERROR", "DELETED") and fault:
        shown["fault"] = fault_view(req, fault)
    return shown


def status_of(instance: Instance) -> str:
    """The one word that a user sees: ACTIVE, SHUTOFF, ..."""
    if instance["deleted"]:
        return "DELETED"
    known = STATUS[instance["vm_state"]]
    return known.get(instance["task_state"], known[None])


def image(req: Request, instance: Instance) -> Body | str:
    """The image that it was booted from; nothing if its disk is a volume."""
    if not instance["image_ref"]:
        return ""
    return {"id": instance["image_ref"], "links": links(req, "images", instance["image_ref"])[1:]}


def fault_view(req: Request, fault: InstanceFault) -> Body:
    """Why a server is in ERROR; only an admin sees the details of a 500."""
    shown = {"code": fault.code, "created": zulu(fault.created_at.isoformat()), "message": fault.message}
    return shown | ({"details": fault.details} if fault.details and (req.caller.is_admin or fault.code != 500) else {})


def addresses(network_info: NetworkInfo, extended: bool = True) -> Body:
    """The addresses by network: fixed ones, then floating ones."""
    shown: Body = {}
    for vif in network_info:
        fixed = [(address, "fixed") for address in vif["fixed_ips"]]
        for address, kind in fixed + [(address, "floating") for address in vif.get("floating_ips", ())]:
            more = {"OS-EXT-IPS:type": kind, "OS-EXT-IPS-MAC:mac_addr": vif["mac_address"]} if extended else {}
            entry = {"version": 6 if ":" in address else 4, "addr": address} | more
            shown.setdefault(vif["label"], []).append(entry)
    return shown


def host_id(project_id: str, host: str | None) -> str:
    """Tells a project whether two of its servers share a host, without naming the host."""
    return hashlib.sha224(f"{project_id}{host}".encode()).hexdigest() if host else ""


def embedded_flavor(req: Request, flavor: Flavor) -> Body:
    """The flavor as it was at the boot; before 2.47 a link to it."""
    if req.microversion < (2, 47):
        return {"id": flavor["flavorid"], "links": links(req, "flavors", flavor["flavorid"])[1:]}
    return {
        "vcpus": flavor["vcpus"],
        "ram": flavor["memory_mb"],
        "disk": flavor["root_gb"],
        "ephemeral": flavor["ephemeral_gb"],
        "swap": flavor["swap"],
        "original_name": flavor["name"],
        "extra_specs": flavor.get("extra_specs", {}),
    }
