"""What can be done to a volume: `POST /v3/volumes/{id}/action`.

Invariants: an action is refused unless the volume is in a status from which it leads on; what takes time is cinder-
volume's work, after the reply.
Upstream: cinder/api/contrib/volume_actions.py, admin_actions.py, volume_image_metadata.py, cinder/volume/api.py.
Left out: moving data between backends: a migration finds no other host, whatever `force_host_copy`, `lock_volume`,
`migration_policy` and `new_volume` say; managing (`os-unmanage`);
what drivers report (`os-extend_volume_completion`, `os-migrate_volume_completion`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.cinder.api.app import after
from oslearn.core.cinder.api.attachments import MayEnd
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Attachment, Volume
from oslearn.core.config import Config
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import iso_micro
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.extensions.cinder import exceptions as e
from oslearn.extensions.cinder import quota
from oslearn.extensions.cinder.api import schemas, views
from oslearn.extensions.cinder.api.common import Action, Actions, Messages, boolean
from oslearn.extensions.cinder.api.types import check_size, type_by_name
from oslearn.extensions.cinder.api.volumes import VolumeDeletion, check_image, is_multiattach
from oslearn.extensions.cinder.image.glance import CORE, GlanceClientWrapper
from oslearn.extensions.cinder.models import Service

ADMIN, USER = "volume_extension:volume_admin_actions:", "volume_extension:volume_actions:"
IMAGE = "volume_extension:volume_image_metadata:"
ACTIONS = {
    "os-attach": Action("attach", USER + "attach", schemas.ATTACH),
    "os-detach": Action("detach", USER + "detach", schemas.DETACH),
    "os-reserve": Action("reserve", USER + "reserve", schemas.RESERVE),
    "os-unreserve": Action("unreserve", USER + "unreserve", schemas.UNRESERVE),
    "os-begin_detaching": Action("begin_detaching", USER + "begin_detaching", schemas.BEGIN_DETACHING),
    "os-roll_detaching": Action("roll_detaching", USER + "roll_detaching", schemas.ROLL_DETACHING),
    "os-initialize_connection": Action(
        "initialize_connection", USER + "initialize_connection", schemas.INITIALIZE_CONNECTION, 200
    ),
    "os-terminate_connection": Action(
        "terminate_connection", USER + "terminate_connection", schemas.TERMINATE_CONNECTION
    ),
    "os-extend": Action("extend", "volume:extend", schemas.EXTEND),
    "os-retype": Action("retype", "volume:retype", schemas.RETYPE),
    "os-set_bootable": Action("set_bootable", "volume:update", schemas.SET_BOOTABLE, 200),
    "os-update_readonly_flag": Action(
        "update_readonly_flag", "volume:update_readonly_flag", schemas.UPDATE_READONLY_FLAG
    ),
    "os-volume_upload_image": Action("upload_image", USER + "upload_image", schemas.VOLUME_UPLOAD_IMAGE),
    "os-reimage": Action("reimage", "volume:reimage", schemas.REIMAGE, 202, (3, 68)),
    "os-set_image_metadata": Action("set_image_metadata", IMAGE + "set", schemas.SET_IMAGE_METADATA, 200),
    "os-unset_image_metadata": Action("unset_image_metadata", IMAGE + "remove", schemas.UNSET_IMAGE_METADATA, 200),
    "os-show_image_metadata": Action("show_image_metadata", IMAGE + "show", schemas.SHOW_IMAGE_METADATA, 200),
    "os-reset_status": Action("reset_status", ADMIN + "reset_status", schemas.RESET_STATUS),
    "os-force_delete": Action("force_delete", ADMIN + "force_delete", schemas.FORCE_DELETE),
    "os-force_detach": Action("detach", ADMIN + "force_detach", schemas.FORCE_DETACH),
    "os-migrate_volume": Action("migrate", ADMIN + "migrate_volume", schemas.MIGRATE_VOLUME),
}  # fmt: skip
STATUSES = (
    "creating", "available", "deleting", "error", "error_deleting", "error_managing", "managing", "attaching",
    "in-use", "detaching", "maintenance", "restoring-backup", "error_restoring", "reserved", "awaiting-transfer",
    "backing-up", "error_backing-up", "error_extending", "downloading", "uploading", "retyping", "extending",
)  # fmt: skip
MIGRATION_STATUSES = ("migrating", "error", "success", "completing", "none", "starting")


class VolumeActions:
    """Each action, named after upstream's method."""

    def __init__(
        self,
        db: CinderDB,
        config: Config,
        policy: Enforcer,
        image: GlanceClientWrapper,
        messages: Messages,
        deletion: VolumeDeletion,
        may_end: MayEnd,
    ) -> None:
        self.db, self.config, self.policy, self.image = db, config, policy, image
        self.messages, self.deletion, self.may_end = messages, deletion, may_end
        self.actions = Actions(self, ACTIONS, policy)

    def act_on_volume(self, req: Request, session: Session, id: str) -> Reply:
        """202, or as ACTIONS says; 400, 403, 404."""
        return self.actions.run(req, session, self.db.get(session, Volume, id, req.caller))

    def attach(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        mode, readonly = values.get("mode", "rw"), volume.admin_metadata.get("readonly", "False")
        if volume.status == "maintenance":
            raise e.InvalidVolume(reason="The volume cannot be attached in maintenance mode.")
        if readonly == "True" and mode != "ro":
            raise exception.BadRequest(f"Invalid attaching mode '{mode}' for volume {volume.id}.")
        user = {"instance_uuid": values.get("instance_uuid"), "attached_host": values.get("host_name")}
        after(req, self.messages.call(req, volume, "attach_volume", mountpoint=values["mountpoint"], mode=mode, **user))

    def detach(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        self._may_detach(req, session, volume, values.get("attachment_id"))
        after(req, self.messages.call(req, volume, "detach_volume", attachment_id=values.get("attachment_id")))

    def _may_detach(self, req: Request, session: Session, volume: Volume, attachment_id: str | None) -> None:
        """The attachment that is meant, or the only one, may end."""
        attachment = self.db.get(session, Attachment, attachment_id, req.caller) if attachment_id else None
        if attachment and attachment.volume is not volume:
            raise e.InvalidInput(reason="Mismatched volume and attachment.")
        if attachment is None and len(volume.attachments) == 1:
            attachment = volume.attachments[0]
        self.may_end(req, volume, attachment)

    def reserve(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        expected = ("available", "in-use") if volume.multiattach else ("available",)
        reason = "Volume status must be {expected} to reserve, but the status is {status}."
        self._begin(volume, "attaching", expected, reason)

    def unreserve(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        if volume.status == "attaching":
            self.db.save(volume, status="in-use" if volume.attachments else "available")

    def begin_detaching(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        attached = any(attachment.attach_status == "attached" for attachment in volume.attachments)
        must = "Volume status must be 'in-use' and attach_status must be 'attached' to detach."
        self._begin(volume, "detaching", ("in-use",) if attached else (), f"Unable to detach volume. {must}")

    def roll_detaching(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        if volume.status == "detaching":
            self.db.save(volume, status="in-use")

    def initialize_connection(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        call = self.messages.call(req, volume, "initialize_connection", connector=values["connector"])
        more = {"enforce_multipath": values["connector"].get("enforce_multipath", False)}
        after(req, lambda: {"connection_info": call() | more})

    def terminate_connection(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        self._may_detach(req, session, volume, None)
        after(req, self.messages.call(req, volume, "terminate_connection", connector=values["connector"]))
        self.unreserve(req, session, volume, values)

    def extend(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        size, old = int(values["new_size"]), volume.size
        if size <= old:
            reason = f"New size for extend must be greater than current size. (current: {old}, extended: {size})."
            raise e.InvalidInput(reason=reason)
        check_size(volume.volume_type, size)
        online = volume.status == "in-use" and req.microversion >= (3, 42)
        expected = "in-use" if online else "available"
        reason = f"Volume {{id}} status must be '{{{{'status': '{expected}'}}}}' to extend, currently {{status}}."
        self._begin(volume, "extending", (expected,), reason)
        quota.check_size(quota.limits(session, self.config, volume.project_id), size)
        quota.check(session, self.config, volume.project_id, volume.volume_type.name, gigabytes=size - old)
        self.messages.schedule(req, volume, "extend_volume", new_size=size)

    def retype(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        kind = type_by_name(session, req.caller, values["new_type"])
        check_size(kind, volume.size)
        if is_multiattach(kind) != volume.multiattach and volume.status != "available":
            only = "retypes affecting multiattach are only allowed on available volumes, the specified volume however"
            reason = f"Invalid volume_type passed, {only} currently has a status of: {volume.status}."
            raise e.InvalidInput(reason=reason)
        expected = ("available", "in-use") if kind.id != volume.volume_type_id else ()
        self._begin(volume, "retyping", expected, RETYPE)
        spec = {"volume_type_id": kind.id, "extra_specs": kind.extra_specs}
        self.messages.schedule(req, volume, "retype", request_spec=spec)

    def set_bootable(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        self.db.save(volume, bootable=boolean("bootable", values["bootable"]))

    def update_readonly_flag(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        reason = "Volume {id} status must be {expected} to update readonly flag, but current status is: {status}."
        self._begin(volume, "available", ("available",), reason)
        flag = str(boolean("readonly", values["readonly"]))
        self.db.save(volume, admin_metadata=volume.admin_metadata | {"readonly": flag})

    def upload_image(self, req: Request, session: Session, volume: Volume, values: Body) -> Body:
        """The image is made at once; its data comes from cinder-volume."""
        wanted = {"name": values["image_name"], "disk_format": values.get("disk_format", "raw")}
        wanted["container_format"] = values.get("container_format") or "bare"
        if req.microversion >= (3, 1):
            wanted |= {"visibility": values.get("visibility", "private")}
            wanted |= {"protected": boolean("protected", values.get("protected"))}
            if wanted["visibility"] == "public":
                self.policy.enforce(req.caller, USER + "upload_public")
        forced = boolean("force", values.get("force"))
        kept = {k: v for k, v in volume.glance_metadata.items() if k not in (*CORE, "image_id", "image_name")}
        expected = ("available", "in-use") if forced else ("available",)
        if volume.status in expected:
            image = self.image.create(req.caller, kept | wanted)
        changed = iso_micro(volume.updated_at)
        self._begin(volume, "uploading", expected, "Volume {id} status must be {expected}")
        meta = {key: image[key] for key in ("id", "container_format", "disk_format")}
        self.messages.cast(req, volume, "copy_volume_to_image", image_meta=meta)
        shown = {key: image[key] for key in wanted if key != "name"} | {"id": volume.id, "status": "uploading"}
        shown |= {"image_id": image["id"], "image_name": image["name"], "size": volume.size}
        shown |= {"volume_type": views.type_object(volume.volume_type), "display_description": volume.description}
        shown |= {"updated_at": changed}
        return {"os-volume_upload_image": shown}

    def reimage(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        image = self.image.find(req.caller, values["image_id"])
        check_image(image, volume.size)
        reserved = boolean("reimage_reserved", values.get("reimage_reserved"))
        expected = ("available", "error", "reserved") if reserved else ("available", "error")
        reason = "Volume {id} status must be {expected}, but current status is {status}."
        self._begin(volume, "downloading", expected, reason)
        self.messages.cast(req, volume, "reimage", image_id=image["id"])

    def set_image_metadata(self, req: Request, session: Session, volume: Volume, values: Body) -> Body:
        if volume.status in ("maintenance", "uploading"):
            reason = f"Updating volume metadata is not allowed for volumes in {volume.status} status."
            raise e.InvalidVolume(reason=reason)
        self.db.save(volume, glance_metadata=volume.glance_metadata | values["metadata"])
        return {"metadata": volume.glance_metadata}

    def unset_image_metadata(self, req: Request, session: Session, volume: Volume, values: Body) -> str:
        if values["key"] not in volume.glance_metadata:
            raise exception.NotFound(f"Glance metadata for volume/snapshot {volume.id} cannot be found.")
        kept = {key: value for key, value in volume.glance_metadata.items() if key != values["key"]}
        self.db.save(volume, glance_metadata=kept)
        return ""

    def show_image_metadata(self, req: Request, session: Session, volume: Volume, values: Body) -> Body:
        return {"metadata": volume.glance_metadata}

    def reset_status(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        given: Body = {name: value.lower() for name, value in values.items() if value}
        if not given:
            raise exception.BadRequest("Must specify 'status', 'attach_status' or 'migration_status' for update.")
        check_status("Volume status", given.get("status"), STATUSES)
        check_status("Volume attach status", given.get("attach_status"), ("attached", "detached"))
        check_status("Volume migration status", given.get("migration_status"), MIGRATION_STATUSES)
        if given.get("status") == "deleting":
            raise exception.BadRequest("Cannot reset-state to deleting")
        if given.get("status") == "in-use" and not volume.attachments:
            why = "because volume does not have any attachments."
            raise exception.BadRequest(f"Cannot reset-state to in-use {why}")
        if given.pop("attach_status", "") == "detached":
            volume.attachments.clear()
        if given.get("migration_status") == "none":
            given["migration_status"] = None
        self.db.save(volume, **given)

    def force_delete(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        self.deletion.run(req, session, volume, cascade=False, force=True)

    def migrate(self, req: Request, session: Session, volume: Volume, values: Body) -> None:
        host = values.get("host")
        if not host:
            raise e.InvalidInput(reason="One and only one of cluster and host must be set.")
        there = select(Service.id).where(Service.host == host.partition("#")[0], ~Service.disabled)
        if session.scalar(there) is None:
            raise e.Invalid(what="host", reason=f"No available service named '{host}'")
        self._begin(volume, "maintenance", (), MIGRATE)

    def _begin(self, volume: Volume, status: str, expected: tuple[str, ...], reason: str) -> None:
        """From one of the expected statuses to the next. Raises InvalidVolume."""
        if volume.status not in expected:
            words = {"id": volume.id, "status": volume.status, "expected": " or ".join(expected)}
            raise e.InvalidVolume(reason=reason.format(**words))
        self.db.save(volume, previous_status=volume.status, status=status)


def check_status(what: str, given: str | None, valid: Sequence[str]) -> None:
    """Whether a status that an admin sets is one at all. Raises BadRequest."""
    if given is not None and given not in valid:
        raise exception.BadRequest(f"{what}: {given} is invalid, valid statuses are: {valid}.")


RETYPE = (
    "Retype needs volume to be in available or in-use state, not be part of an active migration or a consistency "
    "group, requested type has to be different that the one from the volume, and for in-use volumes front-end qos "
    "specs cannot change."
)
MIGRATE = (
    "Volume {id} status must be available or in-use, must not be migrating, have snapshots, be replicated, be part of "
    "a group and destination host/cluster must be different than the current one"
)
