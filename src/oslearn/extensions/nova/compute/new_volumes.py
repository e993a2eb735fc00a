"""Volumes that a boot has made: from an image, a snapshot or nothing.

Interface: `NewVolumes.create`.
Upstream: nova/virt/block_device.py.
"""

from __future__ import annotations

from oslearn.core.nova.compute.manager import Journal
from oslearn.core.nova.exception import VolumeNotCreated
from oslearn.core.nova.objects import BlockDevice, Instance
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import Bus
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI


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
