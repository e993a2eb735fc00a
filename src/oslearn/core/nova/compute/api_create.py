"""What a boot asks for: everything that it names is looked up, checked and put into the form that instances have.

Interface: `Boot.check_request` → `instances` (the first columns of each), `devices`, `networks`, `image`, and `spec`,
what the scheduler is asked for.
Invariants: nothing is written here.
Upstream: nova/compute/api.py: `_validate_and_build_base_options`, `_checks_for_create_and_rebuild`, `_validate_bdm`.
Left out: NUMA, PCI, accelerators, encrypted disks, QoS of ports; hints of filters that are not enabled
(`build_near_host_ip`, `different_cell`, `target_cell`, `query`); `virtual_name`, which upstream forgets, too.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from typing import Any

from oslearn.core.nova import exception
from oslearn.core.nova.compute.api_images import check_fit
from oslearn.core.nova.compute.api_volumes import Devices
from oslearn.core.nova.exception import InvalidBDM
from oslearn.core.nova.quota import check_num_instances_quota
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, NotFound, OverQuota

BAD_SEQUENCE = "Boot sequence for the instance and image/block device mapping combination is not valid."
DEVICE = ("source_type", "destination_type", "boot_index", "device_name", "delete_on_termination", "volume_size",
          "volume_type", "guest_format", "device_type", "disk_bus", "tag")  # fmt: skip
TOO_MUCH = {
    "injected_files": "Personality file limit exceeded",
    "injected_file_path_bytes": "Personality file path exceeds maximum {}",
    "injected_file_content_bytes": "Personality file content exceeds maximum {}",
}
REFERENCES = {"volume": "volume_id", "image": "image_id", "snapshot": "snapshot_id"}


def image_defined(image: dict[str, Any]) -> list[dict[str, Any]]:
    """The block devices that an image of a volume-backed server asks for: volumes from its snapshots."""
    devices = json.loads(image.get("block_device_mapping") or "[]")
    return [device | {"uuid": device.get(f"{device['source_type']}_id")} for device in devices]


def is_volume(device: dict[str, Any]) -> bool:
    """Whether a block device is no disk of the flavor's."""
    return "volume" in (device.get("source_type"), device.get("destination_type"))


class Boot(Devices):
    """The part of `API` that looks before it accepts."""

    ids: Ids

    def check_request(self, context: RequestContext, server: dict[str, Any]) -> dict[str, Any]:
        """Everything that a boot needs. Raises BadRequest, Conflict, Forbidden."""
        flavor = self.find_flavor(context, server["flavorRef"])
        self._check_place(server)
        self.check_metadata(context, server.get("metadata", {}))
        self._check_files(context, server.get("personality", []))
        image = self._check_image(context, server, flavor)
        groups = self.network_api.security_groups(context, server.get("security_groups", []))
        networks, most = self.network_api.validate_networks(context, server.get("networks"), server["max_count"])
        devices = self._check_devices(context, server, image)
        count = self._count(context, server, flavor, networks, devices, most)
        group = self._server_group(context, server["scheduler_hints"].get("group"), count)
        values = self._values(context, server, flavor, image, groups)
        named = [values | self._names(server, number, count) for number in range(count)]
        spec = self._spec(context, server, flavor, image, devices, group, count)
        if ports := [network["port_id"] for network in networks if network.get("port_id")]:
            spec["requested_ports"] = ports
        return {"instances": named, "devices": devices, "networks": networks, "image": image, "spec": spec}

    def _check_place(self, server: dict[str, Any]) -> None:
        """The zone and the host that are asked for are there."""
        zone, forced = server.get("availability_zone"), server.get("forced_host") or server.get("forced_node")
        for host in filter(None, (server.get("host"), server.get("hypervisor_hostname"), forced)):
            self.check_host(host)
        if zone and not forced and zone not in self.zones():
            raise BadRequest("The requested availability zone is not available")

    def _check_files(self, context: RequestContext, files: list[dict[str, str]]) -> None:
        """How many files, how long a path, how much in one. Raises OverQuota."""
        if not files:
            return
        limits = self.db.quotas.limits(context.project_id, context.user_id or "")
        sizes = {
            "injected_files": len(files),
            "injected_file_path_bytes": max(len(file["path"]) for file in files),
            "injected_file_content_bytes": max(len(b64decode(file["contents"])) for file in files),
        }
        for name, size in sizes.items():
            if 0 <= limits[name] < size:
                raise OverQuota(TOO_MUCH[name].format(limits[name]))

    def _check_image(self, context: RequestContext, server: dict[str, Any], flavor: dict[str, Any]) -> dict[str, Any]:
        """The image to boot from, or that the root volume was made from; it fits the flavor."""
        roots = [device for device in server["block_device_mapping_v2"] if device["boot_index"] == 0]
        image: dict[str, Any] = {}
        if server["imageRef"]:
            image = self.image_api.get_for_boot(context, server["imageRef"])
            roots = [*image_defined(image), *roots]
        elif roots and roots[0]["source_type"] == "image":
            image = self.image_api.get_for_boot(context, roots[0]["uuid"])
        elif roots and roots[0]["source_type"] in ("volume", "snapshot"):
            image = self._image_of_volume(context, roots[0])
        if image:
            volumes = [device for device in roots if device.get("boot_index") == 0 and is_volume(device)]
            check_fit(context, image, flavor, volumes[0] if volumes else None)
        return image

    def _image_of_volume(self, context: RequestContext, device: dict[str, Any]) -> dict[str, Any]:
        """What a bootable volume says of the image that it was made from."""
        try:
            volume_id = device["uuid"]
            if device["source_type"] == "snapshot":
                volume_id = self.volume_api.get_snapshot(context, volume_id)["volume_id"]
            volume = self.volume_api.get(context, volume_id)
        except NotFound:
            raise InvalidBDM(reason=f"failed to get {device['source_type']} {device['uuid']}.") from None
        if volume.get("bootable") == "false":
            raise InvalidBDM(f"Block Device {volume_id} is not bootable.")
        kept = dict(volume.get("volume_image_metadata", {}))
        return kept | {"id": "", "min_ram": int(kept.get("min_ram", 0)), "min_disk": 0, "size": 0}

    def _check_devices(
        self, context: RequestContext, server: dict[str, Any], image: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """The block devices as rows; the image's local disk is one of them. Raises InvalidBDM."""
        asked = [device for device in server["block_device_mapping_v2"] if not device.get("no_device")]
        if server["imageRef"] and (defined := image_defined(image)):
            asked = [*defined, *(device for device in asked if device["boot_index"] != 0)]
        if not asked or (server["imageRef"] and not any(device["boot_index"] == 0 for device in asked)):
            local = {"source_type": "image", "destination_type": "local", "uuid": server["imageRef"], "boot_index": 0}
            asked = [local | {"delete_on_termination": True}, *asked]
        order = sorted(d["boot_index"] for d in asked if d["boot_index"] is not None and d["boot_index"] >= 0)
        if order != list(range(len(order))) or not order:
            raise InvalidBDM(reason=BAD_SEQUENCE)
        for device in asked:
            self._check_device(context, device)
        return [
            {key: device.get(key) for key in DEVICE}
            | {"delete_on_termination": device.get("delete_on_termination", False)}
            | {"destination_type": device.get("destination_type") or "volume"}
            | {name: device.get("uuid") if device["source_type"] == kind else None for kind, name in REFERENCES.items()}
            for device in asked
        ]

    def _check_device(self, context: RequestContext, device: dict[str, Any]) -> None:
        """What a block device is made from is there, and how large it is to be is known. Raises InvalidBDM."""
        source, volume = device["source_type"], device.get("destination_type", "volume") == "volume"
        if source == "volume":
            self.volume_api.check_attachable(context, device["uuid"])
        elif source == "snapshot":
            try:
                found = self.volume_api.get_snapshot(context, device["uuid"])
            except NotFound:
                raise InvalidBDM(reason=f"failed to get snapshot {device['uuid']}.") from None
            device["volume_size"] = device.get("volume_size") or found["size"]
        elif volume and not device.get("volume_size"):
            what = {"image": "Images with destination_type 'volume' need to have a non-zero size specified",
                    "blank": "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size"}  # fmt: skip
            raise InvalidBDM(reason=what[source])

    def _count(
        self, context: RequestContext, server: dict[str, Any], flavor: Any, networks: Any, devices: Any, most: int
    ) -> int:
        """How many start: as many as quotas leave, but what there is one of cannot be had twice."""
        least, wanted = server["min_count"], server["max_count"]
        if wanted > 1:
            if any(device["volume_id"] for device in devices):
                raise BadRequest("Cannot attach one or more volumes to multiple instances")
            if any(network.get("port_id") for network in networks):
                raise BadRequest(
                    "Failed to launch multiple instances with a single configured port ID. Please launch your "
                    "instance one by one with different ports."
                )
            if any(network.get("fixed_ip") for network in networks):
                raise BadRequest(
                    "Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified."
                )
        if most < least:
            raise exception.PortLimitExceeded()
        scopes = self.db.quotas.scopes(context.project_id or "", context.user_id or "", asked=True)
        return check_num_instances_quota(scopes, flavor, least, min(wanted, most))

    def _server_group(self, context: RequestContext, uuid: Any, count: int) -> dict[str, Any]:
        """The group that the hint names; it takes that many more. Raises BadRequest, OverQuota."""
        if not uuid:
            return {}
        try:
            group = self.db.groups.get(uuid, context.project_id)
        except NotFound as error:
            raise BadRequest(str(error)) from None
        limit = self.db.quotas.limits(context.project_id, context.user_id or "")["server_group_members"]
        if 0 <= limit < len(group["members"]) + count:
            raise OverQuota("Quota exceeded, too many servers in group")
        return {key: group[key] for key in ("uuid", "policy", "rules", "members")} | {"hosts": []}

    def _values(
        self,
        context: RequestContext,
        server: dict[str, Any],
        flavor: dict[str, Any],
        image: dict[str, Any],
        groups: Any,
    ) -> dict[str, Any]:
        """The first columns, the same for all instances of a request."""
        key = self.find_key(context, server.get("key_name"))
        return {
            "project_id": context.project_id,
            "user_id": context.user_id,
            "display_description": server.get("description"),
            "image_ref": server["imageRef"],
            "flavor": flavor,
            **{name: flavor[name] for name in ("memory_mb", "vcpus", "root_gb")},
            "availability_zone": server.get("availability_zone"),
            "pinned_availability_zone": server.get("availability_zone") or "",
            "metadata": server.get("metadata", {}),
            "system_metadata": self.image_api.system_metadata(image, flavor) | server["owner"],
            "security_groups": groups,
            "key_name": server.get("key_name"),
            "key_data": key,
            "user_data": server.get("user_data"),
            "config_drive": "True" if server.get("config_drive") else "",
            "access_ip_v4": server.get("accessIPv4"),
            "access_ip_v6": server.get("accessIPv6"),
            "auto_disk_config": server.get("OS-DCF:diskConfig") == "AUTO",
            "trusted_certs": server.get("trusted_image_certificates"),
            "scheduler_hints": server["scheduler_hints"],
            "tags": server.get("tags", []),
            "reservation_id": f"r-{self.ids.hex()[:8]}",
            "root_device_name": "/dev/vda",
            "vm_state": "building",
            "task_state": "scheduling",
        }

    def find_key(self, context: RequestContext, name: str | None) -> str | None:
        """The public half of one of the caller's key pairs. Raises BadRequest."""
        try:
            return self.db.key_pairs.get(context.user_id, name).public_key if name else None
        except NotFound:
            raise BadRequest("Invalid key_name provided.") from None

    def _names(self, server: dict[str, Any], number: int, count: int) -> dict[str, Any]:
        """What tells the instances of one request apart."""
        uuid, suffix = self.ids.uuid(), f"-{number + 1}" if count > 1 else ""
        hostname = server.get("hostname") or sanitize_hostname(server["name"], f"Server-{uuid}")
        return {
            "uuid": uuid,
            "display_name": server["name"] + suffix,
            "hostname": hostname + suffix,
            "launch_index": number,
        }

    def _spec(
        self, context: RequestContext, server: Any, flavor: Any, image: Any, devices: Any, group: Any, count: int
    ) -> dict[str, Any]:
        """What the scheduler is asked for. Upstream: nova/objects/request_spec.py."""
        root: dict[str, Any] = next((device for device in devices if device["boot_index"] == 0), {})
        hints = {k: v if isinstance(v, list) else [v] for k, v in server["scheduler_hints"].items() if k != "group"}
        spec = {k: flavor[k] for k in ("memory_mb", "vcpus", "root_gb", "ephemeral_gb", "swap", "extra_specs")}
        return spec | {
            "project_id": context.project_id,
            "user_id": context.user_id,
            "num_instances": count,
            "is_bfv": root.get("destination_type") == "volume",
            "availability_zone": server.get("availability_zone"),
            "image_properties": self.image_api.properties(image),
            "forced": bool(server.get("forced_host") or server.get("forced_node")),
            "destination": server.get("forced_host") or server.get("forced_node") or server.get("host")
            or server.get("hypervisor_hostname"),
            "hints": hints,
            "group": group,
        }  # fmt: skip


def sanitize_hostname(name: str, default: str) -> str:
    """A server's name as its guest may use it. Upstream: nova/utils.py."""
    latin = name.encode("latin-1", "ignore").decode("latin-1")[:63]
    return re.sub(r"[^\w-]+", "", re.sub(r"[ _.]", "-", latin)).lower().strip(".-") or default
