"""cinder-backup: makes backups of volumes, restores and deletes them.

Interface: the RPC methods of `BackupManager`, topic `cinder-backup`, server a host; `LeftBackups`.
Invariants: whatever fails, the volume (or the snapshot) can be used again, and the backup says why in `fail_reason`;
what a killed process left half done comes to rest at the next start, and what lost its message from time to time.
Upstream: cinder/backup/manager.py. Left out: os-brick and the temporary copies of volumes in use: a device reads as one
empty sector, for a volume of this cloud holds no data; records (`/export_record`, `/import_record`), messages to users.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Volume
from oslearn.core.cinder.volume.rpcapi import ref
from oslearn.core.oslo.adapter import Client, TransportError, why
from oslearn.core.oslo.context import Body, RequestContext
from oslearn.core.oslo.exception import OpenStackError
from oslearn.extensions.cinder.backup.chunkeddriver import CONTAINER, InvalidBackup, SwiftBackupDriver
from oslearn.extensions.cinder.models import Backup, Snapshot
from oslearn.extensions.cinder.volume.driver import SECTOR
from oslearn.extensions.cinder.volume.rpcapi import TaskAPI

LOG = logging.getLogger(__name__)
SERVICE = "cinder.backup.drivers.swift.SwiftBackupDriver"
FAILURES = (OpenStackError, InvalidBackup, *TransportError)
RESET = "incomplete backup reset on manager restart"


class BackupManager:
    """One host's. `backup` is the backup as the message has it."""

    def __init__(
        self,
        host: str,
        zone: str,
        db: CinderDB,
        swift: Client,
        volume_rpcapi: TaskAPI,
    ) -> None:
        self.host, self.zone, self.db, self.swift, self.volume_rpcapi = host, zone, db, swift, volume_rpcapi

    def create_backup(self, context: RequestContext, backup: Body) -> None:
        """Begin: cinder-volume says what is to be read, and `continue_backup` goes on."""
        with self.db.session() as session:
            row = self.db.get(session, Backup, backup["id"])
            source, volume = self._source(session, row), self.db.get(session, Volume, row.volume_id)
            if (source.status, row.status) != ("backing-up", "creating"):
                expected = f"expected {source.title.lower()} status backing-up but got {source.status}."
                return fail(self.db, session, row, f"Create backup aborted, {expected}")
            self.db.save(row, availability_zone=row.availability_zone or self.zone, service=SERVICE)
            sent = ref(volume)
        return self.volume_rpcapi.cast(context, sent, "get_backup_device", backup=backup)

    def continue_backup(self, context: RequestContext, backup: Body, backup_device: Body) -> None:
        """Read the device and store what is in it."""
        with self.db.session() as session:
            row = self.db.get(session, Backup, backup["id"])
            volume = self.db.get(session, Volume, row.volume_id)
            parent = session.get(Backup, row.parent_id) if row.parent_id else None
            stamp = f"{self.db.clock.now():%Y%m%d%H%M%S}"
            prefix = f"volume_{row.volume_id}/{stamp}/az_{self.zone}_backup_{row.id}"
            self.db.save(row, container=row.container or CONTAINER, service_metadata=prefix)
        try:
            data = self._device(context, volume)
            count = SwiftBackupDriver(self.swift, context).backup(row, volume, bytes(data), parent)
        except FAILURES as error:
            LOG.warning("Backup %s: %s", row.id, error)
            with self.db.session() as session:
                return fail(self.db, session, self.db.get(session, Backup, row.id), why(error))
        with self.db.session() as session:
            row = self.db.get(session, Backup, row.id)
            release(self.db, session, row, "backing-up")
            if row.parent_id and (parent := session.get(Backup, row.parent_id)):
                self.db.save(parent, num_dependent_backups=parent.num_dependent_backups + 1)
            return self.db.save(row, status="available", object_count=count)

    def restore_backup(self, context: RequestContext, backup: Body, volume_id: str, volume_is_new: bool) -> None:
        """Write a backup, and before it those that it builds on, into a volume."""
        with self.db.session() as session:
            row, volume = self.db.get(session, Backup, backup["id"]), self.db.get(session, Volume, volume_id)
            chain = [row]
            while chain[-1].parent_id:
                chain.append(self.db.get(session, Backup, chain[-1].parent_id))
        driver, status, metadata = SwiftBackupDriver(self.swift, context), "available", []
        try:
            device = self._device(context, volume)
            metadata = [driver.restore(one, device) for one in reversed(chain)]
        except FAILURES as error:
            LOG.warning("Restoring backup %s: %s", row.id, error)
            status = "error" if volume.status == "creating" else "error_restoring"
        with self.db.session() as session:
            row, volume = self.db.get(session, Backup, row.id), self.db.get(session, Volume, volume_id)
            for kept in metadata if status == "available" else ():
                self._put_metadata(row, volume, kept)
            self.db.save(volume, status=status)
            self.db.save(row, status="available")

    def delete_backup(self, context: RequestContext, backup: Body) -> None:
        """Remove the objects and the row."""
        with self.db.session() as session:
            row = self.db.get(session, Backup, backup["id"])
        try:
            SwiftBackupDriver(self.swift, context).delete_backup(row)
        except FAILURES as error:
            with self.db.session() as session:
                return self.db.save(self.db.get(session, Backup, row.id), status="error", fail_reason=why(error)[:255])
        with self.db.session() as session:
            if row.parent_id and (parent := session.get(Backup, row.parent_id)):
                self.db.save(parent, num_dependent_backups=max(0, parent.num_dependent_backups - 1))
            return session.delete(self.db.get(session, Backup, row.id))

    def reset_status(self, context: RequestContext, backup: Body, status: str) -> None:
        """Write another status down, if the backup got as far as to the store."""
        with self.db.session() as session:
            row = self.db.get(session, Backup, backup["id"])
            if row.service is not None:
                self.db.save(row, status=status)

    def _source(self, session: Session, row: Backup) -> Volume | Snapshot:
        """What is copied."""
        if row.snapshot_id:
            return self.db.get(session, Snapshot, row.snapshot_id)
        return self.db.get(session, Volume, row.volume_id)

    def _device(self, context: RequestContext, volume: Volume) -> bytearray:
        """The volume as this host sees it once it is connected. Raises MessagingTimeout."""
        connector, sent = {"host": self.host}, ref(volume)
        self.volume_rpcapi.call(context, sent, "initialize_connection", connector=connector)
        try:
            return bytearray(SECTOR)
        finally:
            self.volume_rpcapi.call(context, sent, "terminate_connection", connector=connector)

    def _put_metadata(self, row: Backup, volume: Volume, kept: Body) -> None:
        """What the volume was called and had written on it; a name of the user's own stays."""
        base = kept["volume-base-metadata"]
        if base["display_name"] and (not volume.name or volume.name.startswith("restore_backup_")):
            self.db.save(volume, name=base["display_name"], description=base["display_description"])
        metadata = kept.get("volume-metadata", volume.volume_metadata)
        if "volume-glance-metadata" in kept:
            self.db.save(volume, glance_metadata=kept["volume-glance-metadata"], bootable=True)
        if row.volume_id != volume.id or metadata.get("src_backup_id", row.id) != row.id:
            metadata = metadata | {"src_backup_id": row.id}
        self.db.save(volume, volume_metadata=metadata)


class LeftBackups:
    """Backups that were begun, and that no message is about (`concerns(id)` tells)."""

    def __init__(self, db: CinderDB, concerns: Callable[[str], bool]) -> None:
        self.db, self.concerns = db, concerns

    def init_host(self, context: RequestContext) -> None:
        """What nobody works on: no backup is made or restored any more; one to be deleted is its user's to delete.

        Its objects lie in the user's account, and only the user's token opens that.
        """
        with self.db.session() as session:
            begun = select(Backup).where(Backup.status.in_(("creating", "restoring", "deleting")))
            for row in [row for row in session.scalars(begun) if not self.concerns(row.id)]:
                LOG.warning("Backup %s was left %s", row.id, row.status)
                if row.status == "restoring":
                    self._give_up_restore(session, row)
                elif row.status == "creating":
                    fail(self.db, session, row, RESET)
                else:
                    self.db.save(row, status="error", fail_reason=RESET)

    periodic_tasks = init_host

    def _give_up_restore(self, session: Session, row: Backup) -> None:
        volume = session.get(Volume, row.restore_volume_id)
        if volume is not None and volume.status in ("restoring-backup", "creating"):
            self.db.save(volume, status="error" if volume.status == "creating" else "error_restoring")
        self.db.save(row, status="available")


def release(db: CinderDB, session: Session, row: Backup, was: str) -> None:
    """Let the volume or the snapshot be what it was before; it may be gone."""
    source = session.get(Snapshot, row.snapshot_id) if row.snapshot_id else session.get(Volume, row.volume_id)
    if isinstance(source, Snapshot) and source.status == "backing-up":
        db.save(source, status="available")
    elif isinstance(source, Volume) and source.status == "backing-up":
        db.save(source, status=source.previous_status, previous_status=was)


def fail(db: CinderDB, session: Session, row: Backup, reason: str) -> None:
    """The backup is in error, and its source is free."""
    release(db, session, row, "error_backing-up")
    db.save(row, status="error", fail_reason=reason[:255])
