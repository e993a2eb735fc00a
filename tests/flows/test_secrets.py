"""A secret of each sort goes through the cloud; it stands in no event of the trace, no line of the log, no file and no
answer but the one that hands it over.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from oslearn.cloud import Cloud, Connection
from oslearn.core.config import Config
from oslearn.course.drawing.sequence import trace_dot
from oslearn.course.reference import Lab
from oslearn.port.clouds import folder_cloud
from oslearn.port.door import door
from oslearn.trace import text
from oslearn.trace.masking import hide, redact, secret

STORED = {"user_data", "temp_url_key"}
"""What a service keeps, because a guest or a signature needs it later."""
BODYLESS = {"authenticated": False}


@dataclass
class Spy:
    """A cloud that keeps everything in a folder, and everything that it said."""

    folder: Path
    cloud: Cloud
    secrets: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[str, str]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    handed: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.lab = Lab.prepare(self.cloud)
        self.demo, self.admin = self.cloud.connect("demo"), self.cloud.connect("admin")

    def new(self, sort: str) -> str:
        """A secret of that sort; nobody would guess it."""
        self.secrets[sort] = f"s3cr3t-of-{sort.replace('_', '-')}-{len(self.secrets)}"
        return self.secrets[sort]

    def ask(self, user: Connection, where: str, body: Any = None, hands: str = "", **options: Any) -> Any:
        """Ask, and keep the answer; `hands` is the sort of secret that this very answer hands over."""
        method, path = where.split()
        reply = user.session.request(
            f"{self.cloud.config.base_url}/{path}", method, json=body, raise_exc=False, **options
        )
        self.answers.append((hands, f"{method} {path[:30]} {reply.status_code} {dict(reply.headers)} {reply.text}"))
        return reply

    def door(self, method: str, path: str, data: bytes = b"", query: str = "", **headers: str) -> None:
        """Ask as a client in another process does."""
        request = requests.Request(method, f"{self.cloud.config.base_url}/{path}?{query}", data=data, headers=headers)
        from oslearn.core.oslo.adapter import environ

        def start(status: str, _: Any, __: Any = None) -> None:
            self.answers.append(("", f"{method} {path} {status}"))

        self.answers.append(("", str(b"".join(door(self.cloud)(environ(request.prepare(), "", f"/{path}"), start)))))
        self.cloud.bus.drain()


@pytest.fixture(scope="module")
def spy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spy]:
    """The cloud after all of it."""
    folder = tmp_path_factory.mktemp("data")
    log: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            log.append(self.format(record))

    handler = Keep(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    wanted = {"": logging.DEBUG, "oslearn": logging.DEBUG, "keystoneauth": logging.INFO}  # whose DEBUG is a client's
    levels = {name: logging.getLogger(name).level for name in wanted}
    for name, level in wanted.items():
        logging.getLogger(name).setLevel(level)
    cloud = folder_cloud(folder, Config(password_hash_cost=16), empty=True)
    spy = Spy(folder, cloud, log=log)
    for act in (identity, compute, volume, objects, database, nonsense):
        act(spy)
    yield spy
    logging.getLogger().removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def identity(spy: Spy) -> None:
    """Passwords that are made, changed, wrong, and secrets of application credentials."""
    first, second, third = (spy.new(f"password_{n}") for n in range(3))
    user = {"name": "eve", "password": first, "default_project_id": spy.demo.project_id}
    id = spy.ask(spy.admin, "POST identity/v3/users", {"user": user}).json()["user"]["id"]
    spy.ask(spy.admin, f"PATCH identity/v3/users/{id}", {"user": {"password": second}})
    change = {"user": {"original_password": second, "password": third}}
    spy.ask(spy.demo, f"POST identity/v3/users/{id}/password", change, **BODYLESS)
    spy.ask(spy.admin, f"PATCH identity/v3/users/{id}", {"user": {"password": [spy.new("password_in_a_list")]}})
    for name, wrong in (("eve", "wrong_password"), ("nobody", "wrong_name"), ({"a": 1}, "odd_name")):
        login = {"user": {"name": name, "domain": {"id": "default"}, "password": spy.new(wrong)}}
        body = {"auth": {"identity": {"methods": ["password"], "password": login}}}
        spy.ask(spy.demo, "POST identity/v3/auth/tokens", body, **BODYLESS)
    mine = spy.demo.session.get_user_id()
    path = f"POST identity/v3/users/{mine}/application_credentials"
    given = {"application_credential": {"name": "given", "secret": spy.new("credential_secret")}}
    spy.ask(spy.demo, path, given, hands="credential_secret")
    made = spy.ask(spy.demo, path, {"application_credential": {"name": "made"}}, hands="made_secret").json()
    spy.secrets["made_secret"] = made["application_credential"]["secret"]
    login = {"id": made["application_credential"]["id"], "secret": spy.new("wrong_credential")}
    body = {"auth": {"identity": {"methods": ["application_credential"], "application_credential": login}}}
    spy.ask(spy.demo, "POST identity/v3/auth/tokens", body, **BODYLESS)
    token = spy.secrets["token"] = str(spy.demo.session.get_token())
    spy.ask(spy.admin, "GET identity/v3/auth/tokens", hands="token", headers={"X-Subject-Token": token})
    login = {"identity": {"methods": ["token"], "token": {"id": token}}}
    spy.ask(spy.demo, "POST identity/v3/auth/tokens", {"auth": login}, **BODYLESS)


def compute(spy: Spy) -> None:
    """Servers with everything confidential that they can be given."""
    old = {"OpenStack-API-Version": "compute 2.1"}
    user_data = spy.secrets["user_data"] = base64.b64encode(b"#!/bin/sh\necho s3cr3t-user-data").decode()
    contents = spy.secrets["personality"] = base64.b64encode(b"s3cr3t of a file in the guest").decode()
    server = {"name": "vm", "imageRef": spy.lab.image_id, "flavorRef": "1", "networks": [{"uuid": spy.lab.network_id}]}
    more = {"adminPass": spy.new("admin_pass"), "user_data": user_data,
            "personality": [{"path": "/etc/motd", "contents": contents}]}  # fmt: skip
    path = "POST compute/v2.1/servers"
    id = spy.ask(spy.demo, path, {"server": server | more}, "admin_pass", headers=old).json()["server"]["id"]
    made = spy.ask(spy.demo, path, {"server": server}, "made_pass").json()["server"]
    spy.secrets["made_pass"] = made["adminPass"]
    action = f"{path}/{id}/action"
    spy.ask(spy.demo, action, {"changePassword": {"adminPass": spy.new("new_pass")}})
    spy.ask(spy.demo, action, {"rescue": {"adminPass": spy.new("rescue_pass")}}, "rescue_pass")
    spy.ask(spy.demo, action, {"unrescue": None})
    rebuild = {"imageRef": spy.lab.image_id, "adminPass": spy.new("rebuild_pass")}
    spy.ask(spy.demo, action, {"rebuild": rebuild}, "rebuild_pass")
    spy.ask(spy.demo, action, {"changePassword": {"adminPass": {"nested": spy.new("odd_pass")}}})
    console = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    found = spy.ask(spy.demo, f"{path}/{id}/remote-consoles", console, "console",
                    headers={"OpenStack-API-Version": "compute 2.6"}).json()  # fmt: skip
    spy.secrets["console"] = found["remote_console"]["url"].rpartition("%3D")[2]
    spy.ask(spy.admin, f"GET compute/v2.1/os-console-auth-tokens/{spy.secrets['console']}",
            headers={"OpenStack-API-Version": "compute 2.31"})  # fmt: skip
    pair = spy.ask(spy.demo, "POST compute/v2.1/os-keypairs", {"keypair": {"name": "k"}}, "private_key", headers=old)
    spy.secrets["private_key"] = pair.json()["keypair"]["private_key"].splitlines()[3]


def volume(spy: Spy) -> None:
    """A transfer, whose key is shown once."""
    path = f"POST volume/v3/{spy.demo.project_id}/os-volume-transfer"
    body = {"transfer": {"volume_id": spy.lab.volume_id, "name": "t"}}
    made = spy.ask(spy.demo, path, body, "auth_key").json()["transfer"]
    spy.secrets["auth_key"] = made["auth_key"]
    accept = {"accept": {"auth_key": spy.new("wrong_auth_key")}}
    spy.ask(spy.demo, f"{path}/{made['id']}/accept", accept)


def objects(spy: Spy) -> None:
    """Keys for temporary addresses, and an object's content."""
    account = f"object-store/v1/AUTH_{spy.demo.project_id}"
    spy.ask(spy.demo, f"PUT {account}/c")
    for header, path in (("X-Account-Meta-Temp-URL-Key", account), ("X-Container-Meta-Temp-URL-Key", f"{account}/c")):
        key = spy.secrets.get("temp_url_key") or spy.new("temp_url_key")
        spy.ask(spy.demo, f"POST {path}", headers={header: key})
    sig = spy.new("temp_url_sig")
    spy.ask(spy.demo, f"GET {account}/c/o?temp_url_sig={sig}&temp_url_expires=9999999999", **BODYLESS)
    content = spy.new("object").encode()
    spy.demo.session.put(f"{spy.cloud.config.base_url}/{account}/c/o", data=content)
    spy.ask(spy.demo, f"GET {account}/c/o", hands="object")


def database(spy: Spy) -> None:
    """A database's user."""
    user = {"name": "u", "password": spy.new("database_password")}
    wanted = {"name": "db", "flavorRef": "1", "volume": {"size": 1}, "users": [user],
              "nics": [{"network_id": spy.lab.network_id}]}  # fmt: skip
    path = f"POST database/v1.0/{spy.demo.project_id}/instances"
    id = spy.ask(spy.demo, path, {"instance": wanted}).json()["instance"]["id"]
    for _ in range(5):
        spy.ask(spy.demo, f"GET database/v1.0/{spy.demo.project_id}/instances")
    users = {"users": [{"name": "v", "password": spy.new("second_database_password")}]}
    spy.ask(spy.demo, f"{path}/{id}/users", users)


BROKEN = (
    b'{"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "x", "password": "%s"}}',
    b'{"auth": {"identity": {"methods": ["password"], "password": {"user": {"password": "%s',
    b"{'auth': {'password': '%s'}}",
    b"username=demo&password=%s",
    b"<auth><password>%s</password></auth>",
    b"%s",
    b'"%s"',
    b'{"auth": {"passwordCredentials": {"username": "demo", "password": "%s"}}}',
    b'\xff{"password": "%s"}',
)


def nonsense(spy: Spy) -> None:
    """Logins with a slip, and passwords in addresses."""
    kinds = ("application/json", "text/plain", "application/x-www-form-urlencoded")
    for n, body in enumerate(BROKEN):
        data = body.replace(b"%s", spy.new(f"broken_{n}").encode())
        for kind in kinds:
            spy.door("POST", "identity/v3/auth/tokens", data, **{"Content-Type": kind})
            spy.door("POST", "compute/v2.1/servers", data, **{"Content-Type": kind})
    for n, name in enumerate(("password", "token", "X-Auth-Token", "api_key", "client_secret", "adminPass")):
        sought = spy.new(f"query_{n}")
        for path in ("identity/v3/auth/tokens", "compute/v2.1/servers", "identity/v3/users", "nowhere"):
            spy.door("GET", path, query=f"a=b&{name}={sought}")
    spy.door("GET", "compute/v2.1/servers", **{"X-Auth-Token": spy.new("no_token")})
    spy.door("GET", "compute/v2.1/servers", Authorization=f"Basic {spy.new('basic')}")
    spy.door("POST", "identity/v3/auth/tokens", b'{"a":' * 500 + b'{"password": "%s"}' % spy.new("deep").encode())
    spy.door(
        "POST", "identity/v3/auth/tokens", b'{"password": "%s", "x": "%s"}' % (spy.new("long").encode(), b"y" * 200_000)
    )


def found(spy: Spy, where: str, told: str, but: Callable[[str], bool] = lambda sort: False) -> list[str]:
    """The sorts of secrets that stand in a text."""
    return [f"{sort} in {where}" for sort, value in spy.secrets.items() if value in told and not but(sort)]


def test_no_event_shows_a_secret(spy: Spy) -> None:
    told = [f"{event} {json.dumps(event.fields())}" for event in spy.cloud.trace]
    assert len(told) > 1000
    assert sorted({one for event in told for one in found(spy, event.split("  ")[2], event)}) == []
    assert found(spy, "the tree", text.tree(spy.cloud.trace)) == []


def test_no_line_of_the_log_shows_a_secret(spy: Spy) -> None:
    assert spy.log
    assert sorted({one for line in spy.log for one in found(spy, line[:60], line)}) == []


def test_no_file_holds_a_secret(spy: Spy) -> None:
    kept = {path: path.read_bytes() for path in spy.folder.rglob("*") if path.is_file()}
    assert len(kept) > 5
    wrong = [
        f"{sort} in {path.name}"
        for path, data in kept.items()
        for sort, value in spy.secrets.items()
        if value.encode() in data and sort not in STORED | {"object"}
    ]
    assert wrong == []


def test_no_answer_shows_a_secret_but_the_one_that_hands_it_over(spy: Spy) -> None:
    # What was wrong is said back to who sent it, and to nobody else.
    back = ("broken", "query", "odd", "basic", "deep", "long")
    wrong = {
        one
        for hands, answer in spy.answers
        for one in found(spy, answer[:70], answer)
        if not one.startswith((f"{hands} in" if hands else back[0], *STORED, *back))
    }
    assert sorted(wrong) == []


def test_no_later_answer_shows_a_secret(spy: Spy) -> None:
    wrong: set[str] = set()
    for mount, app in spy.cloud.router.apps().items():
        for method, template in ((route.method, route.path) for route in app.routes):
            path = template.replace("{project_id}", spy.demo.project_id).replace(
                "{account}", f"AUTH_{spy.demo.project_id}"
            )
            if method != "GET" or "{" in path:
                continue
            for user in (spy.demo, spy.admin):
                reply = user.session.get(spy.cloud.config.endpoint(mount) + path, raise_exc=False)
                told = f"{dict(reply.headers)} {reply.text}"
                wrong |= set(found(spy, f"{mount} {path}", told, lambda sort: sort in STORED))
    assert sorted(wrong) == []


@pytest.mark.parametrize("name", [
    "password", "adminPass", "admin_password", "new_pass", "rescue_password", "original_password", "password_hash",
    "X-Auth-Token", "X-Subject-Token", "X-Service-Token", "secret", "secret_hash", "auth_key", "private_key", "token",
    "user_data", "X-Account-Meta-Temp-URL-Key-2", "temp_url_sig", "signing_key", "owner_key", "access_token",
    "OS_PASSWORD", "passphrase", "clientSecret", "db_password", "someNewPassword", "authKey", "tokenId",
])  # fmt: skip
def test_a_secret_is_known_by_its_name(name: str) -> None:
    assert secret(name)
    assert "hunter-22" not in str(redact({"a": [{name: "hunter-22"}]}))
    assert "hunter-22" not in str(redact({name: ["hunter-22", {"deep": "x", "id": "hunter-22"}]}))
    assert "hunter-22" not in hide(f'before "{name}": "hunter-22" after')
    assert "hunter-22" not in hide(f"https://a.example/x?a=b&{name}=hunter-22&c=d")


HARMLESS = ("key_name public_key keypair fingerprint password_expires_at passed compass tokens_expire id data signal "
            "design metadata files")  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS.split())
def test_what_only_sounds_so_is_shown(name: str) -> None:
    assert redact({name: "value"}) == {name: "value"}


def test_a_path_does_not_show_what_another_request_gave_away() -> None:
    cloud = Cloud(seed=7)
    admin = cloud.connect("admin")
    admin.identity.get("/users/Zq9secretAlpha77", raise_exc=False)
    admin.identity.post("/users", json={"user": {"name": "eve", "password": "Zq9secretAlpha77"}})
    admin.identity.get("/users/Zq9secretAlpha77", raise_exc=False)
    told = [str(event.fields()) for event in cloud.trace]
    assert sum("GET /v3/users/***" in one for one in told) >= 4
    drawn = trace_dot(cloud.trace)
    assert "Zq9secretAlpha77" not in f"{told} {cloud.trace} {cloud.trace.rows()} {drawn}"
