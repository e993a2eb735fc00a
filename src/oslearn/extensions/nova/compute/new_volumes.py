"""Servers whose disks are volumes that a boot has made: from an image, a snapshot or nothing.

Interface: `VolumeImages`, what nova-api looks at; `NewVolumes.create`, what nova-compute has made.
Upstream: nova/compute/api.py, `_get_bdm_image_metadata`; nova/virt/block_device.py.
"""

from __future__ import annotations

from typing import cast

from oslearn.core.nova.compute.api_request import RequestedDevice
from oslearn.core.nova.compute.manager import Journal
from oslearn.core.nova.exception import InvalidBDM, VolumeNotCreated
from oslearn.core.nova.objects import BlockDevice, ImageMeta, Instance
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import NotFound
from oslearn.core.oslo.messaging import Bus
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI


class VolumeImages:
    """Looks at volumes and snapshots before nova-api accepts."""

    def __init__(self, volume_api: ExtendedVolumeAPI) -> None:
        self.volume_api = volume_api

    def check_snapshot(self, context: RequestContext, device: RequestedDevice) -> None:
        """The snapshot is there; the volume is at least as large. Raises InvalidBDM."""
        try:
            found = self.volume_api.get_snapshot(context, device["uuid"] or "")
        except NotFound:
            raise InvalidBDM(reason=f"failed to get snapshot {device['uuid']}.") from None
        device["volume_size"] = device.get("volume_size") or found["size"]

    def image_of_volume(self, context: RequestContext, device: RequestedDevice) -> ImageMeta:
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


class NewVolumes:
    """Has Cinder make them."""

    def __init__(self, journal: Journal, volume_api: ExtendedVolumeAPI, bus: Bus) -> None:
        self.journal, self.volume_api, self.bus = journal, volume_api, bus

    def create(self, context: RequestContext, instance: Instance, device: BlockDevice) -> None:
        """Have Cinder make a volume from an image, a snapshot or nothing, and reserve it. Raises VolumeNotCreated."""
        volume_id = self.volume_api.create(context, device, None)

        def status() -> str:
            return str(self.volume_api.get(context, volume_id)["status"])

        self.bus.wait_for(lambda: status() not in ("creating", "downloading"))
        if status() != "available":
            raise VolumeNotCreated(volume_id=volume_id)
        made = self.volume_api.attachment_create(context, volume_id, instance["uuid"])
        self.journal.save_device(context, instance, device, volume_id=volume_id, attachment_id=made["id"])
