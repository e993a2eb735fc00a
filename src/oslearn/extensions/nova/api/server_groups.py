"""nova-api: server groups, whose servers are to share a host, or not to.

Upstream: nova/api/openstack/compute/server_groups.py.
"""

from __future__ import annotations

from oslearn.core.nova.api.servers import COUNT, NAME, ServerAccess
from oslearn.core.nova.api.validation import V, strict
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, Forbidden
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.policy import over
from oslearn.extensions.nova.api.common import limit, many, query
from oslearn.extensions.nova.api.schemas import LIMIT
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.db.groups import Group

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


class ServerGroups:
    """The server groups of projects."""

    def __init__(self, access: ServerAccess, db: ExtendedDB) -> None:
        self.access, self.db = access, db

    def index(self, req: Request) -> Body:
        """The groups of a project, or of all. 200, 400, 401, 403."""
        everyone = "all_projects" in req.query
        if everyone:
            self.access.allow(req, "os-server-groups:index:all_projects")
        project_id = None if everyone else req.caller.project_id or ""
        rows = self.db.groups.page(project_id, min(int(req.query.get("offset", 0)), 2**62), limit(req))
        return {"server_groups": [self._view(req, row) for row in rows]}

    def create(self, req: Request, wanted: Body) -> Body:
        """A new group, without servers: they join at their boot. 200, 400, 401, 403."""
        given = wanted["server_group"]
        project_id, user_id = req.caller.project_id or "", req.caller.user_id or ""
        for owner in ("", user_id):
            limits, used = self.db.quotas.limits(project_id, owner), self.db.quotas.usage_of_groups(project_id, owner)
            if over(limits, used, {"server_groups": 1}):
                raise Forbidden("Quota exceeded, too many server groups.")
        kind = given.get("policy") or given["policies"][0]
        rules = given.get("rules", {})
        if rules and kind != "anti-affinity":
            raise BadRequest("Only anti-affinity policy supports rules.")
        values = {"name": given["name"], "project_id": project_id, "user_id": user_id, "policy": kind}
        values |= {name: int(value) for name, value in rules.items()}
        return {"server_group": self._view(req, self.db.groups.create(values))}

    def show(self, req: Request, group_id: str) -> Body:
        """A group with its members. 200, 401, 403, 404."""
        return {"server_group": self._view(req, self._group(req, "show", group_id))}

    def delete(self, req: Request, group_id: str) -> None:
        """Delete a group; its servers stay. 204, 401, 403, 404."""
        self.db.groups.destroy(self._group(req, "delete", group_id)["uuid"])

    def _group(self, req: Request, verb: str, uuid: str) -> Group:
        """The one with that id. Raises InstanceGroupNotFound, PolicyNotAuthorized."""
        row = self.db.groups.get(uuid, None if req.caller.is_admin else req.caller.project_id or "")
        self.access.allow(req, f"os-server-groups:{verb}", row)
        return row

    def _view(self, req: Request, row: Group) -> Body:
        """A group with those of its members that are there."""
        shown: Body = {"id": row["uuid"], "name": row["name"]}
        if req.microversion < (2, 64):
            shown |= {"policies": [row["policy"]], "metadata": {}}
        else:
            shown |= {"policy": row["policy"], "rules": row["rules"]}
        shown["members"] = [uuid for uuid in row["members"] if self.db.instances.find(uuid)]
        owner = {"project_id": row["project_id"], "user_id": row["user_id"]}
        return shown | (owner if req.microversion >= (2, 13) else {})
