"""What a boot asks for: everything that it names is looked up, checked and put into the form that instances have.

Interface: `ServerRequest` is what nova-api has read; `BootChecks.check` makes of it the first columns of each instance,
what the scheduler is asked for, and `Found`, what goes along with them; `check_memory` and `check_disk`, whether an
image fits a flavor.
Invariants: nothing is written here.
Upstream: nova/compute/api.py: `_validate_and_build_base_options`, `_checks_for_create_and_rebuild`, `_validate_bdm`.
Left out: NUMA, PCI, accelerators, encrypted disks, QoS of ports; hints of filters that are not enabled
(`build_near_host_ip`, `different_cell`, `target_cell`, `query`); `virtual_name`, which upstream forgets, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypedDict

from oslearn.core.nova import exception
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.objects import Flavor, ImageMeta, RequestedNetwork, RequestSpec, Values
from oslearn.core.nova.quota import check_num_instances_quota
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest

GIB = 2**30
DEVICE = ("source_type", "destination_type", "boot_index", "device_name", "delete_on_termination", "volume_size",
          "volume_type", "guest_format", "device_type", "disk_bus", "tag")  # fmt: skip
REFERENCES = {"volume": "volume_id", "image": "image_id", "snapshot": "snapshot_id"}
"""The column that says what a block device is made from, by its `source_type`."""


class ServerRequest(TypedDict):
    """A boot as the API has read it. `devices` are made from what their `uuid` names; extensions read more of `given`,
    what the body says of the server.
    """

    name: str
    flavorRef: str
    imageRef: str
    devices: list[Values]
    networks: Any
    adminPass: str
    min_count: int
    max_count: int
    given: Values


@dataclass
class Found:
    """What a request names, looked up; `most` instances can have such ports."""

    flavor: Flavor
    image: ImageMeta
    networks: list[RequestedNetwork]
    devices: list[Values]
    most: int


class BootChecks:
    """Step by step, each for itself: what else a boot can ask for, the extensions look at in a subclass."""

    def __init__(
        self, db: NovaDB, image_api: ImageAPI, network_api: NetworkAPI, volume_api: VolumeAPI, ids: Ids
    ) -> None:
        self.db, self.ids = db, ids
        self.image_api, self.network_api, self.volume_api = image_api, network_api, volume_api

    def check(self, context: RequestContext, server: ServerRequest) -> tuple[list[Values], RequestSpec, Found]:
        """Everything that a boot needs. Raises BadRequest, Conflict, Forbidden."""
        found = self.find(context, server, self.find_flavor(context, server["flavorRef"]))
        # So late, because what is counted is what would really start.
        count = self.count(context, server, found)
        spec, values = self.spec(context, server, found, count), self.values(context, server, found)
        return [values | self.names(server, number, count) for number in range(count)], spec, found

    def find_flavor(self, context: RequestContext, flavor_id: str) -> Flavor:
        """A flavor that the caller may use, as an instance keeps it. Raises BadRequest."""
        try:
            return self.db.flavors.get(flavor_id, None if context.is_admin else context.project_id)
        except exception.FlavorNotFound as error:
            raise BadRequest(str(error)) from None

    def find(self, context: RequestContext, server: ServerRequest, flavor: Flavor) -> Found:
        """The image, which fits the flavor, the networks and the volumes. Raises BadRequest, Conflict, Forbidden."""
        image = self.image_api.get_for_boot(context, server["imageRef"])
        check_memory(image, flavor)
        check_disk(context, image, flavor)
        networks, most = self.network_api.validate_networks(context, server["networks"], server["max_count"])
        for volume in server["devices"]:
            self.volume_api.check_attachable(context, volume["uuid"])
        devices = [row(device) for device in (local_disk(server["imageRef"]), *server["devices"])]
        return Found(flavor, image, networks, devices, most)

    def count(self, context: RequestContext, server: ServerRequest, found: Found) -> int:
        """How many start: as many as quotas leave, but a volume cannot be had twice. Raises BadRequest, Forbidden."""
        least, wanted = server["min_count"], server["max_count"]
        if wanted > 1 and any(device["volume_id"] for device in found.devices):
            raise BadRequest("Cannot attach one or more volumes to multiple instances")
        if found.most < least:
            raise exception.PortLimitExceeded()
        # Two requests at once may both pass: the conductor counts again once the rows are written.
        scopes = self.db.quotas.scopes(context.project_id or "", context.user_id or "", asked=True)
        return check_num_instances_quota(scopes, found.flavor, least, min(wanted, found.most))

    def spec(self, context: RequestContext, server: ServerRequest, found: Found, count: int) -> RequestSpec:
        """What the scheduler is asked for. Upstream: nova/objects/request_spec.py."""
        flavor = found.flavor
        return {
            "memory_mb": flavor["memory_mb"],
            "vcpus": flavor["vcpus"],
            "root_gb": flavor["root_gb"],
            "ephemeral_gb": flavor["ephemeral_gb"],
            "swap": flavor["swap"],
            "extra_specs": flavor["extra_specs"],
            "project_id": context.project_id or "",
            "user_id": context.user_id or "",
            "num_instances": count,
            "is_bfv": False,
            "image_properties": self.image_api.properties(found.image),
            "destination": None,
        }

    def values(self, context: RequestContext, server: ServerRequest, found: Found) -> Values:
        """The first columns, the same for all instances of a request."""
        flavor = found.flavor
        size = {"memory_mb": flavor["memory_mb"], "vcpus": flavor["vcpus"], "root_gb": flavor["root_gb"]}
        return {
            "project_id": context.project_id,
            "user_id": context.user_id,
            "image_ref": server["imageRef"],
            "flavor": flavor,
            **size,
            "reservation_id": f"r-{self.ids.hex()[:8]}",
            "root_device_name": "/dev/vda",
            "vm_state": "building",
            "task_state": "scheduling",
        }

    def names(self, server: ServerRequest, number: int, count: int) -> Values:
        """What tells the instances of one request apart."""
        uuid, suffix = self.ids.uuid(), f"-{number + 1}" if count > 1 else ""
        hostname = sanitize_hostname(server["name"], f"Server-{uuid}")
        return {"uuid": uuid, "display_name": server["name"] + suffix, "hostname": hostname + suffix,
                "launch_index": number}  # fmt: skip


def check_memory(image: ImageMeta, flavor: Flavor) -> None:
    """Whether the flavor has the memory that an image needs. Raises FlavorMemoryTooSmall."""
    if int(image.get("min_ram") or 0) > flavor["memory_mb"]:
        raise exception.FlavorMemoryTooSmall()


def check_disk(context: RequestContext, image: ImageMeta, flavor: Flavor) -> None:
    """Whether the flavor's disk holds an image.

    Raises FlavorDiskTooSmall, FlavorDiskSmallerThanMinDisk, BootFromVolumeRequiredForZeroDiskFlavor.
    """
    least, disk = int(image.get("min_disk") or 0) * GIB, flavor["root_gb"] * GIB
    if disk == 0:  # the disk becomes as large as the image, and no scheduler has counted it
        if not context.is_admin:
            raise exception.BootFromVolumeRequiredForZeroDiskFlavor()
    elif (image.get("size") or 0) > disk:
        raise exception.FlavorDiskTooSmall(flavor=disk, image=image["size"])
    elif least > disk:
        raise exception.FlavorDiskSmallerThanMinDisk(flavor=disk, image=least)


def local_disk(image_id: str) -> Values:
    """The disk that the host makes from the image."""
    return {"source_type": "image", "destination_type": "local", "uuid": image_id, "boot_index": 0,
            "delete_on_termination": True}  # fmt: skip


def row(device: Values) -> Values:
    """The columns of a block device; `destination_type` is a volume where nothing else is said."""
    shown: Values = {key: device.get(key) for key in DEVICE}
    shown["delete_on_termination"] = device.get("delete_on_termination", False)
    shown["destination_type"] = device.get("destination_type") or "volume"
    made_from = {name: device.get("uuid") if device["source_type"] == k else None for k, name in REFERENCES.items()}
    return shown | made_from


def sanitize_hostname(name: str, default: str) -> str:
    """A server's name as its guest may use it. Upstream: nova/utils.py."""
    latin = name.encode("latin-1", "ignore").decode("latin-1")[:63]
    return re.sub(r"[^\w-]+", "", re.sub(r"[ _.]", "-", latin)).lower().strip(".-") or default
