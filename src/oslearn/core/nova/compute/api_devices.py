"""What a boot's disks are made from: the image, and the block devices that the user or the image asks for.

Interface: `DeviceChecks.image` → the image to boot from; `DeviceChecks.check` → the block devices as rows;
`check_fit(context, image, flavor, volume)`.
Invariants: nothing is written here: the volumes are reserved when the whole request is known to be right.
Upstream: nova/compute/api.py: `_validate_bdm`, `_check_requested_image`, `_get_bdm_image_metadata`.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from oslearn.core.nova import exception
from oslearn.core.nova.compute.api_request import RequestedDevice, ServerRequest
from oslearn.core.nova.exception import InvalidBDM
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.objects import Flavor, ImageMeta, Values
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.context import RequestContext

GIB = 2**30
BAD_SEQUENCE = "Boot sequence for the instance and image/block device mapping combination is not valid."
NO_SIZE = {
    "image": "Images with destination_type 'volume' need to have a non-zero size specified",
    "blank": "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size",
}
DEVICE = ("source_type", "destination_type", "boot_index", "device_name", "delete_on_termination", "volume_size",
          "volume_type", "guest_format", "device_type", "disk_bus", "tag")  # fmt: skip
REFERENCES = {"volume": "volume_id", "image": "image_id", "snapshot": "snapshot_id"}
"""The column that says what a block device is made from, by its `source_type`."""


class DeviceChecks:
    """Looks up images, volumes and snapshots for a boot."""

    def __init__(self, image_api: ImageAPI, volume_api: VolumeAPI) -> None:
        self.image_api, self.volume_api = image_api, volume_api
        self.image_of_volume: Callable[[RequestContext, RequestedDevice], ImageMeta] = lambda context, device: {}
        """What a root volume or snapshot says of the image that it was made from. Raises InvalidBDM."""
        self.check_snapshot: Callable[[RequestContext, RequestedDevice], None] = lambda context, device: None
        """The snapshot that a block device is made from is there, and says how large. Raises InvalidBDM."""

    def image(self, context: RequestContext, server: ServerRequest, flavor: Flavor) -> ImageMeta:
        """The image to boot from, or that the root volume was made from; it fits the flavor. Raises BadRequest."""
        roots = [device for device in server["devices"] if device.get("boot_index", -1) == 0]
        image: ImageMeta = {}
        if server["imageRef"]:
            image = self.image_api.get_for_boot(context, server["imageRef"])
            roots = [*image_defined(image), *roots]
        elif roots and roots[0]["source_type"] == "image":
            image = self.image_api.get_for_boot(context, roots[0]["uuid"] or "")
        elif roots and roots[0]["source_type"] in ("volume", "snapshot"):
            image = self.image_of_volume(context, roots[0])
        if image:
            volumes = [device for device in roots if device.get("boot_index") == 0 and is_volume(device)]
            check_fit(context, image, flavor, volumes[0] if volumes else None)
        return image

    def check(self, context: RequestContext, server: ServerRequest, image: ImageMeta) -> list[Values]:
        """The block devices as rows; the image's local disk is one of them. Raises InvalidBDM."""
        image_id, asked = server["imageRef"], [one for one in server["devices"] if not one.get("no_device")]
        if image_id and (defined := image_defined(image)):
            asked = [*defined, *(device for device in asked if device["boot_index"] != 0)]
        if not asked or (image_id and not any(device["boot_index"] == 0 for device in asked)):
            local: RequestedDevice = {"source_type": "image", "destination_type": "local", "uuid": image_id,
                                      "boot_index": 0, "delete_on_termination": True}  # fmt: skip
            asked = [local, *asked]
        order = sorted(at for device in asked if (at := device["boot_index"]) is not None and at >= 0)
        if order != list(range(len(order))) or not order:
            raise InvalidBDM(reason=BAD_SEQUENCE)
        for device in asked:
            self._check_device(context, device)
        return [row(device) for device in asked]

    def _check_device(self, context: RequestContext, device: RequestedDevice) -> None:
        """What a block device is made from is there, and how large it is to be is known. Raises InvalidBDM."""
        source, volume = device["source_type"], device.get("destination_type", "volume") == "volume"
        if source == "volume":
            self.volume_api.check_attachable(context, device["uuid"] or "")
        elif source == "snapshot":
            self.check_snapshot(context, device)
        elif volume and not device.get("volume_size"):
            raise InvalidBDM(reason=NO_SIZE[source])


def check_fit(context: RequestContext, image: ImageMeta, flavor: Flavor, volume: RequestedDevice | None = None) -> None:
    """Whether an image fits a flavor, and the root `volume` if it does not go to the flavor's disk.

    Raises InvalidImageConfigDrive, FlavorMemoryTooSmall, FlavorDiskTooSmall, FlavorDiskSmallerThanMinDisk,
    VolumeSmallerThanMinDisk, BootFromVolumeRequiredForZeroDiskFlavor.
    """
    drive = image.get("img_config_drive") or "optional"
    if drive not in ("optional", "mandatory"):
        raise exception.InvalidImageConfigDrive(config_drive=drive)
    if int(image.get("min_ram") or 0) > flavor["memory_mb"]:
        raise exception.FlavorMemoryTooSmall()
    least, disk = int(image.get("min_disk") or 0) * GIB, flavor["root_gb"] * GIB
    if volume is not None:
        size = volume.get("volume_size")
        if size and least > size * GIB:
            raise exception.VolumeSmallerThanMinDisk(volume=size * GIB, image=least)
    elif disk == 0:  # the disk becomes as large as the image, and no scheduler has counted it
        if not context.is_admin:
            raise exception.BootFromVolumeRequiredForZeroDiskFlavor()
    elif (image.get("size") or 0) > disk:
        raise exception.FlavorDiskTooSmall(flavor=disk, image=image["size"])
    elif least > disk:
        raise exception.FlavorDiskSmallerThanMinDisk(flavor=disk, image=least)


def image_defined(image: ImageMeta) -> list[RequestedDevice]:
    """The block devices that an image of a volume-backed server asks for: volumes from its snapshots."""
    devices = json.loads(image.get("block_device_mapping") or "[]")
    return [device | {"uuid": device.get(f"{device['source_type']}_id")} for device in devices]


def is_volume(device: RequestedDevice) -> bool:
    """Whether a block device is no disk of the flavor's."""
    return "volume" in (device.get("source_type"), device.get("destination_type"))


def row(device: RequestedDevice) -> Values:
    """The columns of a block device; `destination_type` is a volume where nothing else is said."""
    shown: Values = {key: device.get(key) for key in DEVICE}
    shown["delete_on_termination"] = device.get("delete_on_termination", False)
    shown["destination_type"] = device.get("destination_type") or "volume"
    made_from = {name: device.get("uuid") if device["source_type"] == k else None for k, name in REFERENCES.items()}
    return shown | made_from
