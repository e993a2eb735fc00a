"""cinder-api: block devices, and their attachment to servers.

Interface: `/v3` and what the tables of routes say below it, with the project's id in the path or without;
microversions 3.0 to 3.71; `parts(...)` are the objects that the core's table names, `build(...)` the application.
Upstream: cinder/api/v3/volumes.py, cinder/api/versions.py. Left out: consistency groups
(`/consistencygroups`, `/cgsnapshots`), managing what a backend has (`/os-volume-manage`, `/os-snapshot-manage`,
`/manageable_volumes`, `/manageable_snapshots`, `/capabilities`), clusters (`/clusters`, `/workers`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from falcon import Response
from sqlalchemy.orm import Session

from oslearn.core.cinder.api import views
from oslearn.core.cinder.api.attachments import AttachmentLists, Attachments, MayEnd
from oslearn.core.cinder.api.door import CinderDoor, Gate
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Volume
from oslearn.core.cinder.volume.rpcapi import VolumeAPI
from oslearn.core.oslo import exception, wsgi
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Microversions, Reply, Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Route

FAULT_NAMES = {
    400: "badRequest", 403: "forbidden", 404: "itemNotFound", 405: "badMethod", 409: "conflictingRequest",
    413: "overLimit", 415: "badMediaType", 503: "serviceUnavailable",
}  # fmt: skip
BODIES = ("application/json", "application/vnd.openstack.volume+json")


class VolumeVersions(Microversions):
    """The first part that has the word in it counts: `volume`, `volumev3`; a header without it is none that fits."""

    def process_resource(self, req: Request, resp: Response, resource: object, params: Body) -> None:
        """Raises UnsupportedMediaType, BadRequest for a project in the path that is not the token's."""
        self.negotiate(req, resp)
        if req.content_type is not None and req.content_type.partition(";")[0].strip() not in BODIES:
            raise exception.UnsupportedMediaType("Unsupported Content-Type")
        if req.context.project.removeprefix("/") not in ("", req.caller.project_id):
            raise exception.BadRequest("Malformed request url")

    def _asked(self, req: Request) -> str | None:
        header = req.get_header("OpenStack-API-Version")
        if header is None:
            return None
        for part in header.split(","):
            if self.service in part:
                return "".join(part.split()[1:2])
        raise exception.BadRequest(wsgi.BAD_REQUEST)


MICROVERSIONS = VolumeVersions("volume", (3, 0), (3, 71))


class Volumes:
    """Shows one volume; lists are the extensions'."""

    def __init__(self, db: CinderDB) -> None:
        self.db = db

    def show_volume(self, req: Request, session: Session, id: str) -> Body:
        """One volume, with its attachments. 200, 404."""
        return {"volume": views.volume_detail(req, self.db.get(session, Volume, id, req.caller))}


def fault(req: Request, error: exception.OpenStackError) -> Reply | None:
    """Errors are named by their status; what no route has never reaches Cinder."""
    if isinstance(error, exception.RouteNotFound):
        return None
    inner: Body = {"code": error.code, "message": str(error) if error.code < 500 else wsgi.UNEXPECTED}
    if error.code != 413:
        return Reply(error.code, {FAULT_NAMES.get(error.code, "computeFault"): inner})
    return Reply(413, {"overLimit": inner | {"retryAfter": "0"}}, {"Retry-After": "0"})


def parts(db: CinderDB, volume_rpcapi: VolumeAPI, policy: Enforcer, may_end: MayEnd) -> dict[str, object]:
    return {
        "volumes": Volumes(db),
        "attachments": Attachments(db, volume_rpcapi, policy, may_end),
        "attachment_lists": AttachmentLists(),
    }


def build(
    parts: Mapping[str, object], routes: Sequence[Route], policy: Enforcer, db: CinderDB, middleware: Sequence[object]
) -> wsgi.Application:
    layers = [*middleware, Gate(routes), MICROVERSIONS]
    return wsgi.Application(parts, routes, fault, db.ids, layers, CinderDoor(policy, db))
