"""nova-api: servers over HTTP.

Invariants: another project's server is not found, and nobody learns that it exists.
Upstream: nova/api/openstack/compute/servers.py. Left out: server actions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from oslearn.nova.api import schemas, views
from oslearn.nova.api.base import Controller
from oslearn.oslo import policy
from oslearn.oslo.exception import BadRequest
from oslearn.oslo.schema import check
from oslearn.oslo.wsgi import Reply, Request, Route

MAX_LIMIT = 1000
ROUTES: list[Route] = [
    ("POST", "/v2.1/servers", "create_server"),
    ("GET", "/v2.1/servers", "list_servers"),
    ("GET", "/v2.1/servers/detail", "list_servers_detail"),
    ("GET", "/v2.1/servers/{server_id}", "show_server"),
    ("DELETE", "/v2.1/servers/{server_id}", "delete_server"),
]
RULES: dict[str, policy.Rule] = {
    "os_compute_api:servers:create": policy.project_member,
    "os_compute_api:servers:delete": policy.project_member,
    "os_compute_api:servers:show": policy.project_reader,
    "os_compute_api:servers:index": policy.project_reader,
    "os_compute_api:servers:index:get_all_tenants": policy.admin,
}


class Servers(Controller):
    """Handlers."""

    def create_server(self, req: Request) -> Reply:
        """Accept a new server. 202, 400, 401, 403, 409."""
        self.policy.enforce(req.caller, "os_compute_api:servers:create")
        server = check(req.json_body(), schemas.CREATE_SERVER)["server"]
        if server.get("min_count", 1) > server.get("max_count", server.get("min_count", 1)):
            raise BadRequest("min_count must be <= max_count")
        password = server.get("adminPass") or self.ids.password()
        instance = self.compute.create(req.caller, server)[0]
        links = views.links(req, "servers", instance["uuid"])
        groups = [{"name": g["name"]} for g in server.get("security_groups", [{"name": "default"}])]
        body = {
            "id": instance["uuid"],
            "links": links,
            "OS-DCF:diskConfig": "MANUAL",
            "security_groups": groups,
            "adminPass": password,
        }
        return Reply(202, {"server": body}, {"Location": links[0]["href"]})

    def list_servers(self, req: Request) -> dict[str, Any]:
        """Servers, short. 200, 400, 401, 403."""
        return self._page(req, lambda instance: views.basic(req, instance))

    def list_servers_detail(self, req: Request) -> dict[str, Any]:
        """Servers, whole. 200, 400, 401, 403."""
        return self._page(req, lambda instance: without(self._view(req, instance), "server_groups"))

    def show_server(self, req: Request, server_id: str) -> dict[str, Any]:
        """One server. 200, 401, 403, 404."""
        return {"server": self._view(req, self._instance(req, server_id, "show"))}

    def delete_server(self, req: Request, server_id: str) -> None:
        """Delete a server. 204, 401, 403, 404."""
        self.compute.delete(req.caller, self._instance(req, server_id, "delete"))

    def _instance(self, req: Request, uuid: str, verb: str) -> dict[str, Any]:
        instance = self.db.instance_get_by_uuid(uuid, None if req.caller.is_admin else req.caller.project_id)
        self.policy.enforce(req.caller, f"os_compute_api:servers:{verb}", instance)
        return instance

    def _view(self, req: Request, instance: dict[str, Any]) -> dict[str, Any]:
        fault = self.db.instance_fault_get(instance["uuid"]) if instance["vm_state"] == "error" else None
        return views.server(req, instance, fault, self.db.block_device_mapping_get_all(instance["uuid"]))

    def _page(self, req: Request, view: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        """The servers that the query asks for, from `marker` on, `limit` of them."""
        self.policy.enforce(req.caller, "os_compute_api:servers:index")
        query = req.query
        everyone = query.get("all_tenants", "0").lower() in ("1", "true", "")
        if everyone:
            self.policy.enforce(req.caller, "os_compute_api:servers:index:get_all_tenants")
        rows = self.db.instance_get_all(None if everyone else req.caller.project_id)
        rows = [
            row
            for row in rows
            if query.get("name", "") in row["display_name"]
            and query.get("status", views.STATUS[row["vm_state"]]).upper() == views.STATUS[row["vm_state"]]
        ]
        shown = after_marker(rows, query)
        page: dict[str, Any] = {"servers": [view(row) for row in shown]}
        if shown and len(shown) == int(query.get("limit", MAX_LIMIT)):
            href = f"{req.prefix}{req.path}?{urlencode(query | {'marker': shown[-1]['uuid']})}"
            page["servers_links"] = [{"rel": "next", "href": href}]
        return page


def without(shown: dict[str, Any], key: str) -> dict[str, Any]:
    """A view without one field, which only a single server shows."""
    return {k: v for k, v in shown.items() if k != key}


def after_marker(rows: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
    """The rows behind `marker`, at most `limit`. Raises BadRequest."""
    limit, marker = query.get("limit", str(MAX_LIMIT)), query.get("marker")
    if not re.fullmatch("[0-9]+", limit):
        raise BadRequest(
            f"Invalid input for query parameters limit. Value: {limit}. '{limit}' does not match '^[0-9]*$'"
        )
    if marker is not None:
        place = next((n for n, row in enumerate(rows) if row["uuid"] == marker), None)
        if place is None:
            raise BadRequest(f"marker [{marker}] not found")
        rows = rows[place + 1 :]
    return rows[: min(int(limit), MAX_LIMIT)]
