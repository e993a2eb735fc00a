"""Who has which role where, over the API: grants, the list of assignments, roles that imply others.

Interface: `Grants` in one kind of place to one kind of actor, `RoleAssignments`, `Inferences`.
Upstream: keystone/api/projects.py, domains.py, system.py, os_inherit.py, role_assignments.py, roles.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oslearn.core.keystone.api import VARY, Guard
from oslearn.core.keystone.models import ROOT, Named, Project, Role
from oslearn.core.keystonemiddleware.auth_token import TokenInfo
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.keystone.api.shown import NOTHING, found, member, page, target
from oslearn.extensions.keystone.assignment import Assignments, Roles
from oslearn.extensions.keystone.identity import Groups, Users
from oslearn.extensions.keystone.manager import Collection, Row
from oslearn.extensions.keystone.resource import Domains, Projects

NOT_BOTH = (
    ("scope.domain.id", "scope.project.id", "Specify a domain or project, not both"),
    ("scope.domain.id", "scope.system", "Specify system or domain, not both"),
    ("scope.project.id", "scope.system", "Specify system or project, not both"),
    ("user.id", "group.id", "Specify a user or group, not both"),
    ("effective", "group.id", "Combining effective and group filter will always result in an empty list."),
)

FILTERS: dict[str, tuple[str, Body]] = {
    "user.id": ("user_id", {}),
    "group.id": ("group_id", {}),
    "role.id": ("role_id", {}),
    "scope.project.id": ("project_id", {"scope": "project"}),
    "scope.domain.id": ("project_id", {"scope": "domain"}),
    "scope.system": ("scope", {"scope": "system"}),
    "scope.OS-INHERIT:inherited_to": ("inherited", {"inherited": True}),
}


@dataclass
class Grants:
    """Roles of one kind of actor, users or groups, in one kind of place; or, `inherited`, in the projects below it.

    Without a place it is the system.
    """

    guard: Guard
    assignments: Assignments
    roles: Roles
    actor: Collection[Any]
    place: Collection[Project] | None
    inherited: bool = False

    def create(self, req: Request, **where: str) -> Reply:
        """Give a role. 204, 401, 403, 404."""
        key, role = self._grant(req, "create", where)
        if self.place and key["scope"] == "project" and role and role.domain_id != ROOT:
            place = self.place.get(key["project_id"])
            if role.domain_id not in (place.id, place.domain_id):
                raise exception.Forbidden(
                    f"Project {place.id} must be in the same domain as the role {role.id} being assigned."
                )
        self.assignments.grant(**key)
        return NOTHING

    def check(self, req: Request, **where: str) -> Reply:
        """Whether somebody has a role. 204, 401, 403, 404."""
        self.assignments.check(**self._grant(req, "check", where)[0])
        return NOTHING

    def revoke(self, req: Request, **where: str) -> Reply:
        """Take a role away. 204, 401, 403, 404."""
        self.assignments.revoke(**self._grant(req, "revoke", where)[0])
        return NOTHING

    def index(self, req: Request, **where: str) -> Reply:
        """The roles that were given. 200, 401, 403, 404."""
        key, _ = self._grant(req, "list", where)
        return page(req, self.roles, [self.roles.get(row.role_id) for row in self.assignments.find(**key)])

    def _grant(self, req: Request, verb: str, where: Mapping[str, str]) -> tuple[Body, Role | None]:
        """The key of an assignment, and the role. Raises Unauthorized, PolicyNotAuthorized, NotFound."""
        actor, scope = self.actor.kind.name, self.place.kind.name if self.place else "system"
        row, no_actor = look_up(self.actor, where["actor_id"])
        place, no_place = look_up(self.place, where.get("id")) if self.place else (None, None)
        role, no_role = look_up(self.roles, where.get("role_id"))
        # The rule is asked before anybody hears what is not there; a domain's manager must own the actor and the place.
        homes = {target(one)["domain_id"] for one in (row, place) if one}
        about = {"domain_id": homes.pop() if len(homes) == 1 else None, "role_name": role.name if role else None}
        grant = "grants" if verb == "list" else "grant"
        self.guard.enforce(req, f"{verb}_{grant}" if self.place else f"{verb}_system_{grant}_for_{actor}", **about)
        if missing := no_actor or no_place or no_role:
            raise missing
        key: Body = {"user_id": None, "group_id": None, "scope": scope, "project_id": where.get("id")}
        key |= {f"{actor}_id": where["actor_id"], "inherited": self.inherited}
        return (key | {"role_id": role.id} if role else key), role


def look_up(collection: Collection[Row], id: str | None) -> tuple[Row | None, exception.NotFound | None]:
    """A row, or why there is none; neither if nothing is asked for."""
    try:
        return (collection.get(id) if id else None), None
    except exception.NotFound as error:
        return None, error


@dataclass
class RoleAssignments:
    """Who has which role where, as it was given or as it takes effect."""

    guard: Guard
    assignments: Assignments
    domains: Domains
    projects: Projects
    users: Users
    groups: Groups
    roles: Roles

    def index(self, req: Request) -> Reply:
        """Who has which role where, as it was given or as it takes effect. 200, 400, 401, 403."""
        query, home = req.query, domain_of(self.guard.caller(req))
        tree = asks(query, "include_subtree")
        self.guard.enforce(req, "list_role_assignments" + "_for_tree" * tree, domain_id=home)
        for one, other, words in NOT_BOTH:
            if query.get(one, "0") != "0" and query.get(other):
                raise exception.BadRequest(words)
        if tree and not query.get("scope.project.id"):
            raise exception.BadRequest("'scope.project.id' is a dependency of 'include_subtree'")
        names = self._names() if asks(query, "include_names") else None
        shown = [show(f"{req.prefix}/v3", found, names) for found in self._found(query, tree, home)]
        links = {"next": None, "self": req.uri, "previous": None}
        return Reply(200, {"role_assignments": shown, "links": links}, VARY)

    def _found(self, query: dict[str, str], tree: bool, home: str | None) -> Iterator[Body]:
        """What a query asks for, in a domain if its token is for one."""
        wanted: Body = {}
        for name, (column, more) in FILTERS.items():
            if query.get(name):
                wanted |= {column: query[name]} | more
        places = None
        if tree:
            top = wanted.pop("project_id")
            places = {top, *(project.id for project in self.projects.subtree(top))}
        if home:
            inside = {home, *(project.id for project in self.projects.find({"domain_id": home}))}
            places = inside if places is None else places & inside
        effective = asks(query, "effective")
        found = self.assignments.effective(query.get("user.id")) if effective else self.assignments.given(**wanted)
        for one in found:
            fits = all(one[column] == value for column, value in wanted.items())
            if fits and (places is None or one["project_id"] in places):
                yield one

    def _names(self) -> dict[str, Body]:
        """What to show for an id when names are asked for, by kind."""
        domains = {row.id: {"id": row.id, "name": row.name} for row in self.domains.find()}
        names: dict[str, Body] = {"domain": domains}
        tables: dict[str, Sequence[Named]] = {"user": self.users.all(), "group": self.groups.all()}
        tables |= {"project": self.projects.all(), "role": self.roles.all()}
        for kind, rows in tables.items():
            names[kind] = {}
            for row in rows:
                own = {"domain": domains[row.domain_id]} if row.domain_id in domains else {}
                names[kind][row.id] = {"id": row.id, "name": row.name} | own
        return names


class Inferences:
    """Roles that imply others."""

    def __init__(self, guard: Guard, roles: Roles) -> None:
        self.guard, self.roles = guard, roles

    def all(self, req: Request) -> Reply:
        """All roles that imply others. 200, 401, 403."""
        self.guard.enforce(req, "list_role_inference_rules")
        rules = [self._inference(req, prior, ids) for prior, ids in self.roles.implied().items()]
        return Reply(200, {"role_inferences": rules}, VARY)

    def index(self, req: Request, id: str) -> Reply:
        """What a role implies. 200, 401, 403, 404."""
        prior = found(self.guard, req, "list_implied_roles", self.roles, id)
        rule = self._inference(req, prior.id, self.roles.implied()[prior.id])
        return Reply(200, {"role_inference": rule, "links": {"self": req.uri}}, VARY)

    def create(self, req: Request, id: str, implied_role_id: str) -> Reply:
        """Let a role imply another. 201, 401, 403, 404, 409."""
        prior, implied = self._pair(req, "create", id, implied_role_id)
        self.roles.imply(prior, implied)
        return self._one(req, 201, prior, implied)

    def show(self, req: Request, id: str, implied_role_id: str) -> Reply:
        """Whether a role implies another. 200, 401, 403, 404."""
        prior, implied = self._pair(req, "get", id, implied_role_id)
        self.roles.check_implied(prior, implied)
        return self._one(req, 200, prior, implied)

    def check(self, req: Request, id: str, implied_role_id: str) -> Reply:
        """The same without a body. 204, 401, 403, 404."""
        self.roles.check_implied(*self._pair(req, "check", id, implied_role_id))
        return NOTHING

    def delete(self, req: Request, id: str, implied_role_id: str) -> Reply:
        """Let it no longer. 204, 401, 403, 404."""
        self.roles.unimply(*self._pair(req, "delete", id, implied_role_id))
        return NOTHING

    def _pair(self, req: Request, verb: str, prior_id: str, implied_id: str) -> tuple[Role, Role]:
        self.guard.enforce(req, f"{verb}_implied_role")
        return self.roles.get(prior_id), self.roles.get(implied_id)

    def _one(self, req: Request, status: int, prior: Role, implied: Role) -> Reply:
        rule = self._inference(req, prior.id, [implied.id])
        shown = {"role_inference": rule | {"implies": rule["implies"][0]}, "links": {"self": req.uri}}
        return Reply(status, shown, VARY)

    def _inference(self, req: Request, prior: str, implied: list[str]) -> Body:
        def brief(id: str) -> Body:
            shown = member(req, self.roles, self.roles.get(id))
            return {name: shown[name] for name in ("id", "name", "links")}

        return {"prior_role": brief(prior), "implies": [brief(id) for id in implied]}


def domain_of(info: TokenInfo) -> str | None:
    """The domain that a token is for."""
    return info["domain"]["id"] if "domain" in info else None


def asks(query: dict[str, str], name: str) -> bool:
    """`?name`, `?name=anything`, but not `?name=0`."""
    return query.get(name, "0") != "0"


def show(prefix: str, found: Body, names: dict[str, Body] | None) -> Body:
    """An assignment, with links to where it comes from."""
    row, actor = found["row"], "user" if found["user_id"] else "group"

    def entity(kind: str, id: str) -> Body:
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
    scope: Body = {kind: entity(kind, id) if id else {"all": True}}
    scope |= {"OS-INHERIT:inherited_to": "projects"} if row.inherited else {}
    return {
        "links": links,
        "scope": scope,
        actor: entity(actor, found[f"{actor}_id"]),
        "role": entity("role", found["role_id"]),
    }
