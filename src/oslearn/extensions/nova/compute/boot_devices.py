"""The disks that a boot asks for: of an image, of volumes that are there, and of volumes that are yet to be made.

Interface: `DeviceChecks.image` → the image to boot from, `DeviceChecks.check` → the block devices as rows;
`ClassicDeviceChecks`, the same in 2013's flow; `check_fit`.
Invariants: nothing is written here: the volumes are reserved when the whole request is known to be right.
Upstream: nova/compute/api.py: `_validate_bdm`, `_check_requested_image`, `_get_bdm_image_metadata`.
"""

from __future__ import annotations

import json
from typing import cast

from oslearn.core.nova.compute.api_create import GIB, ServerRequest, check_disk, check_memory, local_disk, row
from oslearn.core.nova.exception import InvalidBDM
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.objects import Flavor, ImageMeta, Values
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import NotFound
from oslearn.extensions.nova.exception import InvalidImageConfigDrive, VolumeSmallerThanMinDisk
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI

BAD_SEQUENCE = "Boot sequence for the instance and image/block device mapping combination is not valid."
NO_SIZE = {
    "image": "Images with destination_type 'volume' need to have a non-zero size specified",
    "blank": "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size",
}
NOT_IN_2013 = "In this flow a server has the disk of its image and volumes that are there: make the volume first."


class DeviceChecks:
    """Looks up images, volumes and snapshots for a boot."""

    def __init__(self, image_api: ImageAPI, volume_api: ExtendedVolumeAPI) -> None:
        self.image_api, self.volume_api = image_api, volume_api

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
            image = self._image_of_volume(context, roots[0])
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
            asked = [local_disk(image_id), *asked]
        order = sorted(at for device in asked if (at := device["boot_index"]) is not None and at >= 0)
        if order != list(range(len(order))) or not order:
            raise InvalidBDM(reason=BAD_SEQUENCE)
        for device in asked:
            self._check_device(context, device)
        return [row(device) for device in asked]

    def _check_device(self, context: RequestContext, device: Values) -> None:
        """What a block device is made from is there, and how large it is to be is known. Raises InvalidBDM."""
        source, volume = device["source_type"], device.get("destination_type", "volume") == "volume"
        if source == "volume":
            self.volume_api.check_attachable(context, device["uuid"] or "")
        elif source == "snapshot":
            self._check_snapshot(context, device)
        elif volume and not device.get("volume_size"):
            raise InvalidBDM(reason=NO_SIZE[source])

    def _check_snapshot(self, context: RequestContext, device: Values) -> None:
        """The snapshot is there; the volume is at least as large. Raises InvalidBDM."""
        try:
            found = self.volume_api.get_snapshot(context, device["uuid"] or "")
        except NotFound:
            raise InvalidBDM(reason=f"failed to get snapshot {device['uuid']}.") from None
        device["volume_size"] = device.get("volume_size") or found["size"]

    def _image_of_volume(self, context: RequestContext, device: Values) -> ImageMeta:
        """What a bootable volume says of the image that it was made from. Raises InvalidBDM."""
        volume_id = device["uuid"] or ""
        try:
            if device["source_type"] == "snapshot":
                volume_id = self.volume_api.get_snapshot(context, volume_id)["volume_id"]
            volume = self.volume_api.get(context, volume_id)
        except NotFound:
            raise InvalidBDM(reason=f"failed to get {device['source_type']} {device['uuid']}.") from None
        if volume.get("bootable") == "false":
            raise InvalidBDM(f"Block Device {volume_id} is not bootable.")
        kept = dict(volume.get("volume_image_metadata", {}))
        kept |= {"id": "", "min_ram": int(kept.get("min_ram", 0)), "min_disk": 0, "size": 0}
        return cast(ImageMeta, kept)


class ClassicDeviceChecks(DeviceChecks):
    """Grizzly's API wrote a row for each volume that there was, and its hosts attached those."""

    def check(self, context: RequestContext, server: ServerRequest, image: ImageMeta) -> list[Values]:
        devices = super().check(context, server, image)
        for device in devices:
            local = device["image_id"] and device["destination_type"] == "local"
            if not local and (not device["volume_id"] or device["boot_index"] == 0):
                raise InvalidBDM(reason=NOT_IN_2013)
        return devices


def check_fit(context: RequestContext, image: ImageMeta, flavor: Flavor, volume: Values | None = None) -> None:
    """Whether an image fits a flavor, and the root `volume` if it does not go to the flavor's disk.

    Raises InvalidImageConfigDrive, VolumeSmallerThanMinDisk, and what `check_memory` and `check_disk` raise.
    """
    drive = image.get("img_config_drive") or "optional"
    if drive not in ("optional", "mandatory"):
        raise InvalidImageConfigDrive(config_drive=drive)
    check_memory(image, flavor)
    if volume is None:
        check_disk(context, image, flavor)
        return
    least, size = int(image.get("min_disk") or 0) * GIB, volume.get("volume_size")
    if size and least > size * GIB:
        raise VolumeSmallerThanMinDisk(volume=size * GIB, image=least)


def image_defined(image: ImageMeta) -> list[Values]:
    """The block devices that an image of a volume-backed server asks for: volumes from its snapshots."""
    devices = json.loads(image.get("block_device_mapping") or "[]")
    return [device | {"uuid": device.get(f"{device['source_type']}_id")} for device in devices]


def is_volume(device: Values) -> bool:
    """Whether a block device is no disk of the flavor's."""
    return "volume" in (device.get("source_type"), device.get("destination_type"))
