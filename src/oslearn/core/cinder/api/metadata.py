"""The metadata of volumes and of snapshots: `/v3/volumes/{id}/metadata`, `/v3/snapshots/{id}/metadata`.

Upstream: cinder/api/v3/volume_metadata.py, snapshot_metadata.py. Left out: ETags.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from oslearn.core.cinder import exceptions as e
from oslearn.core.cinder.api import schemas
from oslearn.core.cinder.api.base import Controller, Route, Values
from oslearn.core.cinder.models import Snapshot, Volume
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Reply, Request

ROUTES = [
    route
    for name in ("volume", "snapshot")
    for path, policy in ((f"/{name}s/{{id}}/metadata", f"{name}_metadata"),)
    for route in (
        Route(f"GET {path}", "list_metadata", f"volume:get_{policy}"),
        Route(f"POST {path}", "create_metadata", f"volume:create_{policy}", schemas.METADATA_BODY),
        Route(f"PUT {path}", "replace_metadata", f"volume:update_{policy}", schemas.METADATA_BODY),
        Route(f"GET {path}/{{key}}", "show_metadata", f"volume:get_{policy}"),
        Route(f"PUT {path}/{{key}}", "update_metadata", f"volume:update_{policy}", schemas.METADATA_ITEM),
        Route(f"DELETE {path}/{{key}}", "delete_metadata", f"volume:delete_{policy}"),
    )
]
COLUMNS: dict[str, tuple[type[Any], str]] = {
    "volumes": (Volume, "volume_metadata"),
    "snapshots": (Snapshot, "snapshot_metadata"),
}


class Metadata(Controller):
    """The handlers of metadata."""

    def list_metadata(self, req: Request, session: Session, id: str) -> Values:
        """200, 404."""
        model, column = COLUMNS[req.path.split("/")[2]]
        return {"metadata": getattr(self.get(session, req, model, id), column)}

    def create_metadata(self, req: Request, session: Session, id: str, wanted: Values) -> Values:
        """200, 400, 404: they are added to those that are there."""
        return self._write(req, session, id, self.list_metadata(req, session, id)["metadata"] | wanted)

    def replace_metadata(self, req: Request, session: Session, id: str, wanted: Values) -> Values:
        """200, 400, 404."""
        return self._write(req, session, id, wanted)

    def show_metadata(self, req: Request, session: Session, id: str, key: str) -> Values:
        """200, 404."""
        found = self.list_metadata(req, session, id)["metadata"]
        if key not in found:
            model, _ = COLUMNS[req.path.split("/")[2]]
            raise exception.NotFound(f"{model.title} {id} has no metadata with key {key}.")
        return {"meta": {key: found[key]}}

    def update_metadata(self, req: Request, session: Session, id: str, key: str, wanted: Values) -> Values:
        """200, 400, 404."""
        if key not in wanted:
            raise exception.BadRequest("Request body and URI mismatch")
        self.create_metadata(req, session, id, wanted)
        return {"meta": wanted}

    def delete_metadata(self, req: Request, session: Session, id: str, key: str) -> Reply:
        """200, 404."""
        self.show_metadata(req, session, id, key)
        found = self.list_metadata(req, session, id)["metadata"]
        self._write(req, session, id, {k: v for k, v in found.items() if k != key})
        return Reply(200, "")

    def _write(self, req: Request, session: Session, id: str, wanted: Values) -> Values:
        model, column = COLUMNS[req.path.split("/")[2]]
        row = self.get(session, req, model, id)
        if model is Volume and row.status in ("maintenance", "uploading"):
            reason = f"Updating volume metadata is not allowed for volumes in {row.status} status."
            raise e.InvalidVolume(reason=reason)
        self.db.save(row, **{column: wanted})
        return {"metadata": wanted}
