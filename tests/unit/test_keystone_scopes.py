"""Keystone beyond passwords: domains, scopes, groups, roles that come from elsewhere, credentials, restarts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from identity_client import CONFIG, Client

from oslearn import Cloud
from oslearn.core.config import Config

ALL = ["admin", "manager", "member", "reader"]
SYSTEM = {"system": {"all": True}}


class World(Client):
    """A domain of its own with a project and a tree below it, and one user for each way to hold a role."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.domain = self.make("domain", name="school")
        self.project = self.make("project", name="class", domain_id=self.domain)
        self.child = self.make("project", name="child", domain_id=self.domain, parent_id=self.project)
        self.group = self.make("group", name="crew", domain_id=self.domain)
        self.role = {name: self.find("roles", name) for name in (*ALL, "service")}
        self.who = {
            name: self.make("user", name=name, password="secret", domain_id=self.domain)
            for name in ("plain", "reader", "manager", "auditor", "pupil", "heir")
        }
        grants = (
            f"domains/{self.domain}/users/{self.who['reader']}/roles/{self.role['reader']}",
            f"domains/{self.domain}/users/{self.who['manager']}/roles/{self.role['manager']}",
            f"system/users/{self.who['auditor']}/roles/{self.role['reader']}",
            f"projects/{self.project}/groups/{self.group}/roles/{self.role['member']}",
            f"OS-INHERIT/domains/{self.domain}/users/{self.who['heir']}/roles/{self.role['reader']}/inherited_to_projects",
        )
        for path in (*grants,):
            assert self.send("PUT", f"/{path}", self.admin).status_code == 204
        assert self.send("PUT", f"/groups/{self.group}/users/{self.who['pupil']}", self.admin).status_code == 204

    def ask(self, name: str, scope: Any = None) -> Any:
        """Log one of the users in."""
        user = {"id": self.who[name], "password": "secret"}
        auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": user}}}
        return self.send("POST", "/auth/tokens", body={"auth": auth | ({"scope": scope} if scope else {})})

    def hold(self, name: str, scope: Any = None) -> str:
        """A token of one of the users."""
        reply = self.ask(name, scope)
        assert reply.status_code == 201, reply.text
        return str(reply.headers["X-Subject-Token"])

    @property
    def tokens(self) -> dict[str, str]:
        """One token for each row of the table of who may do what."""
        home = {"domain": {"id": self.domain}}
        return {
            "plain": self.hold("plain"),
            "project": self.hold("pupil", {"project": {"id": self.project}}),
            "domain reader": self.hold("reader", home),
            "domain manager": self.hold("manager", home),
            "system reader": self.hold("auditor", SYSTEM),
            "admin": self.admin,
        }


@pytest.fixture(scope="module")
def world() -> World:
    return World(Cloud(seed=13, trace=False, config=CONFIG))


# --- where a token is good ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "scope", "keys", "roles"),
    [
        ("plain", None, set(), None),
        ("plain", {"unscoped": {}}, set(), None),
        ("reader", {"domain": {"name": "school"}}, {"domain"}, ["reader"]),
        ("manager", {"domain": {"id": "{domain}"}}, {"domain"}, ["manager", "member", "reader"]),
        ("auditor", SYSTEM, {"system"}, ["reader"]),
        ("pupil", {"project": {"id": "{project}"}}, {"project", "is_domain"}, ["member", "reader"]),
        ("heir", {"project": {"name": "class", "domain": {"name": "school"}}}, {"project", "is_domain"}, ["reader"]),
        ("heir", {"project": {"id": "{project}"}}, {"project", "is_domain"}, ["reader"]),
        ("heir", {"project": {"id": "{child}"}}, {"project", "is_domain"}, ["reader"]),
        ("heir", {"domain": {"id": "{domain}"}}, None, None),
        ("pupil", {"project": {"id": "{child}"}}, None, None),
        ("reader", SYSTEM, None, None),
        ("plain", {"domain": {"id": "{domain}"}}, None, None),
        ("plain", {"domain": {"id": "{project}"}}, None, None),
        ("plain", {"project": {"name": "class", "domain": {"id": "default"}}}, None, None),
    ],
)  # fmt: skip
def test_a_token_is_good_where_its_user_has_a_role(
    world: World, name: str, scope: Any, keys: set[str] | None, roles: list[str] | None
) -> None:
    scope = {
        k: {n: v.format(**vars(world)) if isinstance(v, str) else v for n, v in s.items()}
        for k, s in (scope or {}).items()
    }
    reply = world.ask(name, scope)
    if keys is None:
        assert reply.status_code == 401
        return
    token = reply.json()["token"]
    assert token.keys() & {"project", "domain", "system", "is_domain"} == keys
    assert [role["name"] for role in token.get("roles", [])] == (roles or [])
    assert ("catalog" in token) == bool(roles)
    if roles and "project" not in keys:  # URLs that need a project are left out
        assert {
            e["url"] for s in token["catalog"] if s["type"] in ("volumev3", "object-store") for e in s["endpoints"]
        } == set()


def test_a_token_for_a_domain_or_the_system_opens_no_project(world: World) -> None:
    for name, scope in (("manager", {"domain": {"id": world.domain}}), ("auditor", SYSTEM)):
        assert world.send("GET", "compute/v2.1/servers", world.hold(name, scope)).status_code == 403
    boss = world.send("POST", "/auth/tokens", body=login(world, SYSTEM))
    assert [role["name"] for role in boss.json()["token"]["roles"]] == ALL
    assert world.send("GET", "compute/v2.1/os-services", boss.headers["X-Subject-Token"]).status_code == 403


def login(world: World, scope: Any) -> dict[str, Any]:
    user = {"name": "admin", "password": world.cloud.passwords["admin"], "domain": {"id": "default"}}
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}


def test_who_logs_in_without_a_scope_comes_to_the_default_project(world: World) -> None:
    for project, found in ((world.project, True), (world.projects["admin"], False), (None, False)):
        body = {"user": {"default_project_id": project}}
        assert world.send("PATCH", f"/users/{world.who['pupil']}", world.admin, body).status_code == 200
        assert ("project" in world.ask("pupil").json()["token"]) == found
    assert "project" not in world.ask("pupil", {"unscoped": {}}).json()["token"]


def test_the_places_where_a_user_may_go(world: World) -> None:
    def names(path: str, who: str) -> Any:
        rows = world.send("GET", path, world.hold(who)).json()[path.rpartition("/")[2]]
        return sorted(row.get("name", "all") for row in rows)

    assert [names(f"/auth/{what}", "pupil") for what in ("projects", "domains", "system")] == [["class"], [], []]
    assert names("/auth/projects", "heir") == ["child", "class"]
    assert names("/auth/domains", "manager") == ["school"]
    assert names("/auth/system", "auditor") == ["all"]
    assert names(f"/users/{world.who['heir']}/projects", "heir") == ["child", "class"]


# --- who may do what ------------------------------------------------------------------------------------------------

READS = {"system reader", "admin"}
IN_DOMAIN = READS | {"domain reader", "domain manager"}
MANAGES = {"domain manager", "admin"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/users", IN_DOMAIN),
        ("GET", "/users/{who[pupil]}", IN_DOMAIN | {"project"}),
        ("GET", "/users/{who[pupil]}/projects", IN_DOMAIN | {"project"}),
        ("GET", "/users/{who[pupil]}/application_credentials", READS | {"project"}),
        ("GET", "/users/unknown", READS),
        ("PATCH", "/users/{who[plain]}", MANAGES),
        ("GET", "/projects", IN_DOMAIN),
        ("GET", "/projects/{project}", IN_DOMAIN | {"project"}),
        ("PATCH", "/projects/{child}", MANAGES),
        ("GET", "/projects/{project}/tags", IN_DOMAIN | {"project"}),
        ("GET", "/domains/{domain}", IN_DOMAIN | {"project"}),
        ("GET", "/domains/default", READS),
        ("PATCH", "/domains/{domain}", {"admin"}),
        ("GET", "/groups", IN_DOMAIN),
        ("PATCH", "/groups/{group}", MANAGES),
        ("PUT", "/groups/{group}/users/{who[pupil]}", MANAGES),
        ("GET", "/roles", READS | {"domain manager"}),
        ("GET", "/roles/{role[admin]}", READS),
        ("GET", "/role_assignments", IN_DOMAIN),
        ("GET", "/role_inferences", READS),
        ("PUT", "/projects/{child}/users/{who[plain]}/roles/{role[reader]}", MANAGES),
        ("PUT", "/projects/{child}/users/{who[plain]}/roles/{role[service]}", {"admin"}),
        ("GET", "/system/users/{who[plain]}/roles", READS),
        ("GET", "/services", READS),
        ("GET", "/endpoints", READS),
        ("GET", "/policies", READS),
        ("GET", "/regions", IN_DOMAIN | {"plain", "project"}),
    ],
)  # fmt: skip
def test_who_may_do_what(world: World, method: str, path: str, allowed: set[str]) -> None:
    where = path.format(**vars(world))
    kind = path.split("/")[1].removesuffix("s")
    body = {kind: {"description": "changed"}} if method == "PATCH" else None
    found = {name: world.send(method, where, token, body).status_code for name, token in world.tokens.items()}
    assert {name for name, status in found.items() if status != 403} == allowed, found
    assert world.send(method, where, None, body).status_code == 401


def test_who_sees_a_domain_sees_no_other(world: World) -> None:
    token = world.hold("reader", {"domain": {"id": world.domain}})
    for kinds in ("users", "projects", "groups", "domains"):
        rows = world.send("GET", f"/{kinds}", token).json()[kinds]
        assert {row.get("domain_id", row["id"]) for row in rows} == {world.domain}
    rows = world.send("GET", "/role_assignments", token).json()["role_assignments"]
    places = [row["scope"].get("domain") or row["scope"]["project"] for row in rows]
    inside = {world.domain, world.project}
    assert inside <= {place["id"] for place in places} <= inside | {world.child}
    assert world.send("GET", "/users?domain_id=default", token).json()["users"] == []


IN_ANOTHER = {"name": "n", "parent_id": "{project}", "domain_id": "default"}
NOBODYS = {"service_id": "x", "interface": "public", "url": "http://x"}

# --- domains, projects, roles ---------------------------------------------------------------------------------------


def test_a_domain_goes_with_all_that_is_in_it_once_it_is_disabled(world: World) -> None:
    domain = world.make("domain", name="brief")
    inside = {kind: world.make(kind, name="x", domain_id=domain) for kind in ("project", "user", "group", "role")}
    reply = world.send("DELETE", f"/domains/{domain}", world.admin)
    message = "Cannot delete a domain that is enabled, please disable it first."
    assert (reply.status_code, reply.json()["error"]["message"]) == (403, message)
    assert world.send("PATCH", f"/domains/{domain}", world.admin, {"domain": {"enabled": False}}).status_code == 200
    assert world.send("DELETE", f"/domains/{domain}", world.admin).status_code == 204
    found = {kind: world.send("GET", f"/{kind}s/{id}", world.admin).status_code for kind, id in inside.items()}
    assert found == dict.fromkeys(inside, 404)


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "message"),
    [
        ("POST", "/domains", {"domain": {"name": "school"}}, 409, "acting as domains with the same name: school"),
        ("POST", "/projects", {"project": {"name": "class", "domain_id": "{domain}"}}, 409, "name is class, project"),
        ("POST", "/projects", {"project": IN_ANOTHER}, 400, "specifies a parent in a different domain"),
        ("POST", "/projects", {"project": {"name": "n", "domain_id": "unknown"}}, 400, "Could not find domain"),
        ("POST", "/users", {"user": {"name": "n", "domain_id": "unknown"}}, 404, "Could not find domain: unknown."),
        ("DELETE", "/projects/{project}", None, 403, "since it is not a leaf in the hierarchy"),
        ("PATCH", "/projects/{project}", {"project": {"enabled": False}}, 403, "its subtree contains enabled projects"),
        ("PATCH", "/projects/{child}", {"project": {"parent_id": None}}, 403, "Update of `parent_id` is not allowed."),
        ("DELETE", "/roles/{role[admin]}", None, 403, "Unable to delete immutable role resource"),
        ("PATCH", "/roles/{role[admin]}", {"role": {"name": "n"}}, 403, "Unable to update immutable role resource"),
        ("PUT", "/roles/{role[reader]}/implies/{role[admin]}", None, 403, "cannot be an implied roles."),
        ("PUT", "/roles/{role[member]}/implies/{role[reader]}", None, 409, "store implied_role - Duplicate entry."),
        ("DELETE", "/regions/RegionOne", None, 403, "it or its child regions have associated endpoints"),
        ("POST", "/endpoints", {"endpoint": NOBODYS}, 400, "Expecting to find endpoint service_id in service table."),
        ("POST", "/services", {"service": {"name": "n"}}, 400, "'type' is a required property"),
        ("GET", "/users?enabled=maybe", None, 400, "'maybe' is not one of"),
        ("GET", "/users?limit=many", None, 400, "many"),
        ("GET", "/role_assignments?user.id=a&group.id=b", None, 400, "Specify a user or group, not both"),
    ],
)  # fmt: skip
def test_what_cannot_be(world: World, method: str, path: str, body: Any, code: int, message: str) -> None:
    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: fill(inner) for name, inner in value.items()}
        return value.format(**vars(world)) if isinstance(value, str) else value

    reply = world.send(method, fill(path), world.admin, fill(body))
    assert reply.status_code == code, reply.text
    assert message in reply.json()["error"]["message"]


def test_a_project_knows_its_place_and_its_tags(world: World) -> None:
    def get(path: str) -> Any:
        return world.send("GET", f"/projects/{path}", world.admin).json()["project"]

    assert get(f"{world.project}?subtree_as_ids")["subtree"] == {world.child: None}
    assert get(f"{world.child}?parents_as_ids")["parents"] == {world.project: {world.domain: None}}
    assert world.send("PUT", f"/projects/{world.child}/tags", world.admin, {"tags": ["a", "b"]}).json()["tags"] == [
        "a",
        "b",
    ]
    assert world.send("DELETE", f"/projects/{world.child}/tags/a", world.admin).status_code == 204
    found = world.send("GET", f"/projects?tags=b&domain_id={world.domain}", world.admin).json()["projects"]
    assert [project["id"] for project in found] == [world.child]


def test_a_new_endpoint_stands_in_the_catalog_at_once(world: World) -> None:
    service = world.make("service", type="dns", name="designate")
    url = "http://127.0.0.1/dns/%(project_id)s"
    endpoint = world.make("endpoint", service_id=service, interface="public", url=url, region="Elsewhere")
    entry = next(e for e in world.send("GET", "/auth/catalog", world.admin).json()["catalog"] if e["id"] == service)
    (found,) = entry["endpoints"]
    assert (found["url"], found["region"]) == (f"http://127.0.0.1/dns/{world.projects['admin']}", "Elsewhere")
    assert world.send("GET", f"/endpoints/{endpoint}", world.admin).json()["endpoint"]["url"] == url
    assert world.send("DELETE", f"/services/{service}", world.admin).status_code == 204
    assert world.send("GET", f"/endpoints/{endpoint}", world.admin).status_code == 404


def test_a_list_comes_in_pages(world: World) -> None:
    seen, path = [], f"/users?domain_id={world.domain}&limit=2"
    while path:
        page = world.send("GET", path, world.admin).json()
        seen += [user["name"] for user in page["users"]]
        path = (page["links"]["next"] or "").partition("/identity/v3")[2]
    assert sorted(seen) == sorted(world.who)
    found = world.send("GET", f"/users?domain_id={world.domain}&name__icontains=READ", world.admin).json()["users"]
    assert [user["name"] for user in found] == ["reader"]


def test_assignments_as_given_and_as_they_take_effect(world: World) -> None:
    def listed(query: str) -> Any:
        rows = world.send("GET", f"/role_assignments?include_names&{query}", world.admin).json()["role_assignments"]
        return sorted((r.get("user", r.get("group"))["name"], r["role"]["name"]) for r in rows)

    assert listed(f"scope.project.id={world.project}") == [("crew", "member")]
    effective = [("heir", "reader"), ("pupil", "member"), ("pupil", "reader")]
    assert listed(f"scope.project.id={world.project}&effective") == effective
    assert listed(f"scope.project.id={world.project}&include_subtree=1&group.id={world.group}") == [("crew", "member")]
    assert listed("scope.system=all") == [("admin", "admin"), ("auditor", "reader")]
    for who, code in (("pupil", 204), ("plain", 404)):
        assert world.send("HEAD", f"/groups/{world.group}/users/{world.who[who]}", world.admin).status_code == code


# --- application credentials ----------------------------------------------------------------------------------------


def test_an_application_credential_stands_for_its_user_in_one_project(world: World) -> None:
    token, path = (
        world.hold("pupil", {"project": {"id": world.project}}),
        f"/users/{world.who['pupil']}/application_credentials",
    )

    def use(given: dict[str, Any], **scope: Any) -> Any:
        identity = {"methods": ["application_credential"], "application_credential": given}
        return world.send("POST", "/auth/tokens", body={"auth": {"identity": identity, **scope}})

    def make(**values: Any) -> Any:
        return world.send("POST", path, token, {"application_credential": values})

    made = make(name="robot", roles=[{"name": "reader"}]).json()["application_credential"]
    key = {"id": made["id"], "secret": made["secret"]}
    issued = use(key)
    assert [role["name"] for role in issued.json()["token"]["roles"]] == ["reader"]
    assert issued.json()["token"]["application_credential"] == {"id": made["id"], "name": "robot", "restricted": True}
    assert "secret" not in world.send("GET", path, token).text
    robot = issued.headers["X-Subject-Token"]
    assert world.send("GET", "compute/v2.1/servers", robot).status_code == 200
    assert world.send("POST", path, robot, {"application_credential": {"name": "other"}}).status_code == 403
    again = {"methods": ["token"], "token": {"id": robot}}
    assert world.send("POST", "/auth/tokens", body={"auth": {"identity": again}}).status_code == 403
    for given, scope, code in (
        (key | {"secret": "wrong"}, {}, 401),
        (key | {"id": "unknown"}, {}, 404),
        ({"name": "robot", "secret": made["secret"]}, {}, 400),
        ({"name": "robot", "secret": made["secret"], "user": {"id": world.who["plain"]}}, {}, 401),
        ({"name": "robot", "secret": made["secret"], "user": {"id": world.who["pupil"]}}, {}, 201),
        (key, {"scope": {"project": {"id": world.project}}}, 401),
    ):
        assert use(given, **scope).status_code == code
    brief = make(name="brief", expires_at="2026-01-01T00:10:00").json()["application_credential"]
    ends = use({"id": brief["id"], "secret": brief["secret"]}).json()["token"]["expires_at"]
    assert (brief["expires_at"], ends) == ("2026-01-01T00:10:00.000000", "2026-01-01T00:10:00.000000Z")
    assert make(name="robot").status_code == 409
    assert make(name="boss", roles=[{"name": "admin"}]).status_code == 400
    assert make(name="late", expires_at="2020-01-01T00:00:00Z").status_code == 400
    assert world.send("DELETE", f"/groups/{world.group}/users/{world.who['pupil']}", world.admin).status_code == 204
    assert use(key).status_code == 401
    assert world.send("PUT", f"/groups/{world.group}/users/{world.who['pupil']}", world.admin).status_code == 204
    assert world.send("DELETE", f"{path}/{made['id']}", world.hold("pupil")).status_code == 204
    assert world.send("GET", "compute/v2.1/servers", robot).status_code == 401


# --- what stays -----------------------------------------------------------------------------------------------------


def test_a_cloud_that_starts_again_on_its_files_knows_its_tokens_and_makes_nothing_twice(tmp_path: Path) -> None:
    config = Config(password_hash_cost=16, database_dir=str(tmp_path))
    first = Client(Cloud(config, seed=5, trace=False))
    token, lists = first.admin, ("users", "projects", "roles", "services", "endpoints", "role_assignments", "domains")
    before = {kinds: first.send("GET", f"/{kinds}", token).json()[kinds] for kinds in lists}
    moved = Config(password_hash_cost=16, database_dir=str(tmp_path), base_url="http://127.0.0.1:8080")
    second = Client(Cloud(moved, seed=6, trace=False, passwords={**first.cloud.passwords, "demo": "changed"}))
    after = {kinds: second.send("GET", f"/{kinds}", token).json()[kinds] for kinds in lists}
    assert {kinds: len(rows) for kinds, rows in after.items()} == {kinds: len(rows) for kinds, rows in before.items()}
    assert {row["id"] for row in after["users"]} == {row["id"] for row in before["users"]}
    assert all(row["url"].startswith("http://127.0.0.1:8080/") for row in after["endpoints"])
    assert second.login("demo", "changed").status_code == 201
    assert second.login("demo", first.cloud.passwords["demo"]).status_code == 401


def test_a_service_believes_for_a_while_what_keystone_said() -> None:
    client = Client(Cloud(seed=5, trace=False, config=Config(password_hash_cost=16)))
    token = client.token("demo")
    assert client.accepted(token) == {200}
    assert client.send("DELETE", "/auth/tokens", token, headers={"X-Subject-Token": token}).status_code == 204
    assert client.accepted(token) == {200, 401}  # Keystone itself knows at once
    client.cloud.clock.sleep(301)
    assert client.accepted(token) == {401}
