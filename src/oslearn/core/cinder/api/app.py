"""cinder-api: block devices, and their attachment to servers.

Interface: `GET /`, `/v3` and what the ROUTES of the other modules say below it, with the project's id in the path or
without; microversions 3.0 to 3.71; `build(...)`.
Upstream: cinder/api/v3/router.py, cinder/api/versions.py, cinder/policies/. Left out: consistency groups
(`/consistencygroups`, `/cgsnapshots`), managing what a backend has (`/os-volume-manage`, `/os-snapshot-manage`,
`/manageable_volumes`, `/manageable_snapshots`, `/capabilities`), clusters (`/clusters`, `/workers`).
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sqlalchemy.orm import Session

from oslearn.core.cinder.api import (
    absent,
    attachments,
    backups,
    metadata,
    quotas,
    services,
    snapshots,
    transfers,
    types,
    volume_actions,
    volumes,
)
from oslearn.core.cinder.api.base import Dispatcher, Gate, Route, Values
from oslearn.core.cinder.db import CinderDB
from oslearn.core.config import Config
from oslearn.core.oslo import exception, policy, webob, wsgi
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.microversion import Microversions, text
from oslearn.core.oslo.wsgi import Front

MODULES = (
    volumes,
    volume_actions,
    snapshots,
    backups,
    metadata,
    attachments,
    types,
    transfers,
    quotas,
    services,
    absent,
)
KINDS = [module.KIND for module in MODULES if hasattr(module, "KIND") and module is not transfers]
ROUTES = [
    *(route for module in MODULES for route in module.ROUTES),
    Route("GET /resource_filters", "list_resource_filters", "volume:resource_filters", since=(3, 33)),
]
FAULT_NAMES = {
    400: "badRequest", 403: "forbidden", 404: "itemNotFound", 405: "badMethod", 409: "conflictingRequest",
    413: "overLimit", 415: "badMediaType", 503: "serviceUnavailable",
}  # fmt: skip

BODIES = ("application/json", "application/vnd.openstack.volume+json")


class VolumeVersions(Microversions):
    """The first part that has the word in it counts: `volume`, `volumev3`; a header without it is none that fits."""

    def process_resource(self, req: Request, resp: Any, resource: Any, params: Values) -> None:
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


def rules() -> dict[str, policy.Rule]:
    """Who may do what, by upstream's names."""
    actions = (action for module in MODULES for action in getattr(module, "ACTIONS", {}).values())
    return {item.policy: item.allowed() for item in (*actions, *ROUTES)} | {
        "volume:force_delete": policy.admin,
        "volume_extension:volume_actions:upload_public": policy.admin,
    }


class API(
    volume_actions.VolumeActions,
    backups.Backups,
    snapshots.Snapshots,
    metadata.Metadata,
    attachments.Attachments,
    transfers.Transfers,
    quotas.Quotas,
    services.Services,
    absent.Absent,
):
    """All handlers: those of the collections and these."""

    def list_versions(self, req: Request) -> Reply:
        """300."""
        return Reply(300, self.show_version(req))

    def list_resource_filters(self, req: Request, session: Session) -> Values:
        """200: by what each list can be filtered."""
        wanted = req.query.get("resource")
        found = [kind for kind in KINDS if wanted in (None, kind.name)]
        return {"resource_filters": [{"resource": k.name, "filters": [*k.own, *k.filters]} for k in found]}

    def show_version(self, req: Request) -> Values:
        """200."""
        links = [
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
            {"rel": "self", "href": f"{req.prefix}/v3/"},
        ]
        media = [{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}]
        version = {"id": "v3.0", "status": "CURRENT", "links": links, "media-types": media}
        version |= {"version": text(MICROVERSIONS.maximum), "updated": "2023-08-31T00:00:00Z"}
        return {"versions": [version | {"min_version": text(MICROVERSIONS.minimum)}]}


def fault(req: Request, error: exception.OpenStackError) -> Reply:
    """Errors are named by their status; what no route has never reaches Cinder, so that WebOb says so."""
    if isinstance(error, exception.RouteNotFound):
        return webob.page(req, error)
    inner: Values = {"code": error.code, "message": str(error) if error.code < 500 else wsgi.UNEXPECTED}
    if error.code != 413:
        return Reply(error.code, {FAULT_NAMES.get(error.code, "computeFault"): inner})
    return Reply(413, {"overLimit": inner | {"retryAfter": "0"}}, {"Retry-After": "0"})


def nowhere(req: Request) -> Reply:
    """404, of a version that is not there."""
    return webob.page(req, exception.RouteNotFound())


def build(
    db: CinderDB, config: Config, rpc: Any, is_up: Any, image: Any, nova: Any, middleware: list[Any]
) -> wsgi.Application:
    """The process cinder-api."""
    api = API(db, config, policy.Enforcer(rules()), rpc, is_up, image, nova)
    served = [("GET", "/", "list_versions"), ("GET", "/v3", "show_version")]
    handlers: dict[str, Any] = {name: getattr(api, name) for _, _, name in served}
    for route in ROUTES:
        method, path = route.where.split()
        name = f"{route.handler} {route.where}"
        handlers[name] = Dispatcher(api, route)
        served.append((method, f"/v3{path}", name))
    layers = [Front(("v3",), nowhere, named=True), *middleware, Gate(ROUTES), MICROVERSIONS]
    return wsgi.Application(SimpleNamespace(**handlers), served, fault, db.ids, layers)
