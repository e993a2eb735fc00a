"""nova-compute: images that are made of an instance's disk.

Interface: `Uploads.fill`; the RPC endpoint `Snapshots`.
Upstream: nova/compute/manager.py: `snapshot_instance`, `backup_instance`, `_rotate_backups`.
"""

from __future__ import annotations

from oslearn.core.nova.compute.manager import Journal
from oslearn.core.nova.objects import Instance
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.compute.attempts import Attempts
from oslearn.extensions.nova.image.glance import ExtendedImageAPI
from oslearn.extensions.nova.virt.libvirt import LibvirtOperations


class Uploads:
    """Disks that become images."""

    def __init__(self, journal: Journal, image_api: ExtendedImageAPI, virt: LibvirtOperations) -> None:
        self.journal, self.image_api, self.virt = journal, image_api, virt

    def fill(self, context: RPCContext, instance: Instance, image_id: str) -> None:
        """Upload the disk; an image that cannot be filled is deleted."""
        self.journal.save(context, instance, task_state="image_snapshot")
        try:
            data = self.virt.snapshot(instance)
            self.journal.save(context, instance, task_state="image_uploading")
            self.image_api.update(context, image_id, {"disk_format": "raw", "container_format": "bare"})
            self.image_api.upload(context, image_id, data)
        except Exception:
            self.image_api.delete(context, image_id)
            raise


class Snapshots:
    """The endpoint that keeps disks."""

    def __init__(self, journal: Journal, attempts: Attempts, uploads: Uploads, image_api: ExtendedImageAPI) -> None:
        self.journal, self.attempts, self.uploads, self.image_api = journal, attempts, uploads, image_api

    def snapshot_instance(self, context: RPCContext, instance: Instance, image_id: str) -> None:
        """Fill an image with the disk."""
        with self.attempts.begin(context, instance, "snapshot_instance"):
            self.uploads.fill(context, instance, image_id)
            self.journal.save(context, instance, task_state=None)

    def backup_instance(
        self, context: RPCContext, instance: Instance, image_id: str, backup_type: str, rotation: int
    ) -> None:
        """Fill an image, and delete the oldest ones of its kind."""
        with self.attempts.begin(context, instance, "backup_instance"):
            self.uploads.fill(context, instance, image_id)
            for old in self.image_api.list_backups(context, instance["uuid"], backup_type)[rotation:]:
                self.image_api.delete(context, old)
            self.journal.save(context, instance, task_state=None)
