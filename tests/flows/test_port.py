"""The port: what it says where no API is, whom it refuses, and how many it serves at once."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from waitress.channel import HTTPChannel

from oslearn.core.keystone import auth
from oslearn.core.keystone.models import User
from oslearn.extensions.nova.api import keypairs
from oslearn.port.server import Server
from oslearn.trace.profiler import Event

IDLE = 1000
KEY = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture(scope="module")
def server() -> Server:
    """A server on a free port, answering from a thread."""
    server = Server(hosts=["Cloud.example"])
    threading.Thread(target=server.run, daemon=True).start()  # ends with the tests
    return server


def get(server: Server, path: str = "/", **headers: str) -> requests.Response:
    return requests.get(
        server.url + path, headers={name.replace("_", "-"): v for name, v in headers.items()}, timeout=30
    )


def raw(server: Server, text: str) -> socket.socket:
    """A connection that has sent these bytes."""
    made = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=30)
    made.sendall(text.encode())
    return made


def test_a_browser_sees_what_answers_where(server: Server) -> None:
    page = requests.get(server.url, headers=BROWSER, timeout=10)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    for words in ("openstack image list", "/compute/v2.1", f"{server.url}/identity/v3"):
        assert words in page.text
    for path in {line.partition('"')[0] for line in page.text.split('href="')[1:]}:
        assert get(server, path).status_code in (200, 300, 401), path
    assert not [word for word in server.cloud.passwords.values() if word in page.text]


def test_a_client_that_asks_at_the_root_is_led_to_keystone(server: Server) -> None:
    from keystoneauth1.identity import generic
    from keystoneauth1.session import Session

    shown = get(server)
    assert shown.status_code == 300
    assert shown.json()["apis"]["compute"] == f"{server.url}/compute/v2.1"
    user = {"username": "demo", "password": server.cloud.passwords["demo"], "project_name": "demo"}
    login = generic.Password(f"{server.url}/", **user, user_domain_name="Default", project_domain_name="Default")
    assert Session(login).get_token()


@pytest.mark.parametrize("path", ["/v3", "/v3/auth/tokens", "/v2.1/servers", "/nothing", "/trac", "//", "/%ff"])
def test_a_path_of_no_api_names_the_one_to_use(server: Server, path: str) -> None:
    said = get(server, path)
    if path != "//":
        assert said.status_code == 404
        assert f"{server.url}/identity/v3" in said.json()["error"]["message"]
    assert "Connection refused" not in said.text


GOOD = (
    "127.0.0.1",
    "localhost:8774",
    "LOCALHOST",
    "[::1]:80",
    "127.1.2.3",
    "cloud.example",
    "Cloud.Example:1",
    "localhost.",
)
BAD = ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "192.0.2.1", "", "a,localhost", "[::2]", "0")


@pytest.mark.parametrize(("host", "status"), [*((h, 200) for h in GOOD), *((h, 403) for h in BAD)])
@pytest.mark.parametrize("path", ["/identity/v3", "/trace", "/"])
def test_a_host_that_is_not_this_machine_is_refused(server: Server, path: str, host: str, status: int) -> None:
    with raw(server, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n") as sent:
        told = sent.makefile("rb").read().decode()
    refused = told.split()[1] == "403"
    assert refused == (status == 403), told
    if refused:
        assert "--allowed-host" in told


@pytest.mark.parametrize("ask", [
    "GET /identity/v3 HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
    "POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\n"
    "Content-Length: 2\r\n\r\n{}",
    "POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\n"
    "Content-Length: 0\r\n\r\n",
])  # fmt: skip
def test_who_has_sent_all_and_asks_to_go_on_is_answered(server: Server, ask: str) -> None:
    with raw(server, ask) as sent:
        told = sent.makefile("rb").read()
    assert [line.split()[1] for line in told.splitlines() if line.startswith(b"HTTP/1.1")][-1] in (b"200", b"400")


def test_who_waits_with_the_body_is_told_to_send_it(server: Server) -> None:
    head = "POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nConnection: close\r\n"
    with raw(server, head + "Content-Length: 2\r\n\r\n") as sent:
        file = sent.makefile("rb")
        assert file.readline() == b"HTTP/1.1 100 Continue\r\n"
        sent.sendall(b"{}")
        assert b"HTTP/1.1 400" in file.read()


@pytest.mark.parametrize("half", ["", "GET /identity/v3 HTTP/1.1\r\nHost: loc"])
def test_idle_and_half_open_connections_keep_nobody_waiting(server: Server, half: str) -> None:
    held = [raw(server, half) for _ in range(IDLE)]
    try:
        before = threading.active_count()
        assert get(server, "/identity/v3").status_code == 200
        assert len([c for c in server._server.active_channels.values() if isinstance(c, HTTPChannel)]) >= IDLE
        assert threading.active_count() == before
    finally:
        for connection in held:
            connection.close()


def login(server: Server, user: str, secret: str) -> requests.Response:
    named = {"name": user, "domain": {"id": "default"}, "password": secret}
    auth = {"identity": {"methods": ["password"], "password": {"user": named}}}
    return requests.post(f"{server.url}/identity/v3/auth/tokens", json={"auth": auth}, timeout=60)


def lent(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A table of functions, to which a test may add one of its own."""
    known = dict(table)
    yield table
    table.clear()
    table.update(known)


@pytest.fixture
def hashers() -> Iterator[dict[str, Any]]:
    yield from lent(auth.HASHERS)


@pytest.fixture
def makers() -> Iterator[dict[str, Any]]:
    """Of key pairs."""
    yield from lent(keypairs.MAKERS)


def user(server: Server, name: str, hashed: str) -> str:
    """A new user with that hash; returns the id."""
    users = server.cloud.connect("admin").identity
    made = {"name": name, "domain_id": "default", "password": "old"}
    id = str(users.post("/users", json={"user": made}).json()["user"]["id"])
    with server.cloud.databases["keystone"].handle("test").session() as session:
        session.get_one(User, id).password_hash = hashed
    return id


def test_others_are_answered_while_passwords_are_hashed(server: Server, hashers: dict[str, Any]) -> None:
    begun, end, statuses = threading.Semaphore(0), threading.Event(), []

    def slow(*given: Any) -> bytes:
        begun.release()
        assert end.wait(30)
        return b"no"

    hashers["slow"] = slow
    user(server, "slow", "$slow$1$$")

    def enter() -> None:
        statuses.append(login(server, "slow", "x").status_code)

    logins = [threading.Thread(target=enter) for _ in range(20)]
    for one in logins:
        one.start()
    assert begun.acquire(timeout=30)
    assert get(server, "/identity/v3").status_code == 200
    assert get(server, "/image/v2/images").status_code == 401
    assert statuses == []
    end.set()
    for one in logins:
        one.join(30)
    assert statuses == [401] * 20


def test_others_are_answered_while_a_key_is_made_and_the_quota_holds(server: Server, makers: dict[str, Any]) -> None:
    begun, end, statuses = threading.Semaphore(0), threading.Event(), []

    def slow(*given: Any) -> tuple[str, str]:
        begun.release()
        assert end.wait(30)
        return "private", f"ssh-ed25519 {base64.b64encode(KEY).decode()}"

    makers["ssh"] = slow
    demo, admin = server.cloud.connect("demo"), server.cloud.connect("admin")
    token, quota = demo.compute.get_token(), f"/os-quota-sets/{demo.compute.get_project_id()}"
    admin.compute.put(quota, json={"quota_set": {"key_pairs": 3}})

    def make(name: str) -> None:
        url, asked = f"{server.url}/compute/v2.1/os-keypairs", {"keypair": {"name": name}}
        reply = requests.post(url, json=asked, headers={"X-Auth-Token": token}, timeout=60)
        statuses.append(reply.status_code)

    users = [threading.Thread(target=make, args=(f"key{n}",)) for n in range(8)]
    for one in users:
        one.start()
    assert begun.acquire(timeout=30)
    assert get(server, "/compute/v2.1/servers", X_Auth_Token=token).status_code == 200
    assert statuses == []
    end.set()
    for one in users:
        one.join(30)
    assert sorted(statuses) == [200] * 3 + [403] * 5


def test_a_password_that_changed_while_it_was_checked_lets_nobody_in(server: Server, hashers: dict[str, Any]) -> None:
    users, once, new = server.cloud.connect("admin").identity, [True], {"user": {"password": "new"}}

    def hasher(*given: Any) -> bytes:
        once.clear()
        change = threading.Thread(target=users.patch, args=(f"/users/{id}",), kwargs={"json": new})
        change.start()
        change.join(30)
        return b"right"

    hashers["hasty"] = hasher
    id = user(server, "hasty", "$hasty$1$$" + base64.b64encode(b"right").decode())
    assert login(server, "hasty", "old").status_code == 401
    assert once == []
    assert login(server, "hasty", "new").status_code == 201


def test_to_check_nobodys_password_takes_what_a_users_takes(server: Server, hashers: dict[str, Any]) -> None:
    """The same hasher, with the same costs, as often."""
    asked: list[tuple[str, int]] = []
    known = hashers[auth.DEFAULT]
    hashers[auth.DEFAULT] = lambda secret, salt, cost: (
        asked.append((secret.decode(), cost)) or known(secret, salt, cost)
    )
    for name in ("demo", "nobody"):
        assert login(server, name, "x").status_code == 401
    assert len(asked) == 2
    assert asked[0] == asked[1]


class Stream:
    """A body that is read piece by piece."""

    def __init__(self, lock_is_free: Any) -> None:
        self.lock_is_free, self.read, self.closed = lock_is_free, [], False

    def __iter__(self) -> Iterator[bytes]:
        for piece in (b"one", b"two"):
            self.read.append(self.lock_is_free())
            yield piece

    def close(self) -> None:
        self.closed = True


def test_a_stream_is_read_outside_the_turn_and_closed(server: Server) -> None:
    body = Stream(lambda: not server._turn._lock.locked())

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return body

    server.cloud.mount("streams", "streaming", app)  # type: ignore[arg-type]
    assert get(server, "/streams/x").text == "onetwo"
    assert get(server, "/identity/v3").status_code == 200
    assert (body.read, body.closed) == ([True, True], True)
    event: Event = next(e for e in reversed(server.cloud.trace) if e.source == "streaming")
    assert event.payload["body"] == "(stream)"


def test_a_line_for_each_request_tells_no_secret(capfd: pytest.CaptureFixture[str]) -> None:
    server = Server(verbose=True, empty=True)
    threading.Thread(target=server.run, daemon=True).start()
    token = login(server, "demo", server.cloud.passwords["demo"]).headers["X-Subject-Token"]
    get(server, f"/image/v2/images?limit=2&name={token}", X_Auth_Token=token)
    get(server, "/compute/v2.1/os-console-auth-tokens/5e5e5e", X_Auth_Token=token)
    get(server, "/nothing%0aPOST%1b[0m")
    get(server, "/identity/v3", Host="evil.example")
    lines = capfd.readouterr().err.splitlines()
    shown = [[*line.split()[:3], *line.split()[5:]] for line in lines]
    assert shown == [
        ["POST", "/identity/v3/auth/tokens", "201", "ms", "demo"],
        ["GET", "/image/v2/images?limit&name", "403", "ms", "demo"],
        ["GET", "/compute/v2.1/os-console-auth-tokens/***", "404", "ms", "demo"],
        ["GET", "/nothing%0APOST%1B%5B0m", "404", "ms", "-"],
        ["GET", "/identity/v3", "403", "ms", "-"],
    ]
    assert not [secret for secret in (token, *server.cloud.passwords.values()) if secret in json.dumps(lines)]


@pytest.mark.parametrize("header", ["X-A:" + " " * 200_000 + "b", "X-A:" + "\r\n \t" * 50_000 + "b"])
def test_blanks_before_a_value_hold_nobody_up(server: Server, header: str) -> None:
    with raw(server, f"GET /compute/ HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\nConnection: close\r\n\r\n") as asked:
        assert b" 200 OK\r\n" in asked.recv(1 << 16)


def test_a_slow_reader_of_the_largest_object_keeps_no_thread(server: Server) -> None:
    largest = get(server, "/object-store/info").json()["swift"]["max_file_size"]
    assert server._server.adj.outbuf_high_watermark > largest
    assert server._server.adj.outbuf_overflow < 1 << 21, "what waits, waits in a file"


def test_what_stands_in_a_value_stays(server: Server) -> None:
    parser = server._server.channel_class.parser_class(server._server.adj)
    parser.received(b"GET / HTTP/1.1\r\nHost: \t a\r\nX-A:\r\n b  c: d \r\nX-B:\r\n\r\n")
    assert parser.headers == {"HOST": "a", "X_A": "b  c: d", "X_B": ""}
