"""Attachments: `/v3/attachments`: how Nova reserves a volume, connects it and says that it is in use.

Invariants: the volume's status follows its attachments: reserved → attaching → in-use, and available when they are
gone; a second attachment is for the same instance, which moves, or for a volume that may be shared; what an instance
uses is detached by Nova alone (OSSA-2023-003).
Upstream: cinder/api/v3/attachments.py, cinder/volume/api.py.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from oslearn.core.cinder import exceptions as e
from oslearn.core.cinder.api import schemas, views
from oslearn.core.cinder.api.base import Action, Route, Values
from oslearn.core.cinder.api.listing import Kind, Listing, readers
from oslearn.core.cinder.models import Attachment, Volume
from oslearn.core.cinder.volume.manager import finish_detach
from oslearn.core.oslo.http import Reply, Request

SINCE, POLICY = (3, 27), "volume:attachment_"
CREATE = {(3, 27): schemas.CREATE_ATTACHMENT, (3, 54): schemas.CREATE_ATTACHMENT_354}
ROUTES = [
    Route("GET /attachments", "list_attachments", "volume:get_all", since=SINCE),
    Route("POST /attachments", "create_attachment", POLICY + "create", {}, since=SINCE, bodies=CREATE),
    Route("GET /attachments/detail", "list_attachments_detail", "volume:get_all", since=SINCE),
    Route("GET /attachments/{id}", "show_attachment", "volume:get", since=SINCE),
    Route("PUT /attachments/{id}", "update_attachment", POLICY + "update", schemas.UPDATE_ATTACHMENT, since=SINCE),
    Route("DELETE /attachments/{id}", "delete_attachment", POLICY + "delete", since=SINCE),
    Route("POST /attachments/{id}/action", "act_on_attachment", POLICY + "complete", since=(3, 44)),
]
ACTIONS = {"os-complete": Action("_complete", POLICY + "complete", 204)}
FILTERS = {"volume_id": "volume_id", "instance_id": "instance_uuid", "status": "attach_status"}
KIND = Kind("attachment", Attachment, FILTERS | {"attach_status": "attach_status"}, views.attachment_summary,
            views.attachment_detail)  # fmt: skip


class Attachments(Listing):
    """The handlers of attachments."""

    list_attachments, list_attachments_detail, show_attachment = readers(KIND)

    def create_attachment(self, req: Request, session: Session, wanted: Values) -> Values:
        """200, 400 if the volume is not free, 404: reserve the volume, and connect the host if it is known."""
        volume, uuid = self.get(session, req, Volume, wanted["volume_uuid"]), wanted.get("instance_uuid")
        reserve(volume, uuid)
        self.db.save(volume, status="reserved")
        mode = "ro" if volume.admin_metadata.get("readonly") == "True" else wanted.get("mode") or "null"
        values = {"project_id": volume.project_id, "attach_status": "reserved", "attach_mode": mode}
        attachment = self.db.new(session, Attachment, volume=volume, instance_uuid=uuid, **values)
        return self._connect(req, attachment, wanted.get("connector"))

    def update_attachment(self, req: Request, session: Session, id: str, wanted: Values) -> Values:
        """200, 400, 404, 409: connect the host; the reply tells it where the target is."""
        attachment, connector = self.get(session, req, Attachment, id), wanted["connector"]
        volume = attachment.volume
        if "error" in volume.status:
            what = f"updated if the volume is in an error state. The Volume {volume.id} currently has a status of: "
            raise e.ResourceConflict(reason=f"Volume attachments can not be {what}{volume.status} ")
        others = {a.connector.get("host") for a in volume.attachments if a.connection_info and a is not attachment}
        if connector.get("host") in others and not volume.multiattach:
            raise e.ResourceConflict(reason=f"duplicate connectors detected on volume {volume.id}")
        return self._connect(req, attachment, connector)

    def _connect(self, req: Request, attachment: Attachment, connector: Values | None) -> Values:
        """Let the host reach the volume. The reply shows the status from before, as upstream's copy of the row does."""
        shown = views.attachment_detail(req, attachment)
        if connector:
            call = self.call(
                req, attachment.volume, "attachment_update", connector=connector, attachment_id=attachment.id
            )
            self.after(req, lambda: {"attachment": shown | {"connection_info": call()}})
        return {"attachment": shown}

    def act_on_attachment(self, req: Request, session: Session, id: str) -> Reply:
        """204, 400, 404."""
        return self.act(req, session, self.get(session, req, Attachment, id), ACTIONS)

    def _complete(self, req: Request, session: Session, attachment: Attachment, values: Values) -> None:
        """The host says that the disk is in the instance."""
        self.db.save(attachment, attach_status="attached")
        self.db.save(attachment.volume, status="in-use")

    def delete_attachment(self, req: Request, session: Session, id: str) -> None:
        """200 with the volume's other attachments, 404, 409."""
        attachment = self.get(session, req, Attachment, id)
        self.attachment_deletion_allowed(req, attachment.volume, attachment)
        if attachment.attach_status != "reserved":
            self.after(req, self.call(req, attachment.volume, "attachment_delete", attachment_id=id))
        self.after(req, lambda: self._forget(req, id))

    def _forget(self, req: Request, id: str) -> Values:
        with self.db.session() as session:
            attachment = self.get(session, req, Attachment, id)
            volume = attachment.volume
            finish_detach(self.db, volume, attachment)
            return {"attachments": [views.attachment_summary(req, other) for other in volume.attachments]}


def reserve(volume: Volume, instance_uuid: str | None) -> None:
    """Whether the volume is free for the instance. Raises InvalidVolume."""
    if "error" in volume.status:
        what = f"created if the volume is in an error state. The Volume {volume.id} currently has a status of: "
        raise e.InvalidVolume(reason=f"Volume attachments can not be {what}{volume.status} ")
    expected = ("available", "in-use", "downloading") if volume.multiattach else ("available", "downloading")
    moves = instance_uuid and any(a.instance_uuid == instance_uuid for a in volume.attachments)
    if volume.status not in expected and not (moves and volume.status in ("in-use", "reserved")):
        words = f"must be {' or '.join(expected)} to reserve, but the current status is {volume.status}."
        raise e.InvalidVolume(reason=f"Volume {volume.id} status {words}")
