"""nova-api: images of instances: snapshots, backups, and an instance built anew from an image.

Interface: `Images`; `image_of`.
Invariants: the image exists, empty, before the host is told to fill it, so the reply can name it.
Upstream: nova/compute/api.py: `snapshot`, `snapshot_volume_backed`, `backup`, `rebuild`. Left out: quiescing the guest;
`preserve_ephemeral`, which only bare metal heeds.
"""

from __future__ import annotations

import json

from oslearn.core.nova.objects import Instance, Values
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest
from oslearn.extensions.nova.compute.actions import Action, ActionRunner
from oslearn.extensions.nova.compute.boot import ExtendedBootChecks
from oslearn.extensions.nova.compute.boot_devices import check_fit
from oslearn.extensions.nova.image.glance import ExtendedImageAPI, system_metadata
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI

INHERITED = ("image_", "owner_", "boot_roles")
NOT_INHERITED = ("image_cache_in_nova", "image_bittorrent", "image_img_signature", "image_os_glance", "image_cinder_")
SNAPSHOT_STATES = ("active", "stopped", "paused", "suspended")
SNAPSHOT = Action(
    "createImage", "createImage", SNAPSHOT_STATES, "image_snapshot_pending", "snapshot_instance", ignores_lock=True
)
BACKUP = Action("createBackup", "createBackup", SNAPSHOT_STATES, "image_backup", "backup_instance", ignores_lock=True)
REBUILD = Action("rebuild", "rebuild", ("active", "stopped", "error"), "rebuilding", "rebuild_instance")


class Images:
    """What is made of an instance's disk, and what its disk is made of again."""

    def __init__(
        self, runner: ActionRunner, checks: ExtendedBootChecks, images: ExtendedImageAPI, volumes: ExtendedVolumeAPI
    ) -> None:
        self.db, self.runner, self.compute, self.conductor = runner.db, runner, runner.compute, runner.conductor
        self.checks, self.image_api, self.volume_api = checks, images, volumes

    def snapshot(self, context: RequestContext, instance: Instance, name: str, metadata: dict[str, str]) -> str:
        """An image of the disk; returns its id. Of an instance on volumes it is a list of their snapshots."""
        self.runner.check(context, instance, SNAPSHOT)
        if not instance["image_ref"]:
            return self._snapshot_volume_backed(context, instance, name, metadata)
        image_id = self.create_image(context, instance, name, "snapshot", metadata)
        begun = self.runner.begin(context, instance, SNAPSHOT)
        self.compute.cast(context, str(instance["host"]), "snapshot_instance", instance=begun, image_id=image_id)
        return image_id

    def backup(
        self, context: RequestContext, instance: Instance, name: str, kind: str, rotation: int, metadata: dict[str, str]
    ) -> str:
        """A snapshot of which only the newest `rotation` are kept; returns the image's id."""
        self.runner.check(context, instance, BACKUP)
        if not instance["image_ref"]:
            raise BadRequest("Backup is not supported for volume-backed instances.")
        image_id = self.create_image(context, instance, name, "backup", metadata | {"backup_type": kind})
        begun = self.runner.begin(context, instance, BACKUP)
        args: Values = {"image_id": image_id, "backup_type": kind, "rotation": rotation}
        self.compute.cast(context, str(instance["host"]), "backup_instance", instance=begun, **args)
        return image_id

    def create_image(
        self, context: RequestContext, instance: Instance, name: str, kind: str, metadata: dict[str, str]
    ) -> str:
        """An empty image for the host to fill; returns its id."""
        about = {"instance_uuid": instance["uuid"], "user_id": context.user_id, "image_type": kind}
        return self.image_api.create(context, image_of(instance, name) | about | metadata)

    def _snapshot_volume_backed(
        self, context: RequestContext, instance: Instance, name: str, metadata: dict[str, str]
    ) -> str:
        """An image without data that says from which snapshots to boot."""
        mapping = []
        self.runner.begin(context, instance, Action("createImage", "createImage"))
        for device in self.db.devices.get(instance["uuid"]):
            if device["volume_id"]:
                snapshot = self.volume_api.create_snapshot_force(context, device["volume_id"], f"snapshot for {name}")
                mapping.append(
                    {k: device[k] for k in ("boot_index", "device_name", "delete_on_termination", "guest_format",
                                            "disk_bus", "device_type")}
                    | {"source_type": "snapshot", "destination_type": "volume", "snapshot_id": snapshot["id"],
                       "volume_size": snapshot["size"]}
                )  # fmt: skip
        about = {"bdm_v2": "True", "block_device_mapping": json.dumps(mapping)}
        about["root_device_name"] = instance["root_device_name"] or "/dev/vda"
        return self.image_api.create(context, image_of(instance, name) | about | metadata, data=b"")

    def rebuild(
        self, context: RequestContext, instance: Instance, image_ref: str, password: str, changes: Values
    ) -> None:
        """Build it anew from an image: the addresses and volumes stay, the disk does not."""
        self.runner.check(context, instance, REBUILD)
        image = self.image_api.get_for_boot(context, image_ref, "Cannot find image for rebuild")
        self.checks.check_metadata(context, changes.get("metadata", {}))
        check_fit(context, image, instance["flavor"], None if instance["image_ref"] else {})
        if instance["image_ref"]:
            changes = changes | {"image_ref": image_ref}
        elif self._volume_image(context, instance) != image_ref:
            raise BadRequest(
                f"Image {image_ref} is unacceptable: Unable to rebuild with a different image for a volume-backed "
                "server."
            )
        kept = {k: v for k, v in instance["system_metadata"].items() if not k.startswith("image_")}
        changes["system_metadata"] = kept | system_metadata(image, instance["flavor"])
        begun = self.runner.begin(context, instance, REBUILD, progress=0, **changes)
        self.conductor.rebuild_instance(
            context, instance=begun, image_ref=image_ref, orig_image_ref=instance["image_ref"], new_pass=password,
            host=instance["host"], recreate=False,
        )  # fmt: skip

    def _volume_image(self, context: RequestContext, instance: Instance) -> str | None:
        """The image that the root volume was made from."""
        for device in self.db.devices.get(instance["uuid"]):
            if device["boot_index"] == 0 and device["volume_id"]:
                volume = self.volume_api.get(context, device["volume_id"])
                return str(volume.get("volume_image_metadata", {}).get("image_id"))
        return None


def image_of(instance: Instance, name: str) -> Values:
    """What an image of the instance's disk inherits from the image that it was booted from."""
    known = {k: v for k, v in instance["system_metadata"].items() if not k.startswith(NOT_INHERITED) and v is not None}
    properties = {k.removeprefix("image_"): v for k, v in known.items() if k.startswith(INHERITED)}
    inherited = {
        k: v for k, v in properties.items() if k not in ("disk_format", "container_format", "min_disk", "min_ram")
    }
    disk = {"min_disk": instance["flavor"]["root_gb"], "min_ram": int(properties.get("min_ram") or 0)}
    return inherited | disk | {"name": name, "visibility": "private"}
