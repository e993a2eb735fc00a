"""What the controllers of cinder-api have in common.

Interface: `Controller` with `_enter`, `_volume`.
Invariants: the project in the path is the token's; another project's volume does not exist (404).
Upstream: cinder/api/openstack/wsgi.py, cinder/volume/api.py (`get`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.cinder.exceptions import VolumeNotFound
from oslearn.cinder.models import Volume
from oslearn.config import Config
from oslearn.oslo import exception, policy
from oslearn.oslo.clock import Clock, Ids
from oslearn.oslo.context import RequestContext
from oslearn.oslo.db import Handle
from oslearn.oslo.wsgi import Request


class Controller:
    """The parts that the process is given."""

    def __init__(
        self, handle: Handle, ids: Ids, clock: Clock, config: Config, rules: Mapping[str, policy.Rule]
    ) -> None:
        self.handle, self.ids, self.clock, self.config = handle, ids, clock, config
        self.policy = policy.Enforcer(rules)

    def _enter(self, req: Request, project_id: str, action: str) -> None:
        """Raises BadRequest if the path and the token name two projects, PolicyNotAuthorized."""
        if project_id != req.caller.project_id:
            raise exception.BadRequest("Malformed request url")
        self.policy.enforce(req.caller, action)

    def _volume(self, session: Session, caller: RequestContext, volume_id: str) -> Volume:
        """Raises VolumeNotFound."""
        volume = session.scalar(select(Volume).where(Volume.id == volume_id))
        if volume is None or not policy.owner(caller, {"project_id": volume.project_id}):
            raise VolumeNotFound(volume_id=volume_id)
        return volume


def everything(req: Request) -> bool:
    """Whether the caller asks for all projects' things, and may."""
    asked = req.query.get("all_tenants", "").lower() in ("1", "true")
    return asked and policy.admin_or_service(req.caller, {})


def mark(query: Mapping[str, str], rows: list[Any]) -> list[Any]:
    """The rows behind the marker, at most `limit` of them. Raises BadRequest."""
    if "marker" in query:
        places = [place for place, row in enumerate(rows) if row.id == query["marker"]]
        if not places:
            raise exception.NotFound(f"Marker {query['marker']} could not be found.")
        rows = rows[places[0] + 1 :]
    limit = query.get("limit", "1000")
    if not limit.isdigit():
        raise exception.BadRequest("limit param must be an integer")
    return rows[: int(limit)]
