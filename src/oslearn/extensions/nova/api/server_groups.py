"""nova-api: server groups, whose servers are to share a host, or not to.

Upstream: nova/api/openstack/compute/server_groups.py.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.nova.api.base import Controller
from oslearn.core.nova.api.paging import limit, many, query
from oslearn.core.nova.api.schemas import COUNT, LIMIT, NAME
from oslearn.core.nova.api.validation import V, check_body, check_query, strict
from oslearn.core.oslo import policy
from oslearn.core.oslo.exception import BadRequest, Forbidden
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.route import Entry

GROUP = "/v2.1/os-server-groups/{group_id}"
ROUTES: list[Entry] = [
    ("GET", "/v2.1/os-server-groups", "list_server_groups"),
    ("POST", "/v2.1/os-server-groups", "create_server_group"),
    ("GET", GROUP, "show_server_group"),
    ("DELETE", GROUP, "delete_server_group"),
]
RULES: dict[str, policy.Rule] = {
    "os_compute_api:os-server-groups:index": policy.project_reader,
    "os_compute_api:os-server-groups:index:all_projects": policy.admin,
    "os_compute_api:os-server-groups:show": policy.project_reader,
    "os_compute_api:os-server-groups:create": policy.project_member,
    "os_compute_api:os-server-groups:delete": policy.project_member,
}
POLICY = {"type": "string", "enum": ["anti-affinity", "affinity", V("soft-anti-affinity", 15), V("soft-affinity", 15)]}
FIELDS = {
    "name": NAME,
    "policies": V(
        {"type": "array", "prefixItems": [POLICY], "uniqueItems": True, "minItems": 1, "maxItems": 1}, until=63
    ),
    "policy": V(POLICY, 64),
    "rules": V(strict({"max_server_per_host": COUNT}), 64),
}
NEEDED = ["name", V("policies", until=63), V("policy", 64)]
CREATE = strict({"server_group": strict(FIELDS, NEEDED)}, ["server_group"])
QUERY = query({"all_projects": many(), "limit": many(LIMIT), "offset": many(LIMIT)})


class ServerGroups(Controller):
    """Handlers."""

    def list_server_groups(self, req: Request) -> dict[str, Any]:
        """The groups of a project, or of all. 200, 400, 401, 403."""
        self.allow(req, "os-server-groups:index")
        check_query(req, QUERY)
        everyone = "all_projects" in req.query
        if everyone:
            self.allow(req, "os-server-groups:index:all_projects")
        project_id = None if everyone else req.caller.project_id or ""
        rows = self.db.groups.page(project_id, int(req.query.get("offset", 0)), limit(req))
        return {"server_groups": [self._server_group_view(req, row) for row in rows]}

    def create_server_group(self, req: Request) -> dict[str, Any]:
        """A new group. 200, 400, 401, 403."""
        self.allow(req, "os-server-groups:create")
        given = check_body(req, CREATE)["server_group"]
        project_id, user_id = req.caller.project_id or "", req.caller.user_id or ""
        for owner in ("", user_id):
            most = self.db.quotas.limits(project_id, owner)["server_groups"]
            if 0 <= most <= self.db.quotas.usage_of_groups(project_id, owner)["server_groups"]:
                raise Forbidden("Quota exceeded, too many server groups.")
        kind = given.get("policy") or given["policies"][0]
        rules = given.get("rules", {})
        if rules and kind != "anti-affinity":
            raise BadRequest("Only anti-affinity policy supports rules.")
        values = {"name": given["name"], "project_id": project_id, "user_id": user_id, "policy": kind}
        values |= {name: int(value) for name, value in rules.items()}
        return {"server_group": self._server_group_view(req, self.db.groups.create(values))}

    def show_server_group(self, req: Request, group_id: str) -> dict[str, Any]:
        """One group. 200, 401, 403, 404."""
        return {"server_group": self._server_group_view(req, self._server_group(req, "show", group_id))}

    def delete_server_group(self, req: Request, group_id: str) -> None:
        """Delete a group; its servers stay. 204, 401, 403, 404."""
        self.db.groups.destroy(self._server_group(req, "delete", group_id)["uuid"])

    def _server_group(self, req: Request, verb: str, uuid: str) -> dict[str, Any]:
        row = self.db.groups.get(uuid, None if req.caller.is_admin else req.caller.project_id or "")
        self.allow(req, f"os-server-groups:{verb}", row)
        return row

    def _server_group_view(self, req: Request, row: dict[str, Any]) -> dict[str, Any]:
        """A group with those of its members that are there."""
        shown: dict[str, Any] = {"id": row["uuid"], "name": row["name"]}
        if req.microversion < (2, 64):
            shown |= {"policies": [row["policy"]], "metadata": {}}
        else:
            shown |= {"policy": row["policy"], "rules": row["rules"]}
        shown["members"] = [uuid for uuid in row["members"] if self.db.instances.find(uuid)]
        owner = {"project_id": row["project_id"], "user_id": row["user_id"]}
        return shown | (owner if req.microversion >= (2, 13) else {})
