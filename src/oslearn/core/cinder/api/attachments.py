"""Attachments: `/v3/attachments`: how Nova reserves a volume, connects it and says that it is in use; and the volume.

Interface: `Volumes`, `Attachments`: handlers; `parts(...)`, by the names that the core's table has.
Invariants: the volume's status follows its attachments: reserved → attaching → in-use, and available when they are
gone; a second attachment is for the same instance, which moves, or for a volume that may be shared; what an instance
uses is detached by Nova alone (OSSA-2023-003), if `may_end` says so.
Upstream: cinder/api/v3/volumes.py, cinder/api/v3/attachments.py, cinder/volume/api.py.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.cinder import exceptions as e
from oslearn.core.cinder.api import views
from oslearn.core.cinder.api.app import after
from oslearn.core.cinder.api.routes import COMPLETE
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Attachment, Volume
from oslearn.core.cinder.volume.manager import finish_detach
from oslearn.core.cinder.volume.rpcapi import VolumeAPI, placed
from oslearn.core.oslo import exception, schema
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.policy import admin_or_service
from oslearn.core.oslo.strutils import bool_from_string

MayEnd = Callable[[Request, Volume, Attachment | None], None]
"""Raises what a caller gets who may not end an attachment."""
View = Callable[[Request, Volume], Body]


def anybody(req: Request, volume: Volume, attachment: Attachment | None) -> None:
    """Who may end an attachment if nobody guards it, as in 2013: whoever may see it."""


class Volumes:
    """Shows one volume as `view` does; lists are the extensions'."""

    def __init__(self, db: CinderDB, view: View = views.volume_detail) -> None:
        self.db, self.view = db, view

    def show_volume(self, req: Request, session: Session, id: str) -> Body:
        """One volume, with its attachments. 200, 404."""
        return {"volume": self.view(req, self.db.get(session, Volume, id, req.caller))}


class Attachments:
    """Makes attachments, lists and ends them."""

    def __init__(self, db: CinderDB, volume_rpcapi: VolumeAPI, may_end: MayEnd) -> None:
        self.db, self.volume_rpcapi, self.may_end = db, volume_rpcapi, may_end

    def create_attachment(self, req: Request, session: Session, wanted: Body) -> Body:
        """200, 400 if the volume is not free, 404: reserve the volume, and connect the host if it is known."""
        volume = self.db.get(session, Volume, wanted["volume_uuid"], req.caller)
        uuid = wanted.get("instance_uuid")
        reserve(volume, uuid)
        self.db.save(volume, status="reserved")
        mode = "ro" if volume.admin_metadata.get("readonly") == "True" else wanted.get("mode") or "null"
        values = {"project_id": volume.project_id, "attach_status": "reserved", "attach_mode": mode}
        attachment = self.db.new(session, Attachment, volume=volume, instance_uuid=uuid, **values)
        return self._connect(req, attachment, wanted.get("connector"))

    def update_attachment(self, req: Request, session: Session, id: str, wanted: Body) -> Body:
        """200, 400, 404, 409: connect the host; the reply tells it where the target is."""
        attachment, connector = self.db.get(session, Attachment, id, req.caller), wanted["connector"]
        volume = attachment.volume
        if "error" in volume.status:
            what = f"updated if the volume is in an error state. The Volume {volume.id} currently has a status of: "
            raise e.ResourceConflict(reason=f"Volume attachments can not be {what}{volume.status} ")
        others = {a.connector.get("host") for a in volume.attachments if a.connection_info and a is not attachment}
        if connector.get("host") in others and not volume.multiattach:
            raise e.ResourceConflict(reason=f"duplicate connectors detected on volume {volume.id}")
        return self._connect(req, attachment, connector)

    def _connect(self, req: Request, attachment: Attachment, connector: Body | None) -> Body:
        """Let the host reach the volume. The reply shows the status from before, as upstream's copy of the row does."""
        shown, id_ = views.attachment_detail(req, attachment), attachment.id
        if connector:
            sent = placed(attachment.volume)

            def connect() -> Body:
                info = self.volume_rpcapi.attachment_update(req.caller, sent, connector, id_)
                return {"attachment": shown | {"connection_info": info}}

            after(req, connect)  # cinder-volume reads the attachment, so it must be committed
        return {"attachment": shown}

    def act_on_attachment(self, req: Request, session: Session, id: str) -> None:
        """204, 400, 404: the host says that the disk is in the instance; there is only `os-complete`."""
        attachment, body = self.db.get(session, Attachment, id, req.caller), req.json_body()
        if (name := next(iter(body), "")) != "os-complete":
            raise exception.BadRequest(f"There is no such action: {name}")
        schema.check(body, COMPLETE)
        self.db.save(attachment, attach_status="attached")
        self.db.save(attachment.volume, status="in-use")

    def delete_attachment(self, req: Request, session: Session, id: str) -> None:
        """200 with the volume's other attachments, 404, 409."""
        attachment = self.db.get(session, Attachment, id, req.caller)
        self.may_end(req, attachment.volume, attachment)
        if attachment.attach_status != "reserved":
            sent = placed(attachment.volume)
            after(req, lambda: self.volume_rpcapi.attachment_delete(req.caller, sent, id))
        after(req, lambda: self._forget(req, id))

    def _forget(self, req: Request, id: str) -> Body:
        """In a transaction of its own: the attachment goes only once the host is shut off."""
        with self.db.session() as session:
            attachment = self.db.get(session, Attachment, id, req.caller)
            volume = attachment.volume
            finish_detach(self.db, volume, attachment)
            return {"attachments": [views.attachment_summary(req, other) for other in volume.attachments]}

    def index(self, req: Request, session: Session) -> Body:
        """200: those of an instance, as Nova asks when it goes; the caller's, or a service's of all projects."""
        query = select(Attachment)
        if "instance_id" in req.query:
            query = query.where(Attachment.instance_uuid == req.query["instance_id"])
        if not (bool_from_string(req.query.get("all_tenants")) and admin_or_service(req.caller, {})):
            query = query.where(Attachment.project_id == req.caller.project_id)
        return {"attachments": [views.attachment_summary(req, row) for row in session.scalars(query)]}


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


def parts(db: CinderDB, volume_rpcapi: VolumeAPI, may_end: MayEnd = anybody) -> dict[str, object]:
    """What the routes lead to. The lists are a part of their own: the extensions replace them."""
    attachments = Attachments(db, volume_rpcapi, may_end)
    return {"volumes": Volumes(db), "attachments": attachments, "attachment_lists": attachments}
