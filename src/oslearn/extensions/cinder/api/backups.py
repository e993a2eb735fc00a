"""Backups: `/v3/backups`.

Invariants: a backup is complete or says why not; while another builds on it, it stays; it outlives its volume.
Upstream: cinder/api/contrib/backups.py, cinder/api/v3/backups.py, cinder/backup/api.py, cinder/api/contrib/
admin_actions.py. Left out: records of backups for another cloud (`export_record`, `import_record`). A restore without
a volume is answered before the new volume is there: cinder-volume hands it on when it has made it.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.cinder.api.app import after
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Volume
from oslearn.core.config import Config
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.extensions.cinder import exceptions as e
from oslearn.extensions.cinder import quota
from oslearn.extensions.cinder.api import schemas, views
from oslearn.extensions.cinder.api.common import ACCEPTED, Action, Actions, boolean
from oslearn.extensions.cinder.api.listing import ListSpec
from oslearn.extensions.cinder.api.volume_actions import check_status
from oslearn.extensions.cinder.api.volumes import VolumeCreation, stripped
from oslearn.extensions.cinder.backup import rpcapi
from oslearn.extensions.cinder.models import Backup, Snapshot
from oslearn.extensions.cinder.scheduler.rpcapi import SchedulerAPI

ADMIN = "volume_extension:backup_admin_actions:"
ACTIONS = {
    "os-reset_status": Action("reset_status", ADMIN + "reset_status", schemas.RESET_ONE_STATUS),
    "os-force_delete": Action("force_delete", ADMIN + "force_delete", schemas.FORCE_DELETE),
}
LISTED = ListSpec("backup", Backup, {name: name for name in ("name", "status", "volume_id")}, views.backup_summary,
            views.backup_detail)  # fmt: skip


class Backups:
    """Has backups made, restored and deleted; `is_up(binary, host)` tells whether a process runs."""

    def __init__(
        self,
        db: CinderDB,
        config: Config,
        policy: Enforcer,
        scheduler: SchedulerAPI,
        backup_rpcapi: rpcapi.BackupAPI,
        creation: VolumeCreation,
        is_up: Callable[[str, str], bool],
    ) -> None:
        self.db, self.config, self.scheduler, self.backup_rpcapi = db, config, scheduler, backup_rpcapi
        self.creation, self.is_up = creation, is_up
        self.actions = Actions(self, ACTIONS, policy)

    def create_backup(self, req: Request, session: Session, wanted: Body) -> Body:
        """A backup of a volume, or of what it was at one of its snapshots. 202, 400, 404, 413."""
        given = stripped(wanted)
        volume = self.db.get(session, Volume, given["volume_id"], req.caller)
        force, incremental = (boolean(name, given.get(name)) for name in ("force", "incremental"))
        snapshot = self._copyable(req, session, volume, given.get("snapshot_id"), force)
        quota.check(session, self.config, str(req.caller.project_id), backups=1, backup_gigabytes=volume.size)
        parent = self._latest(req, session, volume, snapshot) if incremental else None
        names = ("name", "description", "container", "snapshot_id", "availability_zone")
        values = {name: given.get(name) for name in names} | {"status": "creating", "size": volume.size}
        values |= {"project_id": req.caller.project_id, "user_id": req.caller.user_id, "volume_id": volume.id}
        values |= {"parent_id": parent and parent.id, "backup_metadata": given.get("metadata") or {}}
        backup = self.db.new(session, Backup, **values)
        backup.data_timestamp = (snapshot or backup).created_at  # when its data was as it is in there
        if snapshot:
            self.db.save(snapshot, status="backing-up")
        else:
            self.db.save(volume, status="backing-up", previous_status=volume.status)
        sent = rpcapi.ref(backup)
        after(req, lambda: self.scheduler.cast(req.caller, "create_backup", backup=sent))
        return {"backup": views.backup_summary(req, backup)}

    def _copyable(
        self, req: Request, session: Session, volume: Volume, snapshot_id: str | None, force: bool
    ) -> Snapshot | None:
        """The snapshot, if one is to be copied. Raises InvalidVolume, Invalid, NotFound."""
        if not snapshot_id:
            if volume.status not in ("available", "in-use"):
                must = "must be available or in-use, but the current status is"
                raise e.InvalidVolume(reason=f'Volume to be backed up {must} "{volume.status}".')
            if volume.status == "in-use" and not force:
                raise e.InvalidVolume(reason="Backing up an in-use volume must use the force flag.")
            return None
        snapshot = self.db.get(session, Snapshot, snapshot_id, req.caller)
        if snapshot.volume_id != volume.id:
            reason = f"Volume {volume.id} does not match with snapshot.volume_id {snapshot.volume_id}."
            raise e.InvalidVolume(reason=reason)
        if snapshot.status != "available":
            reason = f'Snapshot to be backed up must be available, but the current status is "{snapshot.status}".'
            raise e.Invalid(what="snapshot", reason=reason)
        return snapshot

    def _latest(self, req: Request, session: Session, volume: Volume, snapshot: Snapshot | None) -> Backup:
        """The backup that an incremental one builds on: the newest whose data is older. Raises Invalid."""
        mine = (Backup.volume_id == volume.id, Backup.project_id == req.caller.project_id, Backup.status == "available")
        before = [Backup.data_timestamp < snapshot.created_at] if snapshot else []
        found = session.scalar(select(Backup).where(*mine, *before).order_by(Backup.data_timestamp.desc()).limit(1))
        if found is None:
            raise e.Invalid(what="backup", reason="No backups available to do an incremental backup.")
        return found

    def update_backup(self, req: Request, session: Session, id: str, wanted: Body) -> Body:
        """Another name, description or metadata. 200, 400, 404."""
        backup, values = self.db.get(session, Backup, id, req.caller), stripped(wanted)
        if "metadata" in values:
            values["backup_metadata"] = values.pop("metadata")
        self.db.save(backup, **values)
        return {"backup": views.backup_summary(req, backup)}

    def delete_backup(self, req: Request, session: Session, id: str) -> Reply:
        """202, 400 while another builds on it or it is not at rest, 404."""
        backup = self.db.get(session, Backup, id, req.caller)
        if backup.status not in ("available", "error"):
            raise e.Invalid(what="backup", reason="Backup status must be available or error")
        self.force_delete(req, session, backup, {})
        return ACCEPTED

    def restore_backup(self, req: Request, session: Session, id: str, wanted: Body | None) -> Body:
        """202, 400, 404, 413: into the volume that is named, or into a new one."""
        backup, given = self.db.get(session, Backup, id, req.caller), wanted or {}
        if backup.status != "available":
            raise e.Invalid(what="backup", reason="Backup status must be available")
        self._find_host(session, backup)
        if given.get("volume_id") is None:
            name = f"restore_backup_{id}" if given.get("name") is None else given["name"]
            values = {"name": name, "description": "auto-created_from_restore_from_backup", "size": backup.size}
            volume = self.creation.run(req, session, values, {}, backup)
        else:
            volume = self.db.get(session, Volume, given["volume_id"], req.caller)
            self._check_room(backup, volume)
            self.db.save(volume, status="restoring-backup")
            self._cast(req, backup, "restore_backup", volume_id=volume.id, volume_is_new=False)
        self.db.save(backup, status="restoring", restore_volume_id=volume.id)
        return {"restore": {"backup_id": id, "volume_id": volume.id, "volume_name": volume.name}}

    def _check_room(self, backup: Backup, volume: Volume) -> None:
        """Whether the volume can take the backup. Raises InvalidVolume."""
        if volume.status != "available":
            raise e.InvalidVolume(reason="Volume to be restored to must be available")
        if backup.size > volume.size:
            reason = f"volume size {volume.size} is too small to restore backup of size {backup.size}."
            raise e.InvalidVolume(reason=reason)

    def act_on_backup(self, req: Request, session: Session, id: str) -> Reply:
        """What an admin does to a backup that is stuck. 202, 400, 403, 404."""
        return self.actions.run(req, session, self.db.get(session, Backup, id, req.caller))

    def reset_status(self, req: Request, session: Session, backup: Backup, values: Body) -> None:
        status = values["status"].lower()
        check_status("Backup status", status, ["available", "error"])
        self._find_host(session, backup)
        self._cast(req, backup, "reset_status", status=status)

    def force_delete(self, req: Request, session: Session, backup: Backup, values: Body) -> None:
        if session.scalar(select(Backup.id).where(Backup.parent_id == backup.id)):
            raise e.Invalid(what="backup", reason="Incremental backups exist for this backup.")
        self._find_host(session, backup)
        self.db.save(backup, status="deleting")
        self._cast(req, backup, "delete_backup")

    def _find_host(self, session: Session, backup: Backup) -> None:
        """Who works on it next. Raises NotFound if no cinder-backup runs."""
        host = rpcapi.available_host(session, self.is_up, backup.availability_zone)
        if host is None:
            raise e.ResourceNotFound(title="Service", id="cinder-backup")
        self.db.save(backup, host=host)

    def _cast(self, req: Request, backup: Backup, method: str, **args: object) -> None:
        """Have cinder-backup do something when the transaction has ended."""
        sent = rpcapi.ref(backup)
        after(req, lambda: self.backup_rpcapi.cast(req.caller, sent, method, **args))
