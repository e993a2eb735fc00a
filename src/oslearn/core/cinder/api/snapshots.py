"""Snapshots: `/v3/snapshots`.

Invariants: a snapshot belongs to who made it; while it is there, its volume stays.
Upstream: cinder/api/v3/snapshots.py, cinder/api/contrib/snapshot_actions.py, admin_actions.py.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from oslearn.core.cinder import exceptions as e
from oslearn.core.cinder import quota
from oslearn.core.cinder.api import schemas, views
from oslearn.core.cinder.api.base import ACCEPTED, Action, Route, Values, boolean
from oslearn.core.cinder.api.listing import Kind, Listing, readers, ungrouped
from oslearn.core.cinder.api.volume_actions import check_status
from oslearn.core.cinder.api.volumes import stripped
from oslearn.core.cinder.models import Snapshot, Volume
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.policy import admin, project_reader

ROUTES = [
    Route("GET /snapshots", "list_snapshots", "volume:get_all_snapshots"),
    Route("POST /snapshots", "create_snapshot", "volume:create_snapshot", schemas.CREATE_SNAPSHOT, 202),
    Route("GET /snapshots/detail", "list_snapshots_detail", "volume:get_all_snapshots"),
    Route("GET /snapshots/{id}", "show_snapshot", "volume:get_snapshot"),
    Route("PUT /snapshots/{id}", "update_snapshot", "volume:update_snapshot", schemas.UPDATE_SNAPSHOT),
    Route("DELETE /snapshots/{id}", "delete_snapshot", "volume:delete_snapshot"),
    Route("POST /snapshots/{id}/action", "act_on_snapshot", "volume:get_snapshot", rule=project_reader),
]
ADMIN, STATUS = "volume_extension:snapshot_admin_actions:", "snapshot_extension:snapshot_actions:"
ACTIONS = {
    "os-reset_status": Action("_reset_snapshot_status", ADMIN + "reset_status", rule=admin, body=schemas.RESET_STATUS),
    "os-force_delete": Action("_force_delete_snapshot", ADMIN + "force_delete", rule=admin),
    "os-update_snapshot_status": Action("_update_snapshot_status", STATUS + "update_snapshot_status"),
}


def listable(req: Request) -> list[Any]:
    """The condition of the filters that are no columns: a snapshot is where its volume is."""
    zone = req.query.get("availability_zone")
    return [*ungrouped(req), *([Snapshot.volume.has(availability_zone=zone)] if zone is not None else [])]


KIND = Kind("snapshot", Snapshot, {"name": "name", "status": "status", "volume_id": "volume_id",
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


class Snapshots(Listing):
    """The handlers of snapshots."""

    list_snapshots, list_snapshots_detail, show_snapshot = readers(KIND)

    def create_snapshot(self, req: Request, session: Session, wanted: Values) -> Values:
        """202, 400, 404, 413."""
        given = stripped(wanted)
        volume = self.get(session, req, Volume, given["volume_id"])
        force, late = boolean("force", given.get("force")), req.microversion >= (3, 66)
        if late and given.get("force") is not None and not force:
            raise exception.BadRequest(FORCE)
        self.not_frozen(session, volume)
        check_snapshotable(volume, ("available", "in-use") if force or late else ("available",))
        project = str(req.caller.project_id)
        quota.check(session, self.config, project, volume.volume_type.name, snapshots=1, gigabytes=volume.size)
        values = {"volume_id": volume.id, "volume_type_id": volume.volume_type_id, "volume_size": volume.size}
        values |= {"project_id": project, "user_id": req.caller.user_id, "status": "creating"}
        values |= {"name": given.get("name"), "description": given.get("description")}
        snapshot = self.db.new(session, Snapshot, snapshot_metadata=given.get("metadata") or {}, **values)
        self.cast(req, volume, "create_snapshot", schedule=True, snapshot_id=snapshot.id)
        return {"snapshot": views.snapshot_view(req, snapshot)}

    def update_snapshot(self, req: Request, session: Session, id: str, wanted: Values) -> Values:
        """200, 400, 404."""
        snapshot = self.get(session, req, Snapshot, id)
        self.db.save(snapshot, **stripped(wanted))
        return {"snapshot": views.snapshot_view(req, snapshot)}

    def delete_snapshot(self, req: Request, session: Session, id: str) -> Reply:
        """202, 400, 404."""
        self._delete_snapshot(req, session, self.get(session, req, Snapshot, id), force=False)
        return ACCEPTED

    def _delete_snapshot(self, req: Request, session: Session, snapshot: Snapshot, *, force: bool) -> None:
        volume = session.get_one(Volume, snapshot.volume_id)
        self.not_frozen(session, volume)
        if not force and snapshot.status not in ("available", "error"):
            reason = "Snapshot status must be available or error and must not be part of a group."
            raise e.Invalid(what="snapshot", reason=reason)
        self.db.save(snapshot, status="deleting")
        self.cast(req, volume, "delete_snapshot", snapshot_id=snapshot.id)

    def act_on_snapshot(self, req: Request, session: Session, id: str) -> Reply:
        """202, 400, 403, 404."""
        return self.act(req, session, self.get(session, req, Snapshot, id), ACTIONS)

    def _reset_snapshot_status(self, req: Request, session: Session, snapshot: Snapshot, values: Values) -> None:
        status = values["status"].lower()
        check_status("Snapshot status", status, STATUSES)
        self.db.save(snapshot, status=status)

    def _force_delete_snapshot(self, req: Request, session: Session, snapshot: Snapshot, values: Values) -> None:
        self._delete_snapshot(req, session, snapshot, force=True)

    def _update_snapshot_status(self, req: Request, session: Session, snapshot: Snapshot, values: Values) -> str:
        old, new = snapshot.status, values["status"]
        if old not in STEPS:
            raise exception.BadRequest(f"Snapshot status {old} not allowed for update_snapshot_status")
        if new not in STEPS[old]:
            text = f"Provided snapshot status {new} not allowed for snapshot with status {old}."
            raise exception.BadRequest(text)
        self.db.save(snapshot, status=new, progress=values.get("progress") or snapshot.progress)
        return ""


def check_snapshotable(volume: Volume, expected: tuple[str, ...]) -> None:
    """Raises InvalidVolume."""
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
