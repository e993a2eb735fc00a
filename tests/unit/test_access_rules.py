"""Application credentials: what a rule lets through, at each service, and what ends a credential."""

from __future__ import annotations

from typing import Any

import pytest
from identity_client import CONFIG, Client

from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.course.fill import fill
from oslearn.extensions.keystonemiddleware.access_rules import fits

SERVERS = {"service": "compute", "method": "GET", "path": "/v2.1/servers"}
ASKED = {
    "compute": "compute/v2.1/servers",
    "image": "image/v2/images",
    "network": "networking/v2.0/networks",
    "volumev3": "volume/v3/{project}/volumes",
    "block-storage": "volume/v3/{project}/volumes",
    "placement": "placement/resource_providers",
    "object-store": "object-store/v1/AUTH_{project}",
    "database": "database/v1.0/{project}/instances",
    "identity": "identity/v3/auth/projects",
}
NO = (401, 404, 405)
"""Of a path or method that is not there, an API says so before it asks who asks."""


class Program(Client):
    """Asks with the credential of a new user who is a member of demo."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.owner = self.user("owner", "member")
        self.path = f"/users/{self.owner}/application_credentials"
        self.mine = self.token("owner", "secret")

    def credential(self, *rules: Any, name: str = "robot", **more: Any) -> Any:
        values = {"name": name, "access_rules": [*rules]} | more
        return self.send("POST", self.path, self.mine, {"application_credential": values})

    def use(self, made: Any) -> Any:
        key = {"id": made["id"], "secret": made["secret"]}
        identity = {"methods": ["application_credential"], "application_credential": key}
        return self.send("POST", "/auth/tokens", body={"auth": {"identity": identity}})

    def robot(self, *rules: Any, **more: Any) -> str:
        """A token that such a credential gets."""
        made = self.credential(*rules, **more)
        assert made.status_code == 201, made.text
        return str(self.use(made.json()["application_credential"]).headers["X-Subject-Token"])


@pytest.fixture
def program() -> Program:
    return Program(Cloud(CONFIG, seed=3, trace=False))


@pytest.mark.parametrize("service", ASKED)
def test_a_rule_lets_through_what_it_says_and_no_more(program: Program, service: str) -> None:
    url = ASKED[service].format(project=program.projects["demo"])
    mount, _, path = url.partition("/")
    token = program.robot({"service": service, "method": "GET", "path": f"/{path}"})
    assert program.send("GET", url, token).status_code not in NO
    for method, other in (("POST", url), ("DELETE", url), ("GET", f"{url}/x")):
        assert program.send(method, other, token, {}).status_code in NO, (method, other)
    for another in ASKED.values():
        if another.partition("/")[0] != mount:
            asked = another.format(project=program.projects["demo"])
            assert program.send("GET", asked, token).status_code == 401, asked
    whole = program.robot({"service": service, "method": "GET", "path": f"/{url}"}, name="whole")
    assert program.send("GET", url, whole).status_code not in NO


@pytest.mark.parametrize(("path", "good", "bad"), [
    ("/v2.1/servers/*", "/v2.1/servers/1", "/v2.1/servers/1/ips"),
    ("/v2.1/servers/{id}/ips", "/v2.1/servers/1/ips", "/v2.1/servers//ips"),
    ("/v2.1/**", "/v2.1/servers/1/ips", "/v2/servers"),
    ("/v2.1/{a}*", "/v2.1/servers", "/v2.1/"),
    ("/v2.1/servers", "/v2.1/servers", "/v2x1/servers"),
    ("/", "/", "/v2.1/servers"),
    ("/v2.1/servers|.*", "/v2.1/servers|.*", "/v2.1/images"),
])  # fmt: skip
def test_a_path_may_have_open_parts(path: str, good: str, bad: str) -> None:
    assert fits(path, good)
    assert not fits(path, bad)


@pytest.mark.parametrize("part", ["**a", "*a", "{x}a"])
def test_a_rule_of_many_open_parts_holds_nobody_up(part: str) -> None:
    assert not fits("/" + part * 50 + "!", "/" + "a" * 2000)
    assert fits("/" + part * 50, "/" + "a" * 2000)
    assert not fits("/**", "/" + "a" * 10_000), "no server takes such a path"


def test_no_rules_let_all_through(program: Program) -> None:
    for rules in ([], None):
        values = {"name": f"n{rules}"} | ({"access_rules": rules} if rules is not None else {})
        made = program.send("POST", program.path, program.mine, {"application_credential": values})
        token = program.use(made.json()["application_credential"]).headers["X-Subject-Token"]
        assert "access_rules" not in made.json()["application_credential"]
        assert program.send("GET", "compute/v2.1/servers", token).status_code == 200


@pytest.mark.parametrize("flow", ["current", "classic"])
def test_a_service_asks_others_for_a_user_who_may_not(flow: str) -> None:
    cloud = Cloud(Config(flow=flow, password_hash_cost=16), seed=3, trace=False)
    fill(cloud)
    program = Program(cloud)
    token = program.robot(*({"service": "compute", "method": m, "path": "/v2.1/**"} for m in ("GET", "POST")))
    image = cloud.connect("demo").image.get("/images").json()["images"][0]["id"]
    body = {"server": {"name": "vm1", "imageRef": image, "flavorRef": "1", "networks": "none"}}
    headers = {"X-OpenStack-Nova-API-Version": "2.37"}
    made = program.send("POST", "compute/v2.1/servers", token, body, headers=headers)
    cloud.bus.drain()
    assert made.status_code == 202
    shown = program.send("GET", f"compute/v2.1/servers/{made.json()['server']['id']}", token).json()["server"]
    assert shown["status"] == "ACTIVE"
    assert program.send("GET", "image/v2/images", token).status_code == 401


def test_nobody_but_a_service_asks_for_others(program: Program) -> None:
    token = program.robot(SERVERS)
    nova = program.cloud.session("client", "nova").get_token()
    for service, status in ((nova, 200), (program.mine, 401), ("nonsense", 401)):
        asked = program.send("GET", "image/v2/images", token, headers={"X-Service-Token": service})
        assert asked.status_code == status


def test_a_service_that_holds_no_rules_is_told_of_no_token(program: Program) -> None:
    token, nova = program.robot(SERVERS), program.cloud.session("client", "nova").get_token()
    for held, status in (({}, 404), ({"OpenStack-Identity-Access-Rules": "0.5"}, 404),
                         ({"OpenStack-Identity-Access-Rules": "1"}, 200)):  # fmt: skip
        asked = program.send("GET", "/auth/tokens", nova, headers={"X-Subject-Token": token, **held})
        assert asked.status_code == status


def test_rules_are_their_users(program: Program) -> None:
    held = program.credential(SERVERS, {"service": "image", "method": "GET", "path": "/v2/images"}).json()
    rules = held["application_credential"]["access_rules"]
    assert rules[0] == SERVERS | {"id": rules[0]["id"]}
    again = program.credential(SERVERS, name="same").json()["application_credential"]["access_rules"]
    assert again == rules[:1]
    by_id = program.credential({"id": rules[1]["id"]}, name="by id").json()["application_credential"]["access_rules"]
    assert by_id == rules[1:]
    path = f"/users/{program.owner}/access_rules"
    listed = program.send("GET", path, program.mine).json()["access_rules"]
    assert {rule["id"] for rule in listed} == {rule["id"] for rule in rules}
    assert listed[0]["links"]["self"].endswith(f"/access_rules/{listed[0]['id']}")
    chosen = program.send("GET", f"{path}?service=image", program.mine).json()["access_rules"]
    assert [rule["service"] for rule in chosen] == ["image"]
    one = f"{path}/{rules[0]['id']}"
    assert program.send("GET", one, program.mine).json()["access_rule"]["path"] == "/v2.1/servers"
    refused = program.send("DELETE", one, program.mine)
    assert (refused.status_code, refused.json()["error"]["message"]) == (403, "May not delete access rule in use")
    for credential in program.send("GET", program.path, program.mine).json()["application_credentials"]:
        assert program.send("DELETE", f"{program.path}/{credential['id']}", program.mine).status_code == 204
    assert program.send("DELETE", one, program.mine).status_code == 204
    gone = program.send("GET", one, program.mine)
    assert (gone.status_code, gone.json()["error"]["message"]) == (
        404,
        f"Could not find Access Rule: {rules[0]['id']}.",
    )


def test_another_users_rule_is_not_there(program: Program) -> None:
    rule = program.credential(SERVERS).json()["application_credential"]["access_rules"][0]["id"]
    other = program.user("other", "member")
    token = program.token("other", "secret")
    assert program.send("GET", f"/users/{other}/access_rules/{rule}", token).status_code == 404
    assert program.send("DELETE", f"/users/{other}/access_rules/{rule}", token).status_code == 404
    assert program.send("GET", f"/users/{program.owner}/access_rules", token).status_code == 403
    body = {"application_credential": {"name": "x", "access_rules": [{"id": rule}]}}
    assert program.send("POST", f"/users/{other}/application_credentials", token, body).status_code == 404
    for kinds in ("access_rules", "application_credentials"):
        assert program.send("GET", f"/{kinds}", program.admin).status_code == 404


@pytest.mark.parametrize("rule", [
    {}, SERVERS | {"method": "OPTIONS"}, SERVERS | {"method": "get"}, SERVERS | {"path": "v2.1"},
    SERVERS | {"path": "/" * 226}, SERVERS | {"service": ""}, SERVERS | {"service": "a b"}, SERVERS | {"more": 1},
    {"service": "compute", "method": "GET"}, "x", SERVERS | {"id": ""},
])  # fmt: skip
def test_a_rule_that_is_none_is_refused(program: Program, rule: Any) -> None:
    assert program.credential(rule).status_code == 400
    assert program.send("GET", program.path, program.mine).json()["application_credentials"] == []


def test_who_is_disabled_has_no_credentials_any_more(program: Program) -> None:
    made = program.credential(SERVERS).json()["application_credential"]
    for enabled in (False, True):
        body = {"user": {"enabled": enabled}}
        assert program.send("PATCH", f"/users/{program.owner}", program.admin, body).status_code == 200
        assert program.use(made).status_code == 404
    mine = program.token("owner", "secret")
    assert program.send("GET", program.path, mine).json()["application_credentials"] == []
    assert program.send("GET", f"/users/{program.owner}/access_rules", mine).json()["access_rules"] == []


def test_a_password_leaves_credentials_and_a_lost_role_makes_them_useless(program: Program) -> None:
    made = program.credential(SERVERS).json()["application_credential"]
    body = {"user": {"password": "changed"}}
    assert program.send("PATCH", f"/users/{program.owner}", program.admin, body).status_code == 200
    assert program.use(made).status_code == 201
    program.grant("DELETE", program.owner, "member", "demo")
    assert program.use(made).status_code == 401


def test_credentials_go_with_a_role_that_is_deleted(program: Program) -> None:
    program.make("role", name="extra")
    program.grant("PUT", program.owner, "extra", "demo")
    program.mine = program.token("owner", "secret")
    made = program.credential(SERVERS).json()["application_credential"]
    assert program.send("DELETE", f"/roles/{program.find('roles', 'extra')}", program.admin).status_code == 204
    assert program.use(made).status_code == 404


def test_a_domains_role_is_given_in_its_own_projects_and_in_any_domain(program: Program) -> None:
    domains = [program.make("domain", name=name) for name in ("one", "two")]
    role = program.make("role", name="local", domain_id=domains[0])
    projects = [program.make("project", name="p", domain_id=domain) for domain in domains]
    for place, status in (
        (f"domains/{domains[0]}", 204), (f"domains/{domains[1]}", 204),
        (f"projects/{projects[0]}", 204), (f"projects/{projects[1]}", 403),
    ):  # fmt: skip
        asked = program.send("PUT", f"/{place}/users/{program.owner}/roles/{role}", program.admin)
        assert asked.status_code == status, place
