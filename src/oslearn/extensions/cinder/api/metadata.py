"""The metadata of volumes and of snapshots: `/v3/volumes/{id}/metadata`, `/v3/snapshots/{id}/metadata`.

Upstream: cinder/api/v3/volume_metadata.py, snapshot_metadata.py. Left out: ETags.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Volume
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.cinder import exceptions as e
from oslearn.extensions.cinder.models import Snapshot


class Metadata:
    """The metadata of one kind of things, in that column of their rows."""

    def __init__(self, db: CinderDB, model: type[Volume] | type[Snapshot], column: str) -> None:
        self.db, self.model, self.column = db, model, column

    def list_metadata(self, req: Request, session: Session, id: str) -> Body:
        """All pairs. 200, 404."""
        return {"metadata": getattr(self.db.get(session, self.model, id, req.caller), self.column)}

    def create_metadata(self, req: Request, session: Session, id: str, wanted: Body) -> Body:
        """200, 400, 404: they are added to those that are there."""
        return self._write(req, session, id, self.list_metadata(req, session, id)["metadata"] | wanted)

    def replace_metadata(self, req: Request, session: Session, id: str, wanted: Body) -> Body:
        """These pairs, and no others. 200, 400, 404."""
        return self._write(req, session, id, wanted)

    def show_metadata(self, req: Request, session: Session, id: str, key: str) -> Body:
        """One pair. 200, 404."""
        found = self.list_metadata(req, session, id)["metadata"]
        if key not in found:
            raise exception.NotFound(f"{self.model.title} {id} has no metadata with key {key}.")
        return {"meta": {key: found[key]}}

    def update_metadata(self, req: Request, session: Session, id: str, key: str, wanted: Body) -> Body:
        """Another value for one key; the body must name the key of the path. 200, 400, 404."""
        if key not in wanted:
            raise exception.BadRequest("Request body and URI mismatch")
        self.create_metadata(req, session, id, wanted)
        return {"meta": wanted}

    def delete_metadata(self, req: Request, session: Session, id: str, key: str) -> Reply:
        """One pair less. 200, 404."""
        self.show_metadata(req, session, id, key)
        found = self.list_metadata(req, session, id)["metadata"]
        self._write(req, session, id, {k: v for k, v in found.items() if k != key})
        return Reply(200, "")

    def _write(self, req: Request, session: Session, id: str, wanted: Body) -> Body:
        row = self.db.get(session, self.model, id, req.caller)
        if isinstance(row, Volume) and row.status in ("maintenance", "uploading"):
            reason = f"Updating volume metadata is not allowed for volumes in {row.status} status."
            raise e.InvalidVolume(reason=reason)
        self.db.save(row, **{self.column: wanted})
        return {"metadata": wanted}
