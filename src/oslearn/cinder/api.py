"""cinder-api: block devices, and their attachment to servers.

Interface: `GET /`, `GET /v3`, `/v3/{project_id}/volumes`, `attachments`, `types`, `os-availability-zone`; microversions
3.0 to 3.71; `build(...)`.
Invariants: a volume is in one of available, reserved, attaching, in-use, detaching; another project's is a 404.
Upstream: cinder/api/v3/router.py. Left out: cinder-scheduler and cinder-volume behind the bus, snapshots, backups,
transfers, migration, quotas of one project.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import select

from oslearn.cinder.attachments import Attachments
from oslearn.cinder.models import VolumeType
from oslearn.cinder.volume import DEFAULT_TYPE, Volumes
from oslearn.config import Config
from oslearn.oslo import exception, policy, wsgi
from oslearn.oslo.clock import Clock, Ids
from oslearn.oslo.db import Handle
from oslearn.oslo.microversion import Microversions, text
from oslearn.oslo.wsgi import Reply, Request

RULES: dict[str, policy.Rule] = {
    "volume:get": policy.project_reader,
    "volume:create": policy.project_member,
    "volume:update": policy.project_member,
    "volume:delete": policy.project_member,
    "volume:attachment": policy.project_member,
}
ROUTES: list[wsgi.Route] = [
    ("GET", "/", "list_versions"),
    ("GET", "/v3", "show_version"),
    ("GET", "/v3/{project_id}/volumes", "list_volumes"),
    ("POST", "/v3/{project_id}/volumes", "create_volume"),
    ("GET", "/v3/{project_id}/volumes/detail", "list_volumes_detail"),
    ("GET", "/v3/{project_id}/volumes/{volume_id}", "show_volume"),
    ("PUT", "/v3/{project_id}/volumes/{volume_id}", "update_volume"),
    ("DELETE", "/v3/{project_id}/volumes/{volume_id}", "delete_volume"),
    ("POST", "/v3/{project_id}/volumes/{volume_id}/action", "act_on_volume"),
    ("GET", "/v3/{project_id}/types", "list_types"),
    ("GET", "/v3/{project_id}/types/{type_id}", "show_type"),
    ("GET", "/v3/{project_id}/os-availability-zone", "list_availability_zones"),
    ("GET", "/v3/{project_id}/attachments", "list_attachments"),
    ("POST", "/v3/{project_id}/attachments", "create_attachment"),
    ("GET", "/v3/{project_id}/attachments/detail", "list_attachments_detail"),
    ("GET", "/v3/{project_id}/attachments/{attachment_id}", "show_attachment"),
    ("PUT", "/v3/{project_id}/attachments/{attachment_id}", "update_attachment"),
    ("DELETE", "/v3/{project_id}/attachments/{attachment_id}", "delete_attachment"),
    ("POST", "/v3/{project_id}/attachments/{attachment_id}/action", "act_on_attachment"),
]
FAULT_NAMES = {
    400: "badRequest",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    503: "serviceUnavailable",
}


MICROVERSIONS = Microversions("volume", (3, 0), (3, 71))


class API(Volumes, Attachments):
    """All handlers: those of the collections and these."""

    def list_versions(self, req: Request) -> Reply:
        """300."""
        return Reply(300, self.show_version(req))

    def show_version(self, req: Request) -> dict[str, Any]:
        """200."""
        links = [
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
            {"rel": "self", "href": f"{req.prefix}/v3/"},
        ]
        media = [{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}]
        version = {"id": "v3.0", "status": "CURRENT", "links": links, "media-types": media}
        version |= {"version": text(MICROVERSIONS.maximum), "updated": "2023-08-31T00:00:00Z"}
        return {"versions": [version | {"min_version": text(MICROVERSIONS.minimum)}]}


def fault(identity_url: str, error: exception.OpenStackError) -> tuple[Any, dict[str, str]]:
    """Errors are named by their status; the refusal of a token is keystonemiddleware's."""
    if isinstance(error, exception.Unauthorized):
        body = {"error": {"code": 401, "title": error.title, "message": str(error)}}
        return body, {"WWW-Authenticate": f'Keystone uri="{identity_url}/v3"'}
    inner: dict[str, Any] = {"code": error.code, "message": str(error)}
    if error.code != 413:
        return {FAULT_NAMES.get(error.code, "computeFault"): inner}, {}
    return {"overLimit": inner | {"retryAfter": "0"}}, {"Retry-After": "0"}


def make_default_type(handle: Handle, ids: Ids) -> None:
    """Every volume has a type, so there is one from the start."""
    with handle.session() as session:
        if session.scalar(select(VolumeType).where(VolumeType.name == DEFAULT_TYPE)) is None:
            session.add(VolumeType(id=ids.uuid(), name=DEFAULT_TYPE, description="Default Volume Type"))


def build(handle: Handle, ids: Ids, clock: Clock, config: Config, middleware: list[Any]) -> wsgi.Application:
    """The process cinder-api."""
    make_default_type(handle, ids)
    api = API(handle, ids, clock, config, RULES)
    layers = [*middleware, MICROVERSIONS]
    return wsgi.Application(api, ROUTES, partial(fault, config.endpoint("identity")), ids, layers)
