"""Transfers: a volume that a project offers to another one, `/v3/volume-transfers` and `/v3/os-volume-transfer`.

Invariants: who has the key gets the volume, once, if its quota has room; the key is shown only to who made the offer,
and only its hash is kept; while it is offered, a volume cannot be used.
Upstream: cinder/api/v3/volume_transfer.py, cinder/transfer/api.py.
"""

from __future__ import annotations

import hashlib
import hmac

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Volume
from oslearn.core.config import Config
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.cinder import exceptions as e
from oslearn.extensions.cinder import quota
from oslearn.extensions.cinder.api import views
from oslearn.extensions.cinder.api.common import ACCEPTED, boolean
from oslearn.extensions.cinder.api.listing import ListSpec
from oslearn.extensions.cinder.models import Snapshot, Transfer

LISTED = ListSpec("transfer", Transfer, {"name": "name", "volume_id": "volume_id"}, views.transfer_summary,
            views.transfer_detail, "os-volume-transfer")  # fmt: skip


def crypt_hash(salt: str, auth_key: str) -> str:
    """What is kept of a key."""
    return hmac.new(salt.encode(), str(auth_key).encode(), hashlib.sha1).hexdigest()


class Transfers:
    """Offers volumes, and hands them over."""

    def __init__(self, db: CinderDB, config: Config) -> None:
        self.db, self.config = db, config

    def create_transfer(self, req: Request, session: Session, wanted: Body) -> Body:
        """202 with the key, 400, 404."""
        volume, without = self.db.get(session, Volume, wanted["volume_id"], req.caller), wanted.get("no_snapshots")
        if volume.status != "available":
            raise e.InvalidVolume(reason="status must be available")
        for snapshot in [] if boolean("no_snapshots", without) else snapshots(session, volume):
            if snapshot.status != "available":
                raise e.Invalid(what="snapshot", reason=f"snapshot: {snapshot.id} status must be available")
        salt, auth_key = self.db.ids.hex()[:8], self.db.ids.hex()[:16]
        values: Body = {"salt": salt, "crypt_hash": crypt_hash(salt, auth_key), "project_id": volume.project_id}
        values |= {"no_snapshots": boolean("no_snapshots", without), "name": (wanted.get("name") or "").strip() or None}
        transfer = self.db.new(session, Transfer, volume_id=volume.id, **values)
        self.db.save(volume, status="awaiting-transfer")
        return {"transfer": views.transfer_detail(req, transfer) | {"auth_key": auth_key}}

    def accept_transfer(self, req: Request, session: Session, id: str, wanted: Body) -> Body:
        """202, 400 for a wrong key, 404, 413."""
        transfer, me = self.db.get(session, Transfer, id), str(req.caller.project_id)
        if not hmac.compare_digest(crypt_hash(transfer.salt, wanted["auth_key"]), transfer.crypt_hash):
            raise e.Invalid(what="auth key", reason=f"Attempt to transfer {id} with invalid auth key.")
        volume = self.db.get(session, Volume, transfer.volume_id)
        moved: list[Volume | Snapshot] = [volume]
        if not transfer.no_snapshots:
            moved += snapshots(session, volume)
        counts = {"volumes": 1, "gigabytes": volume.size * len(moved), "snapshots": len(moved) - 1}
        quota.check(session, self.config, me, volume.volume_type.name, **counts)
        for row in moved:
            self.db.save(row, project_id=me, user_id=req.caller.user_id)
        self.db.save(volume, status="available")
        session.delete(transfer)
        return {"transfer": views.transfer_summary(req, transfer)}

    def delete_transfer(self, req: Request, session: Session, id: str) -> Reply:
        """Take an offer back; the volume can be used again. 202, 404."""
        transfer = self.db.get(session, Transfer, id, req.caller)
        self.db.save(self.db.get(session, Volume, transfer.volume_id), status="available")
        session.delete(transfer)
        return ACCEPTED


def snapshots(session: Session, volume: Volume) -> list[Snapshot]:
    """The volume's snapshots, which go with it."""
    return list(session.scalars(select(Snapshot).where(Snapshot.volume_id == volume.id)))
