"""What clients ask a Cinder for that this one has none of: groups, QoS specs, encryption, messages to users.

Invariants: a list is empty, and one thing is not found, as in an upstream that has none of them.
Upstream: cinder/api/v3/groups.py, group_types.py, group_snapshots.py, messages.py, cinder/api/contrib/
qos_specs_manage.py, volume_type_encryption.py, volume_encryption_metadata.py. Left out: making any of them
(`POST /group_types`, `/group_specs`, `POST /qos-specs`, `POST /encryption` of a type).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from oslearn.core.cinder import exceptions as e
from oslearn.core.cinder.api import schemas
from oslearn.core.cinder.api.base import Route, Values
from oslearn.core.cinder.api.listing import number
from oslearn.core.cinder.api.types import Types
from oslearn.core.cinder.models import Volume
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.policy import admin, project_reader

ENCRYPTION, QOS = "volume_extension:volume_type_encryption:get", "volume_extension:qos_specs_manage:"
TITLES = {
    "groups": "Group", "group_types": "Group type", "group type names": "Group type with name",
    "group_snapshots": "GroupSnapshot", "messages": "Message",
}  # fmt: skip
ROUTES = [
    Route("GET /groups", "list_nothing", "group:get_all", since=(3, 13)),
    Route("GET /groups/detail", "list_nothing", "group:get_all", since=(3, 13)),
    Route("POST /groups", "create_group", "group:create", schemas.CREATE_GROUP, 202, since=(3, 13)),
    Route("GET /groups/{id}", "show_nothing", "group:get", since=(3, 13)),
    Route("GET /group_types", "list_nothing", "group:group_types:index", since=(3, 11)),
    Route("GET /group_types/{id}", "show_nothing", "group:group_types:index", since=(3, 11)),
    Route("GET /group_snapshots", "list_nothing", "group:get_all_group_snapshots", since=(3, 14)),
    Route("GET /group_snapshots/detail", "list_nothing", "group:get_all_group_snapshots", since=(3, 14)),
    Route("GET /group_snapshots/{id}", "show_nothing", "group:get_group_snapshot", since=(3, 14)),
    Route("GET /messages", "list_nothing", "message:get_all", since=(3, 3)),
    Route("GET /messages/{id}", "show_nothing", "message:get", since=(3, 3)),
    Route("GET /qos-specs", "list_nothing", QOS + "get_all", rule=admin),
    Route("GET /qos-specs/{id}", "show_nothing", QOS + "get", rule=admin),
    Route("GET /types/{id}/encryption", "list_type_encryption", ENCRYPTION, rule=admin),
    Route("GET /types/{id}/encryption/{key}", "show_type_encryption", ENCRYPTION, rule=admin),
    Route("GET /volumes/{id}/encryption", "list_volume_encryption",
          "volume_extension:volume_encryption_metadata", rule=project_reader),
    Route("GET /volumes/{id}/encryption/{key}", "show_volume_encryption",
          "volume_extension:volume_encryption_metadata", rule=project_reader),
]  # fmt: skip


class Absent(Types):
    """The handlers."""

    def list_nothing(self, req: Request, session: Session) -> Values:
        """200, 400, 404 for a marker."""
        name = req.path.split("/")[2]
        for key in ("limit", "offset"):
            number(req.query, key, 0)
        if "marker" in req.query:
            raise missing(name, req.query["marker"])
        return {name.replace("-", "_"): []}

    def show_nothing(self, req: Request, session: Session, id: str) -> Values:
        """404."""
        raise missing(req.path.split("/")[2], id)

    def create_group(self, req: Request, session: Session, wanted: Values) -> Values:
        """400, 404: a group is of a group type."""
        name = "group_types" if len(wanted["group_type"]) == 36 else "group type names"
        raise missing(name, wanted["group_type"])

    def list_type_encryption(self, req: Request, session: Session, id: str) -> Values:
        """200, 404."""
        self.type_by_id(session, req, id)
        return {}

    def show_type_encryption(self, req: Request, session: Session, id: str, key: str) -> Values:
        """404."""
        self.type_by_id(session, req, id)
        raise exception.NotFound(f"Volume type encryption for type {id} does not exist.")

    def list_volume_encryption(self, req: Request, session: Session, id: str) -> Values:
        """200, 404."""
        self.get(session, req, Volume, id)
        return {"encryption_key_id": None}

    def show_volume_encryption(self, req: Request, session: Session, id: str, key: str) -> Any:
        """200, 404."""
        shown = self.list_volume_encryption(req, session, id)
        if key not in shown:
            raise exception.NotFound()
        return shown[key]


def missing(name: str, id: str) -> exception.NotFound:
    """That there is no such thing, in upstream's words for each."""
    if name == "qos-specs":
        return exception.NotFound(f"No such QoS spec {id}.")
    return e.ResourceNotFound(title=TITLES[name], id=id)
