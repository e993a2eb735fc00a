"""How the Compute API shows a server; each field from the microversion on that brought it.

Interface: `basic`, `server`, `addresses`; `Extras`, what lies outside an instance's own row.
Upstream: nova/api/openstack/compute/views/servers.py, views/addresses.py, nova/api/openstack/common.py.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from oslearn.core.nova.api.views import links, micro, zulu
from oslearn.core.nova.db.models import InstanceFault
from oslearn.core.nova.network.model import NetworkInfo
from oslearn.core.nova.objects import BlockDevice, Flavor, Instance, SecurityGroupName
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request

Statuses = dict[str | None, str]
RESIZES: Statuses = dict.fromkeys(("resize_prep", "resize_migrating", "resize_migrated", "resize_finish"), "RESIZE")
REBUILDS: Statuses = dict.fromkeys(("rebuilding", "rebuild_block_device_mapping", "rebuild_spawning"), "REBUILD")
REBOOTS: Statuses = {
    **dict.fromkeys(("rebooting", "reboot_pending", "reboot_started"), "REBOOT"),
    **dict.fromkeys(("rebooting_hard", "reboot_pending_hard", "reboot_started_hard"), "HARD_REBOOT"),
}
STATUS: dict[str, Statuses] = {
    "active": {
        None: "ACTIVE",
        "updating_password": "PASSWORD",
        "migrating": "MIGRATING",
        **REBOOTS,
        **RESIZES,
        **REBUILDS,
    },
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
}
"""A server's status by its vm_state and task_state."""

IN_PROGRESS = {"ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"}
SINCE = {
    "OS-EXT-SRV-ATTR:kernel_id": 3,
    "OS-EXT-SRV-ATTR:launch_index": 3,
    "OS-EXT-SRV-ATTR:ramdisk_id": 3,
    "OS-EXT-SRV-ATTR:reservation_id": 3,
    "OS-EXT-SRV-ATTR:root_device_name": 3,
    "OS-EXT-SRV-ATTR:user_data": 3,
    "locked": 9,
    "host_status": 16,
    "description": 19,
    "tags": 26,
    "trusted_image_certificates": 63,
    "server_groups": 71,
    "locked_reason": 73,
    "pinned_availability_zone": 96,
    "scheduler_hints": 100,
}
BRIEF = {
    "OS-EXT-AZ:availability_zone", "config_drive", "key_name", "OS-SRV-USG:launched_at", "OS-SRV-USG:terminated_at",
    "security_groups", "OS-EXT-STS:task_state", "OS-EXT-STS:vm_state", "OS-EXT-STS:power_state",
    "os-extended-volumes:volumes_attached", "host_status", "pinned_availability_zone",
}  # fmt: skip
"""What an update and a rebuild do not show before 2.75; neither do they show what only admins see."""


@dataclass
class Extras:
    """What is read for a page of servers at once, by the server's id."""

    volumes: dict[str, list[BlockDevice]] = field(default_factory=dict)
    tags: dict[str, list[str]] = field(default_factory=dict)
    faults: dict[str, InstanceFault] = field(default_factory=dict)
    groups: dict[str, list[SecurityGroupName]] = field(default_factory=dict)
    server_groups: dict[str, list[str]] = field(default_factory=dict)
    host_status: dict[str, str] = field(default_factory=dict)
    """By host."""


def basic(req: Request, instance: Instance) -> Body:
    """A server in a short list."""
    return {"id": instance["uuid"], "name": instance["display_name"], "links": links(req, "servers", instance["uuid"])}


def server(req: Request, instance: Instance, extras: Extras) -> Body:
    """A server."""
    minor, uuid, status = req.microversion[1], instance["uuid"], status_of(instance)
    shown = basic(req, instance) | states(instance) | placed(req, instance, extras)
    shown |= {
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
        "OS-DCF:diskConfig": "AUTO" if instance["auto_disk_config"] else "MANUAL",
        "config_drive": instance["config_drive"],
        "key_name": instance["key_name"],
        "os-extended-volumes:volumes_attached": [
            {"id": volume["volume_id"]}
            | ({"delete_on_termination": volume["delete_on_termination"]} if minor >= 3 else {})
            for volume in extras.volumes.get(uuid, ())
            if volume["volume_id"]
        ],
        "locked": bool(instance["locked_by"]),
        "description": instance["display_description"],
        "tags": extras.tags.get(uuid, []),
        "trusted_image_certificates": instance["trusted_certs"],
        "server_groups": extras.server_groups.get(uuid, []),
        "locked_reason": instance["system_metadata"].get("locked_reason"),
        "scheduler_hints": instance["scheduler_hints"],
    }
    if status in IN_PROGRESS:
        shown["progress"] = instance["progress"]
    if status in ("ERROR", "DELETED") and uuid in extras.faults:
        shown["fault"] = fault_view(req, extras.faults[uuid])
    if extras.groups.get(uuid):
        shown["security_groups"] = extras.groups[uuid]
    return {key: value for key, value in shown.items() if minor >= SINCE.get(key, 1)}


def changed(req: Request, shown: Body, *, rebuilt: bool = False) -> Body:
    """A server as the reply to an update or a rebuild shows it."""
    minor = req.microversion[1]
    if minor >= 75:
        return shown
    hidden = BRIEF - ({"key_name"} if rebuilt and minor >= 54 else set())
    brief = {k: v for k, v in shown.items() if k not in hidden and not k.startswith("OS-EXT-SRV-ATTR")}
    plain = ("version", "addr")
    nets = {net: [{k: a[k] for k in plain} for a in found] for net, found in shown["addresses"].items()}
    return brief | {"addresses": nets}


def status_of(instance: Instance) -> str:
    """ACTIVE, SHUTOFF, ..."""
    if instance["deleted"]:
        return "DELETED"
    known = STATUS[instance["vm_state"]]
    return known.get(instance["task_state"], known[None])


def states(instance: Instance) -> Body:
    """Where a server is in its life."""
    return {
        "OS-SRV-USG:launched_at": micro(instance["launched_at"]),
        "OS-SRV-USG:terminated_at": micro(instance["terminated_at"]),
        "OS-EXT-STS:task_state": instance["task_state"],
        "OS-EXT-STS:vm_state": instance["vm_state"],
        "OS-EXT-STS:power_state": instance["power_state"],
    }


def placed(req: Request, instance: Instance, extras: Extras) -> Body:
    """Where it runs: the host's name only for an admin."""
    shown = {
        "hostId": host_id(instance["project_id"], instance["host"]),
        "OS-EXT-AZ:availability_zone": instance["availability_zone"] or "",
        "pinned_availability_zone": instance["pinned_availability_zone"],
    }
    if req.caller.is_admin:
        attributes: Body = {
            "host": instance["host"],
            "kernel_id": instance["kernel_id"],
            "launch_index": instance["launch_index"],
            "ramdisk_id": instance["ramdisk_id"],
            "reservation_id": instance["reservation_id"],
            "root_device_name": instance["root_device_name"],
            "user_data": instance["user_data"],
            "instance_name": f"instance-{instance['id']:08x}",
            "hypervisor_hostname": instance["node"] or instance["host"],
        }
        shown |= {f"OS-EXT-SRV-ATTR:{key}": value for key, value in attributes.items()}
        shown["host_status"] = extras.host_status.get(instance["host"] or "", "")
    if req.microversion >= ((2, 3) if req.caller.is_admin else (2, 90)):
        shown["OS-EXT-SRV-ATTR:hostname"] = instance["hostname"]
    return shown


def image(req: Request, instance: Instance) -> Body | str:
    """The image that it was booted from; nothing if its disk is a volume."""
    if not instance["image_ref"]:
        return ""
    shown = {"id": instance["image_ref"], "links": links(req, "images", instance["image_ref"])[1:]}
    if req.microversion < (2, 98):
        return shown
    known = ("image_hw_", "image_os_", "image_img_", "image_traits_required", "image_architecture")
    given = instance["system_metadata"].items()
    return shown | {"properties": {k.removeprefix("image_"): v for k, v in given if k.startswith(known)}}


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
