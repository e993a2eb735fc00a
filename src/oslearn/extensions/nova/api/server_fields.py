"""What the Compute API shows of a server beyond its states, image, flavor and addresses.

Interface: `ServerFields.read(req, instances, alone)` → fields by the server's id; `changed`, a server after an update
or a rebuild; `plain`, its addresses there; `status_of`, a server's status, and `STATUS`, all that there are.
Invariants: each field from the microversion on that brought it; a page of servers costs as many queries as one.
Upstream: nova/api/openstack/compute/views/servers.py. In 2013 each of these prefixes was an extension of the API.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from oslearn.core.nova.api.views import links
from oslearn.core.nova.objects import BlockDevice, Flavor, Instance, SecurityGroupName
from oslearn.core.oslo.adapter import TransportError
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request
from oslearn.extensions.nova.compute.deletion import HostAPI
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.network.instance_ports import InstancePorts

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
    "flavor": 47,
    "trusted_image_certificates": 63,
    "server_groups": 71,
    "locked_reason": 73,
    "pinned_availability_zone": 96,
    "scheduler_hints": 100,
}
"""The minor version that brought a field; the others were there from the first on."""
BRIEF = {
    "OS-EXT-AZ:availability_zone", "config_drive", "key_name", "OS-SRV-USG:launched_at", "OS-SRV-USG:terminated_at",
    "security_groups", "OS-EXT-STS:task_state", "OS-EXT-STS:vm_state", "OS-EXT-STS:power_state",
    "os-extended-volumes:volumes_attached", "host_status", "pinned_availability_zone",
}  # fmt: skip
"""What an update and a rebuild do not show before 2.75; neither do they show what only admins see."""
KEPT = ("image_hw_", "image_os_", "image_img_", "image_traits_required", "image_architecture")
"""How those of an image's properties begin that are shown with the server since 2.98."""


@dataclass
class Extras:
    """What is read for a page of servers at once, by the server's id."""

    volumes: dict[str, list[BlockDevice]] = field(default_factory=dict)
    tags: dict[str, list[str]] = field(default_factory=dict)
    groups: dict[str, list[SecurityGroupName]] = field(default_factory=dict)
    server_groups: dict[str, list[str]] = field(default_factory=dict)
    host_status: dict[str, str] = field(default_factory=dict)
    """By host."""


def status_of(instance: Instance) -> str:
    """The one word that a user sees: ACTIVE, SHUTOFF, ..."""
    if instance["deleted"]:
        return "DELETED"
    known = STATUS[instance["vm_state"]]
    return known.get(instance["task_state"], known[None])


class ServerFields:
    """Reads and shows them."""

    def __init__(self, db: ExtendedDB, hosts: HostAPI, ports: InstancePorts) -> None:
        self.db, self.hosts, self.ports = db, hosts, ports

    def read(self, req: Request, instances: Sequence[Instance], alone: bool) -> dict[str, Body]:
        """The fields of each; a list does not say which groups a server is in, that would be too many queries."""
        uuids = [instance["uuid"] for instance in instances]
        try:
            groups = self.ports.instance_security_groups(req.caller, uuids)
        except TransportError:
            groups = {}  # a server can be looked at while Neutron is down
        extras = Extras(
            volumes=self.db.devices.get_many(uuids),
            tags=self.db.instances.tags(uuids) if req.microversion >= (2, 26) else {},
            groups=groups,
            host_status=self._host_status() if req.caller.is_admin and req.microversion >= (2, 16) else {},
        )
        if alone and req.microversion >= (2, 71):
            group = self.db.groups.get_by_instance(uuids[0])
            extras.server_groups = {uuids[0]: [group["uuid"]] if group else []}
        shown = {instance["uuid"]: fields(req, instance, extras) for instance in instances}
        if not alone:
            for server in shown.values():
                server.pop("server_groups", None)
        return shown

    def _host_status(self) -> dict[str, str]:
        """UP, DOWN or MAINTENANCE by host."""
        return {
            row.host: "MAINTENANCE" if row.disabled else "UP" if up and not row.forced_down else "DOWN"
            for row in self.db.services.get()
            if row.binary == "nova-compute"
            for up in [self.hosts.serves("compute", row.host)]
        }


def fields(req: Request, instance: Instance, extras: Extras) -> Body:
    """What is shown of a server besides what the core shows."""
    minor, uuid = req.microversion[1], instance["uuid"]
    shown = placed(req, instance, extras) | {
        "flavor": embedded(instance["flavor"]),
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
    if instance["image_ref"] and minor >= 98:
        shown["image"] = image(req, instance)
    if extras.groups.get(uuid):
        shown["security_groups"] = extras.groups[uuid]
    return {key: value for key, value in shown.items() if minor >= SINCE.get(key, 1)}


def placed(req: Request, instance: Instance, extras: Extras) -> Body:
    """Where it runs, and what it was made of: the host's name only for an admin."""
    shown: Body = {
        "OS-EXT-AZ:availability_zone": instance["availability_zone"] or "",
        "pinned_availability_zone": instance["pinned_availability_zone"],
    }
    if req.caller.is_admin:
        attributes = {
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


def image(req: Request, instance: Instance) -> Body:
    """The image with those of its properties that the server keeps."""
    given = instance["system_metadata"].items()
    properties = {key.removeprefix("image_"): value for key, value in given if key.startswith(KEPT)}
    shown = {"id": instance["image_ref"], "links": links(req, "images", instance["image_ref"])[1:]}
    return shown | {"properties": properties}


def embedded(flavor: Flavor) -> Body:
    """The flavor as it was at the boot."""
    return {
        "vcpus": flavor["vcpus"],
        "ram": flavor["memory_mb"],
        "disk": flavor["root_gb"],
        "ephemeral": flavor["ephemeral_gb"],
        "swap": flavor["swap"],
        "original_name": flavor["name"],
        "extra_specs": flavor.get("extra_specs", {}),
    }


def changed(req: Request, shown: Body, *, rebuilt: bool = False) -> Body:
    """A server as the reply to an update or a rebuild shows it."""
    minor = req.microversion[1]
    if minor >= 75:
        return shown
    hidden = BRIEF - ({"key_name"} if rebuilt and minor >= 54 else set())
    brief = {k: v for k, v in shown.items() if k not in hidden and not k.startswith("OS-EXT-SRV-ATTR")}
    return brief | {"addresses": plain(shown["addresses"])}


def plain(addresses: Body) -> Body:
    """Addresses by network, without what 2013's extensions say of them."""
    kept = ("version", "addr")
    return {net: [{key: one[key] for key in kept} for one in found] for net, found in addresses.items()}
