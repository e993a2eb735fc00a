"""A volume as Nova looks at it before it attaches it: `GET /v3/volumes/{id}`.

Upstream: cinder/api/v3/volumes.py.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from oslearn.core.cinder.api import views
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Volume
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request


class Volumes:
    """Shows one volume; lists are the extensions'."""

    def __init__(self, db: CinderDB) -> None:
        self.db = db

    def show_volume(self, req: Request, session: Session, id: str) -> Body:
        """One volume, with its attachments. 200, 404."""
        return {"volume": views.volume_detail(req, self.db.get(session, Volume, id, req.caller))}
