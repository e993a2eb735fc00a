"""What clients ask a Cinder for that this one has none of: groups, QoS specs, encryption, messages to users.

Invariants: a list is empty, and one thing is not found, as in an upstream that has none of them.
Upstream: cinder/api/v3/groups.py, group_types.py, group_snapshots.py, messages.py, cinder/api/contrib/
qos_specs_manage.py, volume_type_encryption.py, volume_encryption_metadata.py. Left out: making any of them
(`POST /group_types`, `/group_specs`, `POST /qos-specs`, `POST /encryption` of a type).
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Volume
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.cinder import exceptions as e
from oslearn.extensions.cinder.api.listing import number
from oslearn.extensions.cinder.api.types import type_by_id


class Nothing:
    """A collection in which there is nothing; `title` is what a message calls one of its things."""

    def __init__(self, name: str, title: str = "") -> None:
        self.name, self.title = name, title

    def index(self, req: Request, session: Session) -> Body:
        """200, 400, 404 for a marker."""
        for key in ("limit", "offset"):
            number(req.query, key, 0)
        if "marker" in req.query:
            raise self.missing(req.query["marker"])
        return {self.name: []}

    def show(self, req: Request, session: Session, id: str) -> Body:
        """There is none to show. 404."""
        raise self.missing(id)

    def missing(self, id: str) -> exception.NotFound:
        """That there is no such thing, in upstream's words for each."""
        if self.name == "qos_specs":
            return exception.NotFound(f"No such QoS spec {id}.")
        return e.ResourceNotFound(title=self.title, id=id)

    def create_group(self, req: Request, session: Session, wanted: Body) -> Body:
        """400, 404: a group is of a group type."""
        id_ = wanted["group_type"]
        raise e.ResourceNotFound(title="Group type" if len(id_) == 36 else "Group type with name", id=id_)


class Encryption:
    """Of types and volumes, of which none is encrypted."""

    def __init__(self, db: CinderDB) -> None:
        self.db = db

    def list_type_encryption(self, req: Request, session: Session, id: str) -> Body:
        """Nothing, but of a type that is there. 200, 404."""
        type_by_id(session, req.caller, id)
        return {}

    def show_type_encryption(self, req: Request, session: Session, id: str, key: str) -> Body:
        """No type has one, so that there is none to show. 404."""
        type_by_id(session, req.caller, id)
        raise exception.NotFound(f"Volume type encryption for type {id} does not exist.")

    def list_volume_encryption(self, req: Request, session: Session, id: str) -> Body:
        """No key. 200, 404."""
        self.db.get(session, Volume, id, req.caller)
        return {"encryption_key_id": None}

    def show_volume_encryption(self, req: Request, session: Session, id: str, key: str) -> Reply:
        """The same, by its name. 200, 404."""
        shown = self.list_volume_encryption(req, session, id)
        if key not in shown:
            raise exception.NotFound()
        return Reply(200, shown[key])
