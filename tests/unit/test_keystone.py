"""Keystone's API: tokens that cannot be forged and end at once, accounts, and passwords that nobody can read."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jwt
import pytest
from identity_client import CONFIG, Client
from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.core.keystone import models
from oslearn.core.keystone.auth import Identity, check_password, hash_password
from oslearn.core.keystone.bootstrap import bootstrap, project_id
from oslearn.core.keystone.token import Proof, Provider, Scope
from oslearn.core.oslo.clock import Ids, SteppedClock
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import Unauthorized
from oslearn.extensions.oslo.database import open_database

# The recordings' POST /v3/auth/tokens (day 1, number 2) and the rest of what Keystone answered there.
TOKEN = {"methods", "user", "audit_ids", "expires_at", "issued_at", "project", "is_domain", "roles", "catalog"}
UNSCOPED = TOKEN - {"project", "is_domain", "roles", "catalog"}
USER = {"id", "name", "domain_id", "enabled", "password_expires_at", "options", "links"}
PROJECT = {
    "id", "name", "domain_id", "description", "enabled", "parent_id", "is_domain", "tags", "options", "links",
}  # fmt: skip
ROLE = {"id", "name", "domain_id", "description", "options", "links"}
UNAUTHORIZED = {
    "error": {"code": 401, "message": "The request you have made requires authentication.", "title": "Unauthorized"}
}
FORBIDDEN = "You are not authorized to perform the requested action: identity:{}."


@pytest.fixture(scope="module")
def client() -> Client:
    return Client(Cloud(seed=11, trace=False, config=CONFIG))


def test_discovery_has_the_recorded_shape(client: Client) -> None:
    version = {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": "http://127.0.0.1/identity/v3/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    }
    versions = client.send("GET", "identity/")
    assert (versions.status_code, versions.json()) == (300, {"versions": {"values": [version]}})
    for path in ("identity/v3", "identity/v3/"):
        reply = client.send("GET", path)
        assert (reply.status_code, reply.json()) == (200, {"version": version})
        assert reply.headers["Vary"] == "X-Auth-Token"
        assert reply.headers["x-openstack-request-id"].startswith("req-")


def test_a_token_has_the_recorded_keys(client: Client) -> None:
    reply = client.login("demo")
    token = reply.json()["token"]
    assert (reply.status_code, set(reply.json()), set(token)) == (201, {"token"}, TOKEN)
    assert (token["methods"], token["is_domain"]) == (["password"], False)
    assert set(token["user"]) == {"domain", "id", "name", "password_expires_at"}
    assert token["project"] == {
        "domain": {"id": "default", "name": "Default"},
        "id": client.projects["demo"],
        "name": "demo",
    }
    assert all(set(role) == {"id", "name"} for role in token["roles"])
    assert all(set(entry) == {"endpoints", "id", "type", "name"} for entry in token["catalog"])
    endpoint = token["catalog"][0]["endpoints"][0]
    assert set(endpoint) == {"id", "interface", "region_id", "url", "region"}
    assert token["issued_at"].endswith("Z")
    assert reply.headers["Vary"] == "X-Auth-Token"
    volume = next(entry for entry in token["catalog"] if entry["type"] == "volumev3")
    assert {e["url"] for e in volume["endpoints"]} == {f"http://127.0.0.1/volume/v3/{client.projects['demo']}"}


def test_a_token_without_a_project_has_no_roles_and_reaches_no_project(client: Client) -> None:
    reply = client.login("demo", project=None)
    assert set(reply.json()["token"]) == UNSCOPED
    assert client.send("GET", "compute/v2.1/servers", reply.headers["X-Subject-Token"]).status_code == 403
    assert client.login("demo", project=None, scope="unscoped").status_code == 201


def test_validation_says_what_the_issue_said(client: Client) -> None:
    issued = client.login("demo")
    token = issued.headers["X-Subject-Token"]
    asked = {"X-Subject-Token": token}
    reply = client.send("GET", "/auth/tokens", token, headers=asked)
    assert (reply.status_code, reply.json()) == (200, issued.json())
    assert reply.headers["X-Subject-Token"] == token
    short = client.send("GET", "/auth/tokens?nocatalog", token, headers=asked)
    assert set(short.json()["token"]) == TOKEN - {"catalog"}
    assert client.send("HEAD", "/auth/tokens", token, headers=asked).status_code == 200
    catalog = client.send("GET", "/auth/catalog", token).json()["catalog"]
    assert catalog == issued.json()["token"]["catalog"]


@pytest.mark.parametrize(
    ("user", "password", "project"),
    [
        ("demo", "wrong", "demo"),
        ("nobody", "wrong", "demo"),
        ("demo", "", "demo"),
        ("demo", None, "admin"),
        ("demo", None, "nosuch"),
    ],
    ids=["wrong password", "unknown user", "empty password", "project without a role", "unknown project"],
)
def test_every_refused_login_looks_the_same(client: Client, user: str, password: str | None, project: str) -> None:
    reply = client.login(user, password, project)
    assert (reply.status_code, reply.json()) == (401, UNAUTHORIZED)
    assert reply.headers["WWW-Authenticate"] == 'Keystone uri="http://127.0.0.1/identity/v3"'
    assert "X-Subject-Token" not in reply.headers


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ({}, 400),
        ({"project": {}}, 400),
        ("everything", 400),
        (5, 400),
        ({"domain": {"id": "default"}}, 401),
        ({"system": {"all": True}}, 401),
        ({"project": {"id": "nosuch"}}, 401),
        ({"project": {"name": "demo", "domain": {"id": "other"}}}, 401),
        ({"project": {"name": 5}}, 400),
    ],
)
def test_a_scope_that_is_not_there_gives_no_token(client: Client, scope: Any, code: int) -> None:
    assert client.login("demo", project=None, scope=scope).status_code == code


def test_another_domain_has_no_demo(client: Client) -> None:
    who = {"name": "demo", "password": client.cloud.passwords["demo"], "domain": {"name": "Other"}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": who}}}}
    assert client.send("POST", "/auth/tokens", body=body).json() == UNAUTHORIZED


@pytest.mark.parametrize(
    "data",
    ["{", "", "[]", "null", '"auth"', "{}", '{"auth": {}}', '{"auth": []}', '{"auth": {"identity": {}}}',
     '{"auth": {"identity": {"methods": "password"}}}',
     '{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": 5, "password": "x"}}}}}',
     '{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "\\ud800", "password": "x"}}}}}',
     '{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo"}}}}}', "[" * 100000],
)  # fmt: skip
def test_a_login_that_is_no_login_is_a_bad_request(client: Client, data: str) -> None:
    reply = client.send("POST", "/auth/tokens", data=data)
    assert (reply.status_code, reply.json()["error"]["title"]) == (400, "Bad Request")


@pytest.mark.parametrize(
    ("methods", "code"), [([], 401), (["saml2"], 401), (["password", "totp"], 401), (["token"], 400)]
)
def test_other_methods_give_no_token(client: Client, methods: list[str], code: int) -> None:
    who = {"name": "demo", "password": client.cloud.passwords["demo"], "domain": {"id": "default"}}
    body = {"auth": {"identity": {"methods": methods, "password": {"user": who}}}}
    assert client.send("POST", "/auth/tokens", body=body).status_code == code


def test_a_token_for_a_token_ends_with_it() -> None:
    client = Client(Cloud(seed=5, trace=False, config=CONFIG))
    first = client.login("demo")
    client.cloud.clock.sleep(3000)
    scope = {"project": {"id": client.projects["demo"]}}
    identity = {"methods": ["token"], "token": {"id": first.headers["X-Subject-Token"]}}
    second = client.send("POST", "/auth/tokens", body={"auth": {"identity": identity, "scope": scope}})
    assert second.status_code == 201
    assert second.json()["token"]["expires_at"] == first.json()["token"]["expires_at"]
    client.cloud.clock.sleep(601)
    assert client.accepted(second.headers["X-Subject-Token"]) == {401}


# --- a token ends ---------------------------------------------------------------------------------------------------


def test_a_token_ends_in_time_at_every_service() -> None:
    client = Client(Cloud(seed=5, trace=False, config=CONFIG))
    token = client.token("demo")
    assert client.accepted(token) == {200}
    client.cloud.clock.sleep(3590)
    assert client.accepted(token) == {200}
    client.cloud.clock.sleep(11)
    assert client.accepted(token) == {401}
    reply = client.send("GET", "/auth/tokens", client.admin, headers={"X-Subject-Token": token})
    assert reply.status_code == 404
    assert client.accepted(client.token("demo")) == {200}


def test_a_revoked_token_ends_at_once_and_others_stay(client: Client) -> None:
    token, other = client.token("demo"), client.token("demo")
    assert client.accepted(token) == {200}
    assert client.send("DELETE", "/auth/tokens", token, headers={"X-Subject-Token": token}).status_code == 204
    assert client.accepted(token) == {401}
    assert client.accepted(other) == {200}
    assert client.send("DELETE", "/auth/tokens", token, headers={"X-Subject-Token": token}).status_code == 401


ENDINGS = {
    "password": ("PATCH", "/users/{user}", {"user": {"password": "new"}}),
    "disabled": ("PATCH", "/users/{user}", {"user": {"enabled": False}}),
    "deleted": ("DELETE", "/users/{user}", None),
    "role": ("DELETE", "/projects/{project}/users/{user}/roles/{role}", None),
    "project disabled": ("PATCH", "/projects/{project}", {"project": {"enabled": False}}),
    "project deleted": ("DELETE", "/projects/{project}", None),
    "domain disabled": ("PATCH", "/domains/{domain}", {"domain": {"enabled": False}}),
    "role deleted": ("DELETE", "/roles/{role}", None),
    "own password": ("POST", "/users/{user}/password", {"user": {"original_password": "secret", "password": "n"}}),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_a_token_stands_on_ends_it_at_once(client: Client, ending: str) -> None:
    name = ending.replace(" ", "-")
    ids = {
        "user": client.user(name),
        "role": client.make("role", name=name),
        "domain": client.make("domain", name=name),
    }
    ids["project"] = client.make("project", name="tried", domain_id=ids["domain"])
    client.send("PUT", f"/roles/{ids['role']}/implies/{client.find('roles', 'member')}", client.admin)
    client.send("PUT", "/projects/{project}/users/{user}/roles/{role}".format(**ids), client.admin)
    scope = {"project": {"id": ids["project"]}}
    token = client.login(name, "secret", project=None, scope=scope).headers["X-Subject-Token"]
    assert client.send("GET", "compute/v2.1/servers", token).status_code == 200
    method, path, body = ENDINGS[ending]
    assert client.send(method, path.format(**ids), client.admin, body).status_code < 300
    assert client.send("GET", "compute/v2.1/servers", token).status_code == 401
    again = client.login(name, "secret", project=None, scope=scope)
    assert (again.status_code, again.json()) == (401, UNAUTHORIZED)


def test_a_disabled_user_who_is_enabled_again_needs_a_new_token(client: Client) -> None:
    user = client.user("lee", "member")
    token = client.token("lee", "secret")
    for enabled in (False, True):
        client.send("PATCH", f"/users/{user}", client.admin, {"user": {"enabled": enabled}})
    assert client.accepted(token) == {401}
    assert client.accepted(client.token("lee", "secret")) == {200}


def test_a_taken_role_ends_the_tokens_that_were_given_before(client: Client) -> None:
    user = client.user("max", "member", "admin")
    token = client.token("max", "secret")
    assert client.send("GET", "/users", token).status_code == 200
    client.grant("DELETE", user, "admin")
    assert client.accepted(token) == {401}
    token = client.token("max", "secret")
    assert client.send("GET", "/users", token).status_code == 403
    assert client.accepted(token) == {200}


def test_roles_bring_the_roles_that_they_imply(client: Client) -> None:
    client.user("boss", "admin")
    roles = client.login("boss", "secret").json()["token"]["roles"]
    assert {role["name"] for role in roles} == {"admin", "manager", "member", "reader"}
    roles = client.login("demo").json()["token"]["roles"]
    assert {role["name"] for role in roles} == {"member", "reader"}


# --- a token cannot be forged ---------------------------------------------------------------------------------------


def segment(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def forgeries(token: str, admin_id: str, admin_project: str) -> dict[str, str]:
    """Tokens that nobody issued."""
    head, claims, sign = token.split(".")
    wanted = jwt.decode(token, options={"verify_signature": False})
    wanted |= {"sub": admin_id, "openstack_project_id": admin_project, "exp": 2**33}
    none = segment({"alg": "none", "typ": "JWT"})
    return {
        "other claims": f"{head}.{segment(wanted)}.{sign}",
        "alg none, no signature": f"{none}.{segment(wanted)}.",
        "alg none, old signature": f"{none}.{segment(wanted)}.{sign}",
        "alg NONE": f"{segment({'alg': 'NONE', 'typ': 'JWT'})}.{segment(wanted)}.",
        "another key": jwt.encode(wanted, "k" * 32, "HS256"),
        "another hash": jwt.encode(wanted, "k" * 64, "HS512"),
        "signature cut": f"{head}.{claims}.",
        "signature changed": f"{head}.{claims}.{sign[:-2]}{'A' if sign[-2] != 'A' else 'B'}{sign[-1]}",
        "header changed": f"{segment({'alg': 'HS512', 'typ': 'JWT'})}.{claims}.{sign}",
        "two parts": f"{head}.{claims}",
        "no token": "nosuchtoken",
        "dots": "...",
    }


@pytest.mark.parametrize("name", forgeries(jwt.encode({}, "k" * 32), "", ""))
def test_a_forged_token_is_refused(client: Client, name: str) -> None:
    admin = client.find("users", "admin")
    forged = forgeries(client.token("demo"), admin, client.projects["admin"])[name]
    assert client.accepted(forged) == {401}
    reply = client.send("GET", "/auth/tokens", client.admin, headers={"X-Subject-Token": forged})
    assert (reply.status_code, reply.json()["error"]["title"]) == (404, "Not Found")


# --- who may ask ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "action"), [("GET", "validate_token"), ("HEAD", "check_token"), ("DELETE", "revoke_token")]
)
def test_a_user_may_ask_only_about_its_own_token(client: Client, method: str, action: str) -> None:
    asked = {"X-Subject-Token": client.admin}
    reply = client.send(method, "/auth/tokens", client.token("demo"), headers=asked)
    assert reply.status_code == 403
    if method != "HEAD":
        assert reply.json()["error"]["message"] == FORBIDDEN.format(action)
    assert client.send("GET", "/auth/tokens", None, headers=asked).status_code == 401


def test_a_service_may_ask_about_every_token(client: Client) -> None:
    token = client.token("demo")
    for asker in (client.token("nova", project="service"), client.admin):
        reply = client.send("GET", "/auth/tokens", asker, headers={"X-Subject-Token": token})
        assert reply.json()["token"]["user"]["name"] == "demo"


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", "/users", "list_users"),
        ("GET", "/projects", "list_projects"),
        ("GET", "/roles", "list_roles"),
        ("GET", "/users/some", "get_user"),
        ("POST", "/users", "create_user"),
        ("POST", "/projects", "create_project"),
        ("PATCH", "/users/some", "update_user"),
        ("DELETE", "/projects/some", "delete_project"),
        ("GET", "/role_assignments", "list_role_assignments"),
        ("PUT", "/projects/a/users/b/roles/c", "create_grant"),
        ("DELETE", "/projects/a/users/b/roles/c", "revoke_grant"),
    ],
)
def test_accounts_are_the_admins(client: Client, method: str, path: str, action: str) -> None:
    error = {"code": 403, "message": FORBIDDEN.format(action), "title": "Forbidden"}
    what = path.split("/")[1].removesuffix("s")
    reply = client.send(
        method, path, client.token("demo"), {what: {"name": "x"}} if method in ("POST", "PATCH") else None
    )
    assert (reply.status_code, reply.json()) == (403, {"error": error})
    assert client.send(method, path).json() == UNAUTHORIZED


# --- accounts -------------------------------------------------------------------------------------------------------


def test_accounts_have_the_recorded_keys(client: Client) -> None:
    admin = client.admin
    project = {"domain_id": "default", "enabled": True, "description": "Second project", "name": "project2"}
    made = client.send("POST", "/projects", admin, {"project": project})
    assert (made.status_code, set(made.json()["project"])) == (201, PROJECT)
    user = {"password": "secret", "enabled": True, "name": "student2", "domain_id": "default"}
    user["default_project_id"] = made.json()["project"]["id"]
    made = client.send("POST", "/users", admin, {"user": user})
    assert (made.status_code, set(made.json()["user"])) == (201, USER | {"default_project_id"})
    shown = client.send("GET", f"/users/{made.json()['user']['id']}", admin).json()
    assert shown == made.json()
    assert shown["user"]["links"] == {"self": f"http://127.0.0.1/identity/v3/users/{shown['user']['id']}"}
    made = client.send("POST", "/roles", admin, {"role": {"name": "auditor"}})
    assert (made.status_code, set(made.json()["role"])) == (201, ROLE)
    listed = client.send("GET", "/users?name=demo", admin).json()
    assert [set(row) for row in listed["users"]] == [USER]
    assert listed["links"] == {
        "next": None,
        "self": "http://127.0.0.1/identity/v3/users?name=demo",
        "previous": None,
    }


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("user", {"name": "demo", "password": "x"}, "user - Duplicate entry found with name demo at domain ID default"),
        ("group", {"name": "crew"}, "group - Duplicate entry found with name crew at domain ID default"),
        ("role", {"name": "member"}, "role - Duplicate entry found with name member"),
    ],
)
def test_a_name_is_given_once(client: Client, kind: str, body: dict[str, Any], message: str) -> None:
    client.send("POST", "/groups", client.admin, {"group": {"name": "crew"}})
    reply = client.send("POST", f"/{kind}s", client.admin, {kind: body})
    message = f"Conflict occurred attempting to store {message}."
    assert reply.json() == {"error": {"code": 409, "message": message, "title": "Conflict"}}
    assert reply.status_code == 409


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "kind", ["user", "project", "role", "domain", "group", "service", "endpoint", "region", "policy"]
)
def test_an_unknown_account_is_not_found(client: Client, kind: str, method: str) -> None:
    body = {kind: {"name": "x"}} if method == "PATCH" else None
    body = {"endpoint": {"url": "http://x"}} if kind == "endpoint" and body else body
    body = {kind: {"description": "x"}} if kind in ("region", "policy") and body else body
    kinds = kind.removesuffix("y") + "ies" if kind == "policy" else f"{kind}s"
    reply = client.send(method, f"/{kinds}/demo", client.admin, body)
    message = f"Could not find {kind}: demo."
    assert (reply.status_code, reply.json()) == (
        404,
        {"error": {"code": 404, "message": message, "title": "Not Found"}},
    )


def test_a_role_that_is_not_there_cannot_be_taken(client: Client) -> None:
    ids = client.projects["demo"], client.find("users", "demo"), client.find("roles", "admin")
    reply = client.send("DELETE", "/projects/{}/users/{}/roles/{}".format(*ids), client.admin)
    assert reply.status_code == 404
    assert reply.json()["error"]["message"] == (
        f"Could not find role assignment with role: {ids[2]}, user or group: {ids[1]}, "
        f"project, domain, or system: {ids[0]}."
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"user": None},
        {"user": []},
        {"user": {"password": "x"}},
        {"user": {"name": "", "password": "x"}},
        {"user": {"name": "x" * 256, "password": "x"}},
        {"user": {"name": 5, "password": "x"}},
        {"user": {"name": "new", "password": 5}},
        {"user": {"name": "new", "password": "x", "enabled": "maybe"}},
        {"user": {"name": "new", "password": "x", "domain_id": "no domain"}},
        {"user": {"name": "new", "password": "x", "options": {"shoe_size": 44}}},
        {"user": {"name": "new", "password": "x", "default_project_id": "default"}},
        {"user": {"name": "new", "password": "x"}, "more": 1},
    ],
)
def test_a_user_that_does_not_fit_is_a_bad_request(client: Client, body: Any) -> None:
    reply = client.send("POST", "/users", client.admin, body)
    assert (reply.status_code, reply.json()["error"]["title"]) == (400, "Bad Request")
    assert client.send("GET", "/users?name=new", client.admin).json()["users"] == []


def test_an_attribute_of_the_clients_own_is_kept_and_changes_no_other(client: Client) -> None:
    values = {"name": "own", "password": "x", "shoe_size": 44, "id": "chosen", "password_hash": "$scrypt$16$x$x"}
    made = client.send("POST", "/users", client.admin, {"user": values}).json()["user"]
    assert (made["shoe_size"], made["id"] == "chosen") == (44, False)
    assert client.login("own", "x", project=None).status_code == 201
    path = f"/users/{made['id']}"
    for body, message in (({"id": "other"}, "Cannot change ID"), ({"domain_id": "other"}, "Cannot change Domain ID")):
        reply = client.send("PATCH", path, client.admin, {"user": body})
        assert (reply.status_code, reply.json()["error"]["message"]) == (400, message)
    changed = client.send("PATCH", path, client.admin, {"user": {"shoe_size": 45}}).json()["user"]
    assert (changed["shoe_size"], changed["extra"]["shoe_size"]) == (45, 45)


@pytest.mark.parametrize(
    ("method", "path", "code", "text"),
    [
        ("PUT", "/auth/tokens", 405, '{"message": "The method is not allowed for the requested URL."}'),
        ("PUT", "/users", 405, '{"message": "The method is not allowed for the requested URL."}'),
        ("POST", "/role_assignments", 405, '{"message": "The method is not allowed for the requested URL."}'),
        ("GET", "/nosuch", 404, "<p>The requested URL was not found on the server. If you entered the URL manually"),
        ("GET", "/no/such/path", 404, "<title>404 Not Found</title>"),
        ("GET", "identity/v2.0", 404, "<title>404 Not Found</title>"),
    ],
)
def test_another_method_and_another_path(client: Client, method: str, path: str, code: int, text: str) -> None:
    reply = client.send(method, path, client.admin, {} if method != "GET" else None)
    assert reply.status_code == code
    assert text in reply.text
    assert ("Allow" in reply.headers) == (code == 405)


def test_a_body_that_is_too_large_is_refused(client: Client) -> None:
    reply = client.send("POST", "/auth/tokens", data='{"auth": "' + "x" * 200_000 + '"}')
    assert (reply.status_code, reply.json()["error"]["code"]) == (413, 413)


# --- passwords ------------------------------------------------------------------------------------------------------


def test_a_password_is_kept_only_as_a_salted_hash() -> None:
    database = open_database("keystone", Config()).create(models.Base)
    handle = database.handle("keystone")
    bootstrap(handle, Ids(7), Config(), {"one": "correct horse", "two": "correct horse"})
    with handle.session() as session:
        hashes = list(session.scalars(select(models.User.password_hash)))
    assert len(set(hashes)) == 2
    for stored in hashes:
        _, kind, cost, salt, digest = stored.split("$")
        assert (kind, int(cost) >= 2**12) == ("scrypt", True)
        assert len(base64.b64decode(salt)) == 16
        assert len(base64.b64decode(digest)) >= 32
    with handle.engine.connect() as connection:
        dump = str([connection.execute(select(table)).all() for table in models.Base.metadata.sorted_tables])
    assert "correct horse" not in dump
    user = {"name": "one", "domain": {"name": "Default"}, "password": "correct horse"}
    assert Identity(handle, 2**12).authenticate(user).password_hash in hashes


@pytest.mark.parametrize(
    ("kind", "cost", "digest"),
    [  # the first 32 bytes of RFC 7914's vector, section 11
        ("pbkdf2-sha256", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
        ("scrypt", 1024, None),
    ],
)
def test_both_ways_to_hash_a_password(kind: str, cost: int, digest: str | None) -> None:
    stored = hash_password("passwd", b"salt", cost, kind)
    assert digest is None or base64.b64decode(stored.rpartition("$")[2]).hex() == digest
    assert check_password("passwd", stored)
    assert not check_password("Passwd", stored)


def test_no_reply_and_no_event_tells_a_password_or_a_hash() -> None:
    cloud = Cloud(seed=3, config=CONFIG)
    client = Client(cloud)
    secret = "unlikely-9e1b"
    admin = client.admin
    made = client.send("POST", "/users", admin, {"user": {"name": "kim", "password": secret}})
    user = made.json()["user"]["id"]
    path = f"/users/{user}"
    replies = [
        made,
        client.send("GET", path, admin),
        client.send("GET", "/users", admin),
        client.send("PATCH", path, admin, {"user": {"password": f"{secret}2"}}),
        client.login("kim", f"{secret}2", project=None),
        client.login("kim", secret, project=None),
        client.send("POST", "/users", admin, {"user": {"name": "kim", "password": secret}}),
    ]
    assert [r.status_code for r in replies] == [201, 200, 200, 200, 201, 401, 409]
    text = "".join(r.text for r in replies) + "".join(repr(event) for event in cloud.trace)
    assert secret not in text
    assert "scrypt" not in text


@pytest.mark.parametrize(
    "user",
    [
        {"name": "", "password": "unlikely-9e1b", "x": 1},
        {"password": "unlikely-9e1b"},
        {"password": ["unlikely-9e1b"]},
    ],
)
def test_an_error_message_does_not_repeat_the_password(client: Client, user: Any) -> None:
    for path, body in (
        ("/users", {"user": user}),
        ("/auth/tokens", {"auth": {"identity": {"methods": ["password"], "password": {"user": user, "x": user}}}}),
        ("/auth/tokens", {"auth": {"identity": {"methods": 5, "password": {"user": user}}}}),
    ):
        reply = client.send("POST", path, client.admin, body)
        assert reply.status_code in (400, 401), reply.text
        assert "unlikely" not in reply.text


def test_a_user_changes_its_own_password_with_the_old_one(client: Client) -> None:
    user = client.user("pat", "member", password="old")
    path = f"/users/{user}/password"
    wrong = client.send("POST", path, body={"user": {"original_password": "x", "password": "new"}})
    assert (wrong.status_code, wrong.json()) == (401, UNAUTHORIZED)
    changed = client.send("POST", path, body={"user": {"original_password": "old", "password": "new"}})
    assert changed.status_code == 204
    assert client.login("pat", "old").status_code == 401
    assert client.login("pat", "new").status_code == 201


def test_a_locked_password_stays(client: Client) -> None:
    user = client.user("lois", "member", password="old")
    client.send("PATCH", f"/users/{user}", client.admin, {"user": {"options": {"lock_password": True}}})
    body = {"user": {"original_password": "old", "password": "new"}}
    reply = client.send("POST", f"/users/{user}/password", body=body)
    assert (reply.status_code, reply.json()["error"]["message"][:42]) == (
        400,
        "You cannot change your password at this ti",
    )
    assert client.login("lois", "old").status_code == 201


@pytest.mark.parametrize("values", [
    {"federated": [{"idp_id": "i", "protocols": [{"protocol_id": "p", "unique_id": "u"}]}]},
    {"options": {"multi_factor_auth_enabled": True}},
    {"options": {"multi_factor_auth_rules": [["password", "totp"]]}},
])  # fmt: skip
def test_what_would_guard_a_user_and_is_not_there_is_refused(client: Client, values: dict[str, Any]) -> None:
    reply = client.send("POST", "/users", client.admin, {"user": {"name": "eve"} | values})
    assert (reply.status_code, "is left out of this cloud" in reply.text) == (400, True)


def test_a_domain_may_bring_its_id(client: Client) -> None:
    for id, status in (("0" * 32, 201), ("0" * 32, 409), ("short", 400)):
        domain = {"name": f"with {id} {status}", "explicit_domain_id": id}
        reply = client.send("POST", "/domains", client.admin, {"domain": domain})
        assert reply.status_code == status, reply.text
        assert "explicit_domain_id" not in reply.text
    assert client.send("GET", f"/domains/{'0' * 32}", client.admin).status_code == 200


def test_a_query_for_what_no_user_has_finds_none(client: Client) -> None:
    for query in ("unique_id=x", "idp_id=x", "protocol_id=x", "password_expires_at=lt:2100-01-01T00:00:00Z"):
        assert client.send("GET", f"/users?{query}", client.admin).json()["users"] == []
    assert client.send("GET", "/regions?zzz=1", client.admin).status_code == 400


# --- the core alone -------------------------------------------------------------------------------------------------


def test_the_core_alone_issues_and_validates_tokens_and_keeps_no_accounts() -> None:
    core = Cloud(seed=5, trace=False, config=replace(CONFIG, hosts=0), extensions=False)
    session, root = core.connect("admin").session, core.config.endpoint("identity/v3")
    token = session.get_token()
    checked = session.get(f"{root}/auth/tokens", headers={"X-Subject-Token": token}).json()["token"]
    assert checked["user"]["name"] == "admin"
    assert [session.get(f"{root}/{path}", raise_exc=False).status_code for path in ("users", "auth/catalog")] == [
        404
    ] * 2
    body = {"auth": {"identity": {"methods": ["token"], "token": {"id": token}}}}
    assert session.post(f"{root}/auth/tokens", json=body, authenticated=False, raise_exc=False).status_code == 401


def test_a_claim_that_nobody_understands_opens_nothing() -> None:
    handle = open_database("keystone", Config()).create(models.Base).handle("keystone")
    bootstrap(handle, Ids(7), Config(), {"admin": "secret"})
    tokens = Provider(handle, Ids(8), SteppedClock(), 60)
    user = Identity(handle, 16).named({"name": "admin", "domain": {"id": "default"}})
    assert user is not None
    where = Scope("project", project_id(handle, "admin"))
    assert tokens.issue(Proof(user.id), where)[1]["project"]["name"] == "admin"
    with pytest.raises(Unauthorized):
        tokens.issue(Proof(user.id, claims={"openstack_app_cred_id": "x"}), where)
    with pytest.raises(Unauthorized):
        tokens.issue(Proof(user.id), Scope("system"))


class Late(Handle):
    """A handle of a process that has looked for the key before another wrote it."""

    looks = 0

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The first sees no key, as long as it only looks."""
        with super().session() as session:
            self.looks += 1
            if self.looks == 1:
                session.get = lambda *args, **options: None  # type: ignore[method-assign]
            yield session


def test_two_keystones_that_start_at_once_sign_with_one_key() -> None:
    database = open_database("keystone", Config()).create(models.Base)
    handle, late = database.handle("keystone"), Late("keystone", "keystone-db", database.engine)
    bootstrap(handle, Ids(7), Config(), {"demo": "secret"})
    one, two = Provider(handle, Ids(1), SteppedClock(), 60), Provider(late, Ids(2), SteppedClock(), 60)
    user = Identity(handle, 16).named({"name": "demo", "domain": {"id": "default"}})
    assert user is not None
    token, info = one.issue(Proof(user.id), Scope("project", project_id(handle, "demo")))
    assert (two.validate(token), late.looks) == (info, 2)
