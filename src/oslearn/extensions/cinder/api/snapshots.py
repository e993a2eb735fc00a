"""Snapshots: `/v3/snapshots`.

Invariants: a snapshot belongs to who made it; while it is there, its volume stays.
Upstream: cinder/api/v3/snapshots.py, cinder/api/contrib/snapshot_actions.py, admin_actions.py.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Volume
from oslearn.core.config import Config
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.extensions.cinder import exceptions as e
from oslearn.extensions.cinder import quota
from oslearn.extensions.cinder.api import schemas, views
from oslearn.extensions.cinder.api.common import ACCEPTED, Action, Actions, Messages, boolean, not_frozen
from oslearn.extensions.cinder.api.listing import ListSpec, ungrouped
from oslearn.extensions.cinder.api.volume_actions import check_status
from oslearn.extensions.cinder.api.volumes import stripped
from oslearn.extensions.cinder.models import Snapshot

ADMIN, STATUS = "volume_extension:snapshot_admin_actions:", "snapshot_extension:snapshot_actions:"
ACTIONS = {
    "os-reset_status": Action("reset_status", ADMIN + "reset_status", schemas.RESET_ONE_STATUS),
    "os-force_delete": Action("force_delete", ADMIN + "force_delete", schemas.FORCE_DELETE),
    "os-update_snapshot_status": Action(
        "update_status", STATUS + "update_snapshot_status", schemas.UPDATE_SNAPSHOT_STATUS
    ),
}


def listable(req: Request) -> list[ColumnElement[bool]]:
    """The condition of the filters that are no columns: a snapshot is where its volume is."""
    zone = req.query.get("availability_zone")
    return [*ungrouped(req), *([Snapshot.volume.has(availability_zone=zone)] if zone is not None else [])]


LISTED = ListSpec("snapshot", Snapshot, {"name": "name", "status": "status", "volume_id": "volume_id",
            "metadata": "snapshot_metadata"}, views.snapshot_summary, views.snapshot_detail, "", listable,
            ("availability_zone", "consumes_quota"))  # fmt: skip
STATUSES = ("error", "available", "creating", "deleting", "deleted", "updating", "error_deleting", "unmanaging",
            "backing-up", "restoring")  # fmt: skip
STEPS = {"creating": ("creating", "available", "error"), "deleting": ("deleting", "error_deleting")}
"""How a driver outside Cinder may report progress."""
FORCE = (
    "Since microversion 3.66 the 'force' flag is invalid for this request.  For backward compatability, however, when "
    "the 'force' flag is passed with a value evaluating to True, it is silently ignored."
)


class Snapshots:
    """Makes, changes and deletes snapshots."""

    def __init__(self, db: CinderDB, config: Config, policy: Enforcer, messages: Messages) -> None:
        self.db, self.config, self.messages = db, config, messages
        self.actions = Actions(self, ACTIONS, policy)

    def create_snapshot(self, req: Request, session: Session, wanted: Body) -> Body:
        """Keep a volume as it is now; one in use only if that is forced, or from 3.66 on. 202, 400, 404, 413."""
        given = stripped(wanted)
        volume = self.db.get(session, Volume, given["volume_id"], req.caller)
        force, late = boolean("force", given.get("force")), req.microversion >= (3, 66)
        if late and given.get("force") is not None and not force:
            raise exception.BadRequest(FORCE)
        not_frozen(session, volume)
        check_snapshotable(volume, ("available", "in-use") if force or late else ("available",))
        project = str(req.caller.project_id)
        quota.check(session, self.config, project, volume.volume_type.name, snapshots=1, gigabytes=volume.size)
        values = {"volume_id": volume.id, "volume_type_id": volume.volume_type_id, "volume_size": volume.size}
        values |= {"project_id": project, "user_id": req.caller.user_id, "status": "creating"}
        values |= {"name": given.get("name"), "description": given.get("description")}
        snapshot = self.db.new(session, Snapshot, snapshot_metadata=given.get("metadata") or {}, **values)
        self.messages.schedule(req, volume, "create_snapshot", snapshot_id=snapshot.id)
        return {"snapshot": views.snapshot_view(req, snapshot)}

    def update_snapshot(self, req: Request, session: Session, id: str, wanted: Body) -> Body:
        """Another name or description. 200, 400, 404."""
        snapshot = self.db.get(session, Snapshot, id, req.caller)
        self.db.save(snapshot, **stripped(wanted))
        return {"snapshot": views.snapshot_view(req, snapshot)}

    def delete_snapshot(self, req: Request, session: Session, id: str) -> Reply:
        """Have it removed; its volume can go then, too. 202, 400, 404."""
        self._delete(req, session, self.db.get(session, Snapshot, id, req.caller), force=False)
        return ACCEPTED

    def _delete(self, req: Request, session: Session, snapshot: Snapshot, *, force: bool) -> None:
        volume = session.get_one(Volume, snapshot.volume_id)
        not_frozen(session, volume)
        if not force and snapshot.status not in ("available", "error"):
            reason = "Snapshot status must be available or error and must not be part of a group."
            raise e.Invalid(what="snapshot", reason=reason)
        self.db.save(snapshot, status="deleting")
        self.messages.cast(req, volume, "delete_snapshot", snapshot_id=snapshot.id)

    def act_on_snapshot(self, req: Request, session: Session, id: str) -> Reply:
        """What an admin or a driver writes of it. 202, 400, 403, 404."""
        return self.actions.run(req, session, self.db.get(session, Snapshot, id, req.caller))

    def reset_status(self, req: Request, session: Session, snapshot: Snapshot, values: Body) -> None:
        status = values["status"].lower()
        check_status("Snapshot status", status, STATUSES)
        self.db.save(snapshot, status=status)

    def force_delete(self, req: Request, session: Session, snapshot: Snapshot, values: Body) -> None:
        self._delete(req, session, snapshot, force=True)

    def update_status(self, req: Request, session: Session, snapshot: Snapshot, values: Body) -> str:
        old, new = snapshot.status, values["status"]
        if old not in STEPS:
            raise exception.BadRequest(f"Snapshot status {old} not allowed for update_snapshot_status")
        if new not in STEPS[old]:
            text = f"Provided snapshot status {new} not allowed for snapshot with status {old}."
            raise exception.BadRequest(text)
        self.db.save(snapshot, status=new, progress=values.get("progress") or snapshot.progress)
        return ""


def check_snapshotable(volume: Volume, expected: tuple[str, ...]) -> None:
    """Whether the volume is on a host, at rest, and in one of the statuses. Raises InvalidVolume."""
    reason = ""
    if not volume.host:
        reason = "The snapshot cannot be created because volume has not been scheduled to any host."
    elif volume.status in ("maintenance", "error"):
        mode = {"maintenance": "in maintenance mode", "error": "in error status"}[volume.status]
        reason = f"The snapshot cannot be created when the volume is {mode}."
    elif volume.status not in expected:
        reason = f"Volume {volume.id} status must be {', '.join(expected)}, but current status is: {volume.status}."
    if reason:
        raise e.InvalidVolume(reason=reason)
