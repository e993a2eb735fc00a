"""Who has which role where, over the API: grants, the list of assignments, roles that imply others.

Upstream: keystone/api/projects.py, domains.py, system.py, os_inherit.py, role_assignments.py, roles.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from oslearn.core.keystone.controller import VARY, Controller
from oslearn.core.keystone.manager import Kind
from oslearn.core.keystone.models import ROOT
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.route import Entry

GRANTS = ("/v3/{kinds}/{id}/{actors}/{actor_id}/roles", "/v3/system/{actors}/{actor_id}/roles")
INHERITED = "/v3/OS-INHERIT/{kinds}/{id}/{actors}/{actor_id}/roles"
IMPLIES = "/v3/roles/{prior_role_id}/implies"
SCOPES = {"projects": "project", "domains": "domain"}
ACTORS = {"users": "user", "groups": "group"}
NOT_BOTH = (
    ("scope.domain.id", "scope.project.id", "Specify a domain or project, not both"),
    ("scope.domain.id", "scope.system", "Specify system or domain, not both"),
    ("scope.project.id", "scope.system", "Specify system or project, not both"),
    ("user.id", "group.id", "Specify a user or group, not both"),
    ("effective", "group.id", "Combining effective and group filter will always result in an empty list."),
)

FILTERS: dict[str, tuple[str, dict[str, Any]]] = {
    "user.id": ("user_id", {}),
    "group.id": ("group_id", {}),
    "role.id": ("role_id", {}),
    "scope.project.id": ("project_id", {"scope": "project"}),
    "scope.domain.id": ("project_id", {"scope": "domain"}),
    "scope.system": ("scope", {"scope": "system"}),
    "scope.OS-INHERIT:inherited_to": ("inherited", {"inherited": True}),
}


class Grants(Controller):
    """Handlers."""

    ROUTES: list[Entry] = [
        *((("GET", path, "list_grants")) for path in (*GRANTS, INHERITED + "/inherited_to_projects")),
        *(
            (method, path, f"{verb}_grant")
            for path in (*(p + "/{role_id}" for p in GRANTS), INHERITED + "/{role_id}/inherited_to_projects")
            for method, verb in (("PUT", "create"), ("GET", "check"), ("DELETE", "revoke"))
        ),
        ("GET", "/v3/role_assignments", "list_role_assignments"),
        ("GET", "/v3/role_inferences", "list_role_inference_rules"),
        ("GET", IMPLIES, "list_implied_roles"),
        ("PUT", IMPLIES + "/{implied_role_id}", "create_implied_role"),
        ("GET", IMPLIES + "/{implied_role_id}", "get_implied_role"),
        ("HEAD", IMPLIES + "/{implied_role_id}", "check_implied_role"),
        ("DELETE", IMPLIES + "/{implied_role_id}", "delete_implied_role"),
    ]

    def create_grant(self, req: Request, **where: str) -> Reply:
        """Give a role. 204, 401, 403, 404."""
        key, role = self._grant(req, "create", where)
        if role.domain_id != ROOT and key["scope"] == "project":
            place = self.kinds["project"].get(key["project_id"])
            if role.domain_id not in (place.id, place.domain_id):
                raise exception.Forbidden(
                    f"Project {place.id} must be in the same domain as the role {role.id} being assigned."
                )
        self.assignments.grant(**key)
        return Reply(204, None, VARY)

    def check_grant(self, req: Request, **where: str) -> Reply:
        """Whether somebody has a role. 204, 401, 403, 404."""
        self.assignments.check(**self._grant(req, "check", where)[0])
        return Reply(204, None, VARY)

    def revoke_grant(self, req: Request, **where: str) -> Reply:
        """Take a role away. 204, 401, 403, 404."""
        self.assignments.revoke(**self._grant(req, "revoke", where)[0])
        return Reply(204, None, VARY)

    def list_grants(self, req: Request, **where: str) -> Reply:
        """The roles that were given. 200, 401, 403, 404."""
        key, _ = self._grant(req, "list", where)
        kind = self.kinds["role"]
        return self.collection(req, kind, [kind.get(row.role_id) for row in self.assignments.find(**key)])

    def _grant(self, req: Request, verb: str, where: dict[str, str]) -> tuple[dict[str, Any], Any]:
        """The key of an assignment, and the role. Raises Unauthorized, PolicyNotAuthorized, NotFound."""
        scope, actor = SCOPES.get(where.get("kinds", "")), ACTORS.get(where["actors"])
        if actor is None or (scope is None and "kinds" in where):
            raise exception.RouteNotFound()
        rows, missing = {}, None
        for kind, id in ((actor, where["actor_id"]), (scope, where.get("id")), ("role", where.get("role_id"))):
            try:
                rows[kind] = self.kinds[kind].get(id) if kind and id else None
            except exception.NotFound as error:
                rows[kind], missing = None, missing or error
        role, homes = rows.pop("role"), {self.target(row)["domain_id"] for row in rows.values() if row}
        target = {"domain_id": homes.pop() if len(homes) == 1 else None, "role_name": getattr(role, "name", None)}
        grant = "grants" if verb == "list" else "grant"
        self.enforce(req, f"{verb}_{grant}" if scope else f"{verb}_system_{grant}_for_{actor}", **target)
        if missing:
            raise missing
        key: dict[str, Any] = {
            "user_id": None,
            "group_id": None,
            "scope": scope or "system",
            "project_id": where.get("id"),
        }
        key |= {f"{actor}_id": where["actor_id"], "inherited": "/OS-INHERIT/" in req.path}
        return (key | {"role_id": role.id} if role else key), role

    def list_role_assignments(self, req: Request) -> Reply:
        """Who has which role where, as it was given or as it takes effect. 200, 400, 401, 403."""
        query, home = req.query, self.caller(req).get("domain", {}).get("id")
        tree = asks(query, "include_subtree")
        self.enforce(req, "list_role_assignments" + "_for_tree" * tree, domain_id=home)
        for one, other, words in NOT_BOTH:
            if query.get(one, "0") != "0" and query.get(other):
                raise exception.BadRequest(words)
        if tree and not query.get("scope.project.id"):
            raise exception.BadRequest("'scope.project.id' is a dependency of 'include_subtree'")
        names = self._names() if asks(query, "include_names") else None
        shown = [show(f"{req.prefix}/v3", found, names) for found in self._assignments(query, tree, home)]
        links = {"next": None, "self": req.uri, "previous": None}
        return Reply(200, {"role_assignments": shown, "links": links}, VARY)

    def _assignments(self, query: dict[str, str], tree: bool, home: str | None) -> Iterator[dict[str, Any]]:
        """What a query asks for, in a domain if its token is for one."""
        wanted: dict[str, Any] = {}
        for name, (column, more) in FILTERS.items():
            if query.get(name):
                wanted |= {column: query[name]} | more
        places = None
        if tree:
            top = wanted.pop("project_id")
            places = {top, *(project.id for project in self.kinds["project"].subtree(top))}
        if home:
            inside = {home, *(project.id for project in self.kinds["project"].find({"domain_id": home}))}
            places = inside if places is None else places & inside
        effective = asks(query, "effective")
        found = self.assignments.effective(query.get("user.id")) if effective else self.assignments.given(**wanted)
        for one in found:
            fits = all(one[column] == value for column, value in wanted.items())
            if fits and (places is None or one["project_id"] in places):
                yield one

    def _names(self) -> dict[str, dict[str, Any]]:
        """What to show for an id when names are asked for, by kind."""
        domains = {row.id: {"id": row.id, "name": row.name} for row in self.kinds["domain"].find()}
        names: dict[str, dict[str, Any]] = {"domain": domains}
        for kind in ("user", "group", "project", "role"):
            names[kind] = {}
            for row in Kind.find(self.kinds[kind]):
                own = {"domain": domains[row.domain_id]} if row.domain_id in domains else {}
                names[kind][row.id] = {"id": row.id, "name": row.name} | own
        return names

    def list_role_inference_rules(self, req: Request) -> Reply:
        """All roles that imply others. 200, 401, 403."""
        self.enforce(req, "list_role_inference_rules")
        rules = [self._inference(req, prior, ids) for prior, ids in self.kinds["role"].implied().items()]
        return Reply(200, {"role_inferences": rules}, VARY)

    def list_implied_roles(self, req: Request, prior_role_id: str) -> Reply:
        """What a role implies. 200, 401, 403, 404."""
        prior = self.found(req, "list_implied_roles", self.kinds["role"], prior_role_id)
        rule = self._inference(req, prior.id, self.kinds["role"].implied()[prior.id])
        return Reply(200, {"role_inference": rule, "links": {"self": req.uri}}, VARY)

    def create_implied_role(self, req: Request, prior_role_id: str, implied_role_id: str) -> Reply:
        """Let a role imply another. 201, 401, 403, 404, 409."""
        return self._implied(req, "create", prior_role_id, implied_role_id)

    def get_implied_role(self, req: Request, prior_role_id: str, implied_role_id: str) -> Reply:
        """Whether a role implies another. 200, 401, 403, 404."""
        return self._implied(req, "get", prior_role_id, implied_role_id)

    def check_implied_role(self, req: Request, prior_role_id: str, implied_role_id: str) -> Reply:
        """The same without a body. 204, 401, 403, 404."""
        return self._implied(req, "check", prior_role_id, implied_role_id)

    def delete_implied_role(self, req: Request, prior_role_id: str, implied_role_id: str) -> Reply:
        """Let it no longer. 204, 401, 403, 404."""
        return self._implied(req, "delete", prior_role_id, implied_role_id)

    def _implied(self, req: Request, verb: str, *pair: str) -> Reply:
        self.enforce(req, f"{verb}_implied_role")
        roles = self.kinds["role"]
        prior, implied = (roles.get(id) for id in pair)
        {"create": roles.imply, "delete": roles.unimply}.get(verb, roles.check_implied)(prior, implied)
        if verb in ("check", "delete"):
            return Reply(204, None, VARY)
        rule = self._inference(req, prior.id, [implied.id])
        shown = {"role_inference": rule | {"implies": rule["implies"][0]}, "links": {"self": req.uri}}
        return Reply(201 if verb == "create" else 200, shown, VARY)

    def _inference(self, req: Request, prior: str, implied: list[str]) -> dict[str, Any]:
        def brief(id: str) -> dict[str, Any]:
            shown = self.member(req, self.kinds["role"], self.kinds["role"].get(id))
            return {name: shown[name] for name in ("id", "name", "links")}

        return {"prior_role": brief(prior), "implies": [brief(id) for id in implied]}


def asks(query: dict[str, str], name: str) -> bool:
    """`?name`, `?name=anything`, but not `?name=0`."""
    return query.get(name, "0") != "0"


def show(prefix: str, found: dict[str, Any], names: dict[str, dict[str, Any]] | None) -> dict[str, Any]:
    """An assignment, with links to where it comes from."""
    row, actor = found["row"], "user" if found["user_id"] else "group"

    def entity(kind: str, id: str) -> dict[str, Any]:
        return names[kind].get(id, {"id": id}) if names else {"id": id}

    place = f"{row.scope}s/{row.project_id}" if row.project_id else "system"
    path = f"{place}/users/{row.user_id}" if row.user_id else f"{place}/groups/{row.group_id}"
    path = f"{path}/roles/{found['prior'] or row.role_id}"
    links = {"assignment": f"{prefix}/OS-INHERIT/{path}/inherited_to_projects" if row.inherited else f"{prefix}/{path}"}
    if row.group_id and found["user_id"]:
        links["membership"] = f"{prefix}/groups/{row.group_id}/users/{found['user_id']}"
    if found["prior"]:
        links["prior_role"] = f"{prefix}/prior_role/{found['role_id']}/implies/{found['prior']}"
    kind, id = found["scope"], found["project_id"]
    scope: dict[str, Any] = {kind: entity(kind, id) if id else {"all": True}}
    scope |= {"OS-INHERIT:inherited_to": "projects"} if row.inherited else {}
    return {
        "links": links,
        "scope": scope,
        actor: entity(actor, found[f"{actor}_id"]),
        "role": entity("role", found["role_id"]),
    }
