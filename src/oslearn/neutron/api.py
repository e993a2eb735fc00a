"""neutron-server: networks, their addresses, and the ports that connect servers to them.

Interface: `GET /`, `GET /v2.0`, `/v2.0/networks`, `subnets`, `ports`, `security-groups`, `security-group-rules`,
`quotas`, `extensions`; `build(...)`.
Invariants: every reply and every change is one transaction; what the caller may not see does not exist (404).
Upstream: neutron/api/v2/router.py, neutron/plugins/ml2/plugin.py. Left out: agents and their RPC, routers and floating
addresses, IPv6 address modes, trunks, QoS, bulk requests.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from oslearn.config import Config
from oslearn.neutron.exceptions import ExtensionNotFound
from oslearn.neutron.ports import Ports
from oslearn.oslo import exception, policy, wsgi
from oslearn.oslo.clock import Clock, Ids
from oslearn.oslo.db import Handle
from oslearn.oslo.wsgi import Request

RESOURCES = ("network", "subnet", "port", "security_group")
RULES: dict[str, policy.Rule] = (
    {f"get_{name}": policy.project_reader for name in RESOURCES}
    | {f"{verb}_{name}": policy.project_member for verb in ("create", "update", "delete") for name in RESOURCES}
    | {f"{verb}_security_group_rule": policy.project_member for verb in ("create", "delete")}
)
EXTENSIONS = {
    "binding": "Port Binding",
    "default-subnetpools": "Default Subnetpools",
    "external-net": "Neutron external network",
    "port-security": "Port Security",
    "provider": "Provider Network",
    "quotas": "Quota management support",
    "quota_details": "Quota details management support",
    "security-group": "security-group",
    "standard-attr-timestamp": "Resource timestamps",
}


def _collection(path: str, name: str, key: str, update: bool = True) -> list[wsgi.Route]:
    """The routes of one resource."""
    routes = [
        ("GET", f"/v2.0/{path}", f"list_{name}s"),
        ("POST", f"/v2.0/{path}", f"create_{name}"),
        ("GET", f"/v2.0/{path}/{{{key}}}", f"show_{name}"),
        ("DELETE", f"/v2.0/{path}/{{{key}}}", f"delete_{name}"),
    ]
    return [*routes, ("PUT", f"/v2.0/{path}/{{{key}}}", f"update_{name}")] if update else routes


ROUTES: list[wsgi.Route] = [
    ("GET", "/", "list_versions"),
    ("GET", "/v2.0", "show_version"),
    ("GET", "/v2.0/extensions", "list_extensions"),
    ("GET", "/v2.0/extensions/{alias}", "show_extension"),
    ("GET", "/v2.0/quotas/{project_id}", "show_quota"),
    ("GET", "/v2.0/quotas/{project_id}/default", "show_quota"),
    ("GET", "/v2.0/quotas/{project_id}/details", "show_quota_details"),
    *_collection("networks", "network", "network_id"),
    *_collection("subnets", "subnet", "subnet_id"),
    *_collection("ports", "port", "port_id"),
    *_collection("security-groups", "security_group", "group_id"),
    *_collection("security-group-rules", "security_group_rule", "rule_id", update=False),
]


class API(Ports):
    """All handlers: those of the collections and these."""

    def list_versions(self, req: Request) -> dict[str, Any]:
        """200."""
        link = {"rel": "self", "href": f"{req.prefix}/v2.0/"}
        return {"versions": [{"id": "v2.0", "status": "CURRENT", "links": [link]}]}

    def show_version(self, req: Request) -> dict[str, Any]:
        """200: the collections that there are."""
        paths = ("networks", "subnets", "ports", "security-groups", "security-group-rules", "quotas", "extensions")
        resources = [{"collection": path.replace("-", "_"), "name": path.replace("-", "_")[:-1]} for path in paths]
        links = [{"links": [{"rel": "self", "href": f"{req.prefix}/v2.0/{path}"}]} for path in paths]
        return {"resources": [r | link for r, link in zip(resources, links, strict=True)]}

    def list_extensions(self, req: Request) -> dict[str, Any]:
        """200."""
        return {"extensions": [_extension(alias) for alias in EXTENSIONS]}

    def show_extension(self, req: Request, alias: str) -> dict[str, Any]:
        """200, 404."""
        if alias not in EXTENSIONS:
            raise ExtensionNotFound(id=alias)
        return {"extension": _extension(alias)}


def _extension(alias: str) -> dict[str, Any]:
    name = EXTENSIONS[alias]
    return {"alias": alias, "name": name, "description": name, "updated": "2026-01-01T00:00:00-00:00", "links": []}


UNEXPECTED = "Request Failed: internal server error while processing your request."


def fault(identity_url: str, error: exception.OpenStackError) -> tuple[Any, dict[str, str]]:
    """Errors have a type and a message; the refusal of a token is keystonemiddleware's."""
    if isinstance(error, exception.Unauthorized):
        body = {"error": {"code": 401, "title": error.title, "message": str(error)}}
        return body, {"WWW-Authenticate": f'Keystone uri="{identity_url}/v3"'}
    name = getattr(error, "type", type(error).__name__)
    if type(error).__module__ == exception.__name__ and not isinstance(error, exception.PolicyNotAuthorized):
        name = f"HTTP{error.title.replace(' ', '')}"  # the fabric's own errors are WebOb's upstream
    return {"NeutronError": {"type": name, "message": str(error), "detail": ""}}, {}


def build(handle: Handle, ids: Ids, clock: Clock, config: Config, middleware: list[Any]) -> wsgi.Application:
    """The process neutron-server."""
    api = API(handle, ids, clock, config, RULES)
    errors = partial(fault, config.endpoint("identity"))
    return wsgi.Application(api, ROUTES, errors, ids, middleware, unexpected=UNEXPECTED)
