"""cinder-volume: does to a backend's volumes what was asked for, and writes down how it went.

Interface: `VolumeTasks`, whose methods are RPC's, on the topic of the core's `VolumeManager`;
`publish_service_capabilities`, at the start.
Invariants: every method ends with a status that a user can go on from; what fails ends in a status with `error`.
Upstream: cinder/volume/manager.py.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Attachment, Volume, VolumeType
from oslearn.core.cinder.volume.manager import VolumeManager, connection, finish_detach
from oslearn.core.cinder.volume.rpcapi import VolumeRef
from oslearn.core.oslo.context import Body, RequestContext
from oslearn.core.oslo.messaging import RPCClient
from oslearn.extensions.cinder import exceptions as e
from oslearn.extensions.cinder.backup import rpcapi as backup_rpc
from oslearn.extensions.cinder.image.glance import GlanceClientWrapper, volume_image_metadata
from oslearn.extensions.cinder.models import Backup, Service, Snapshot
from oslearn.extensions.cinder.volume.driver import VolumeDriver

LOG = logging.getLogger(__name__)


def publish_service_capabilities(tasks: VolumeTasks, client: RPCClient, context: RequestContext) -> None:
    """Tell every scheduler what the backend offers."""
    stats = tasks.driver.get_volume_stats()
    client.fanout(context, "cinder-scheduler", "update_service_capabilities", host=tasks.host, capabilities=stats)


class VolumeTasks:
    """The RPC methods. `volume` is the volume as the message has it; its row may have changed since."""

    def __init__(
        self,
        host: str,
        db: CinderDB,
        driver: VolumeDriver,
        image: GlanceClientWrapper,
        backup_rpcapi: backup_rpc.BackupAPI,
        attachments: VolumeManager,
    ) -> None:
        self.host, self.db, self.driver, self.image, self.backup_rpcapi = host, db, driver, image, backup_rpcapi
        self.attachments = attachments

    @contextmanager
    def _row(self, volume: VolumeRef, error: str) -> Iterator[tuple[Session, Volume]]:
        """The volume's row; its status becomes `error` if the body raises."""
        try:
            with self.db.session() as session:
                yield session, self.db.get(session, Volume, volume["id"])
        except Exception:
            LOG.exception("Volume %s: %s", volume["id"], error)
            with self.db.session() as session:
                self.db.save(self.db.get(session, Volume, volume["id"]), status=error)

    def create_volume(self, context: RequestContext, volume: VolumeRef, request_spec: Body, **_: object) -> None:
        """Make it, empty or as a copy; a copy of something bootable is bootable."""
        if request_spec["backup_id"]:
            return self._create_from_backup(context, volume, request_spec["backup_id"])
        with self._row(volume, "error") as (session, row):
            self.driver.create_volume(row.id, row.size, row.snapshot_id or row.source_volid)
            values: Body = {"status": "available"}
            origin = session.get(Volume, request_spec["origin_id"]) if request_spec["origin_id"] else None
            if origin:
                values |= {"bootable": origin.bootable, "glance_metadata": origin.glance_metadata}
            elif request_spec["image_id"]:
                image = self.image.find(context, request_spec["image_id"])
                values |= {"bootable": True, "glance_metadata": volume_image_metadata(image)}
            self.db.save(row, service_uuid=self._service_uuid(session), **values)
        return None

    def _service_uuid(self, session: Session) -> str | None:
        return session.scalar(select(Service.id).where(Service.host == self.host))

    def _create_from_backup(self, context: RequestContext, volume: VolumeRef, backup_id: str) -> None:
        """Make it empty; it stays `creating` until cinder-backup has filled it."""
        with self._row(volume, "error") as (session, row):
            backup = self.db.get(session, Backup, backup_id)
            self.driver.create_volume(row.id, row.size, None)
            self.db.save(row, service_uuid=self._service_uuid(session))
            self.db.save(backup, status="restoring", restore_volume_id=row.id)
            sent = backup_rpc.ref(backup)
        if backup:
            self.backup_rpcapi.cast(context, sent, "restore_backup", volume_id=volume["id"], volume_is_new=True)

    def get_backup_device(self, context: RequestContext, volume: VolumeRef, backup: Body) -> None:
        """Tell cinder-backup what to read: the volume, or one of its snapshots."""
        device = {"is_snapshot": bool(backup["snapshot_id"]), "device_obj": backup["snapshot_id"] or volume["id"]}
        self.backup_rpcapi.cast(context, backup, "continue_backup", backup_device=device)

    def delete_volume(self, context: RequestContext, volume: VolumeRef, cascade: bool) -> None:
        """Remove it, with its snapshots if asked for."""
        with self._row(volume, "error_deleting") as (session, row):
            for snapshot in session.scalars(select(Snapshot).where(Snapshot.volume_id == row.id)):
                self.driver.delete_snapshot(snapshot.id)
                session.delete(snapshot)
            session.flush()
            self.driver.delete_volume(row.id)
            session.delete(row)

    def extend_volume(self, context: RequestContext, volume: VolumeRef, new_size: int) -> None:
        """Make it larger."""
        with self._row(volume, "error_extending") as (_, row):
            self.driver.extend_volume(row.id, new_size)
            self.db.save(row, size=new_size, status=row.previous_status)

    def retype(self, context: RequestContext, volume: VolumeRef, new_type_id: str) -> None:
        """Let it be of another type."""
        with self._row(volume, "error") as (session, row):
            kind = self.db.get(session, VolumeType, new_type_id)
            shared = kind.extra_specs.get("multiattach") == "<is> True"
            self.db.save(row, volume_type=kind, multiattach=shared, status=row.previous_status)

    def reimage(self, context: RequestContext, volume: VolumeRef, image_id: str) -> None:
        """Write an image over it."""
        with self._row(volume, "error") as (_, row):
            kept = volume_image_metadata(self.image.find(context, image_id))
            self.db.save(row, status=row.previous_status, bootable=True, glance_metadata=kept)

    def copy_volume_to_image(self, context: RequestContext, volume: VolumeRef, image_meta: Body) -> None:
        """Upload it to Glance."""
        data = self.driver.copy_volume_to_image(volume["id"], volume["size"], image_meta["disk_format"])
        self.image.upload(context, image_meta["id"], data)
        with self._row(volume, "error") as (_, row):
            self.db.save(row, status=row.previous_status)

    def create_snapshot(self, context: RequestContext, volume: VolumeRef, snapshot_id: str) -> None:
        """Keep it as it is now."""
        self.driver.create_snapshot(snapshot_id, volume["id"])
        with self.db.session() as session:
            self.db.save(self.db.get(session, Snapshot, snapshot_id), status="available", progress="100%")

    def delete_snapshot(self, context: RequestContext, volume: VolumeRef | None, snapshot_id: str) -> None:
        """Remove a snapshot."""
        self.driver.delete_snapshot(snapshot_id)
        with self.db.session() as session:
            session.delete(self.db.get(session, Snapshot, snapshot_id))

    def attach_volume(self, context: RequestContext, volume: VolumeRef, mode: str, **place: object) -> None:
        """Write down that an instance or a host uses it. Raises InvalidVolume."""
        with self.db.session() as session:
            row = self.db.get(session, Volume, volume["id"])
            if row.status == "in-use" and not row.multiattach:
                raise e.InvalidVolume(reason="volume is already attached and multiple attachments are not enabled")
            state = {"attach_status": "attached", "attach_mode": mode, "attach_time": self.db.clock.now()}
            self.db.new(session, Attachment, volume=row, project_id=row.project_id, **place, **state)
            written = {"readonly": "False"} | row.admin_metadata | {"attached_mode": mode}
            self.db.save(row, status="in-use", admin_metadata=written)

    def detach_volume(self, context: RequestContext, volume: VolumeRef, attachment_id: str | None) -> None:
        """Write down that it is used no more. Raises InvalidVolume."""
        with self.db.session() as session:
            row = self.db.get(session, Volume, volume["id"])
            found = [a for a in row.attachments if attachment_id in (None, a.id)]
            if len(found) > 1:
                reason = "Detach volume failed: More than one attachment, but no attachment_id provided."
                raise e.InvalidVolume(reason=reason)
            finish_detach(self.db, row, *found)

    def initialize_connection(self, context: RequestContext, volume: VolumeRef, connector: Body) -> Body:
        """Let a host reach it, as before there were attachments; returns how."""
        info = connection(self.attachments.target, volume, connector)
        return {"driver_volume_type": info.pop("driver_volume_type"), "data": info}

    def terminate_connection(self, context: RequestContext, volume: VolumeRef, connector: object) -> None:
        """Shut the host off."""
        self.attachments.target.terminate_connection(volume["id"], connector)
