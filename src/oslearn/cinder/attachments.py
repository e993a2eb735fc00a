"""Attachments: `/v3/{project_id}/attachments`: how Nova reserves a volume, connects it and says that it is in use.

Invariants: a volume has at most one attachment, and its status follows it: reserved → attaching → in-use, and
available again when the attachment is gone.
Upstream: cinder/api/v3/attachments.py, cinder/volume/api.py (`attachment_create`), cinder/volume/manager.py.
Left out: multi-attach, the check that an attachment in use is deleted only by Nova, a backend: the iSCSI target is
made up from the volume's id, as LVM would name it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.cinder import exceptions as e
from oslearn.cinder.base import Controller, everything, mark
from oslearn.cinder.models import Attachment, Volume
from oslearn.oslo import exception, policy, schema
from oslearn.oslo.clock import iso_micro
from oslearn.oslo.microversion import Version, text
from oslearn.oslo.wsgi import Request

CONNECTOR = {"type": ["object", "null"]}
CREATE = {
    "type": "object",
    "properties": {
        "attachment": {
            "type": "object",
            "properties": {
                "instance_uuid": {"type": ["string", "null"], "pattern": schema.UUID},
                "volume_uuid": {"type": "string", "pattern": schema.UUID},
                "connector": CONNECTOR,
                "mode": {"type": ["string", "null"], "enum": ["rw", "ro", None]},
            },
            "required": ["volume_uuid"],
            "additionalProperties": False,
        }
    },
    "required": ["attachment"],
    "additionalProperties": False,
}
UPDATE = {
    "type": "object",
    "properties": {
        "attachment": {
            "type": "object",
            "properties": {"connector": {"type": "object", "minProperties": 1}},
            "required": ["connector"],
            "additionalProperties": False,
        }
    },
    "required": ["attachment"],
    "additionalProperties": False,
}
SINCE, COMPLETE_SINCE = (3, 27), (3, 44)


class Attachments(Controller):
    """The handlers of attachments."""

    def list_attachments(self, req: Request, project_id: str) -> dict[str, Any]:
        """200, 400, 404."""
        return {"attachments": [summary(attachment) for attachment in self._found(req, project_id)]}

    def list_attachments_detail(self, req: Request, project_id: str) -> dict[str, Any]:
        """200, 400, 404."""
        return {"attachments": [view(attachment) for attachment in self._found(req, project_id)]}

    def show_attachment(self, req: Request, project_id: str, attachment_id: str) -> dict[str, Any]:
        """200, 404."""
        self._enter_attachments(req, project_id)
        with self.handle.session() as session:
            return {"attachment": view(self._attachment(session, req, attachment_id))}

    def create_attachment(self, req: Request, project_id: str) -> dict[str, Any]:
        """200, 400 if the volume is not available, 404: reserve the volume."""
        self._enter_attachments(req, project_id)
        wanted = schema.check(req.json_body(), CREATE)["attachment"]
        with self.handle.session() as session:
            volume = self._volume(session, req.caller, wanted["volume_uuid"])
            reserve(volume)
            attachment = Attachment(id=self.ids.uuid(), volume=volume, instance_uuid=wanted.get("instance_uuid"))
            attachment.attach_status, attachment.attach_mode = "reserved", None
            attachment.connection_info, attachment.created_at = {}, self.clock.now()
            session.add(attachment)
            if wanted.get("connector"):
                self._connect(attachment, wanted["connector"])
            volume.updated_at = self.clock.now()
            session.flush()
            return {"attachment": view(attachment)}

    def update_attachment(self, req: Request, project_id: str, attachment_id: str) -> dict[str, Any]:
        """200, 400, 404: connect the host; the reply tells it where the target is."""
        self._enter_attachments(req, project_id)
        connector = schema.check(req.json_body(), UPDATE)["attachment"]["connector"]
        with self.handle.session() as session:
            attachment = self._attachment(session, req, attachment_id)
            if attachment.attach_status == "attached":
                reason = f"Volume {attachment.volume_id} is already attached to {attachment.attached_host}."
                raise e.InvalidVolume(reason=reason)
            before = {"status": attachment.attach_status, "attach_mode": attachment.attach_mode or "null"}
            self._connect(attachment, connector)
            # The reply shows the status from before, as cinder-api's copy of the row is older than the connection.
            return {"attachment": view(attachment) | before}

    def act_on_attachment(self, req: Request, project_id: str, attachment_id: str) -> None:
        """204, 400, 404: the host says that the disk is in the instance."""
        self._enter_attachments(req, project_id, COMPLETE_SINCE)
        if "os-complete" not in req.json_body():
            raise exception.BadRequest("There is no such action.")
        with self.handle.session() as session:
            attachment = self._attachment(session, req, attachment_id)
            attachment.attach_status, attachment.attach_mode = "attached", attachment.attach_mode or "rw"
            attachment.attach_time = attachment.volume.updated_at = self.clock.now()
            attachment.volume.status = "in-use"

    def delete_attachment(self, req: Request, project_id: str, attachment_id: str) -> dict[str, Any]:
        """200 with the volume's other attachments, 404: the volume is available again."""
        self._enter_attachments(req, project_id)
        with self.handle.session() as session:
            attachment = self._attachment(session, req, attachment_id)
            volume = attachment.volume
            volume.attachments.remove(attachment)
            session.delete(attachment)
            volume.status, volume.updated_at = "in-use" if volume.attachments else "available", self.clock.now()
            return {"attachments": [summary(other) for other in volume.attachments]}

    def _enter_attachments(self, req: Request, project_id: str, since: Version = SINCE) -> None:
        if req.microversion < since:
            raise e.VersionNotFoundForAPIMethod(version=text(req.microversion))
        self._enter(req, project_id, "volume:attachment")

    def _found(self, req: Request, project_id: str) -> list[Attachment]:
        self._enter_attachments(req, project_id)
        statement = select(Attachment).join(Volume).order_by(Attachment.created_at.desc(), Attachment.id.desc())
        if not everything(req):
            statement = statement.where(Volume.project_id == project_id)
        columns = {"instance_id": Attachment.instance_uuid, "volume_id": Attachment.volume_id}
        for name, column in (columns | {"status": Attachment.attach_status}).items():
            if name in req.query:
                statement = statement.where(column == req.query[name])
        with self.handle.session() as session:
            return mark(req.query, list(session.scalars(statement)))

    def _attachment(self, session: Session, req: Request, attachment_id: str) -> Attachment:
        found = session.get(Attachment, attachment_id)
        if found is None or not policy.owner(req.caller, {"project_id": found.volume.project_id}):
            raise e.VolumeAttachmentNotFound(attachment_id=attachment_id)
        return found

    def _connect(self, attachment: Attachment, connector: dict[str, Any]) -> None:
        """Let the host reach the volume: on a real backend this exports the target."""
        attachment.connector, attachment.attach_status = connector, "attaching"
        attachment.attached_host, attachment.mountpoint = connector.get("host"), connector.get("mountpoint")
        attachment.attach_mode = connector.get("mode", "rw")
        attachment.connection_info = connection_info(attachment.volume, attachment.id)
        attachment.volume.status, attachment.volume.updated_at = "attaching", self.clock.now()


def reserve(volume: Volume) -> None:
    """From available to reserved. Raises InvalidVolume."""
    if volume.status not in ("available", "downloading"):
        raise e.InvalidVolume(
            reason=f"Volume {volume.id} status must be available or downloading to reserve, "
            f"but the current status is {volume.status}."
        )
    volume.status = "reserved"


def connection_info(volume: Volume, attachment_id: str) -> dict[str, Any]:
    """Where the host finds the volume."""
    target = {"target_discovered": False, "target_portal": "127.0.0.1:3260", "target_lun": 1}
    target |= {"target_iqn": f"iqn.2010-10.org.openstack:volume-{volume.id}", "volume_id": volume.id}
    shown = {"access_mode": "rw", "qos_specs": None, "encrypted": False, "cacheable": False}
    return target | shown | {"driver_volume_type": "iscsi", "attachment_id": attachment_id, "enforce_multipath": False}


def summary(attachment: Attachment) -> dict[str, Any]:
    """The attachment in a short list."""
    return {
        "id": attachment.id,
        "status": attachment.attach_status,
        "instance": attachment.instance_uuid,
        "volume_id": attachment.volume_id,
    }


def view(attachment: Attachment) -> dict[str, Any]:
    """The attachment as the API shows it; what is not known yet is an empty string or `null` in letters."""
    return summary(attachment) | {
        "attached_at": iso_micro(attachment.attach_time) or "",
        "detached_at": "",
        "attach_mode": attachment.attach_mode or "null",
        "connection_info": attachment.connection_info,
    }
