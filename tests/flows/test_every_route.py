"""Whatever is sent to any route of any API, the answer is no 500, and an error says what was wrong.

The trace is on: what it keeps of nonsense is read after each test.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
from keystoneauth1.session import Session

from oslearn import Cloud
from oslearn.cloud import Connection
from oslearn.core.config import Config
from oslearn.core.oslo.adapter import environ
from oslearn.port.door import door
from oslearn.trace import text
from oslearn.trace.select import select

CLOUD = Cloud(Config(password_hash_cost=16), seed=11)
ROUTES = [
    (mount, method, template)
    for mount, app in CLOUD.router.apps().items()
    for method, template in ((route.method, route.path) for route in app.routes)
    if (mount, method, template) != ("identity", "DELETE", "/v3/auth/tokens")
]
UNKNOWN = "3d1f2a5b-0000-4000-8000-000000000000"
IDS = (UNKNOWN, "0", "x" * 300, "%C3%BC%2F..", "-1", "null")
DEEP = [b'{"a":' * n + b"1" + b"}" * n for n in (20, 60, 500, 3000)]
DIGITS = "9" * 5000
"""More than Python makes a number of."""
BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"{}",
    b'{"%s": null}',
    b'{"%s": []}',
    b'{"%s": {"name": {"a": 1}, "id": -1, "size": "x"}}',
    b"\xff\xfe\x00",
    *DEEP,
    b"[" * 3000 + b"]" * 3000,
    b'{"%s": ' + DEEP[2] + b"}",
    b'{"%s": {"name": "' + b"x" * 100_000 + b'"}}',
    b'{"%s": "\\ud800"}',
    b'{"%s": {"name": "D", "size": "D", "min_count": "D", "id": "D"}}'.replace(b"D", DIGITS.encode()),
    b'{"\\u0000": {"%s": "\\u0000\\u001b[31m"}}',
    b'{"%s": {"name": 1e999, "size": ' + b"9" * 400 + b"}}",
    b'{"%s": NaN}',
    b'{"%s": {"name": "a"}, "%s": {"name": "b"}}',
    b"5",
    b'"x"',
    b'{"%s": [[[]], {"name": []}, "x", 5, null]}',
    b'{"": ""}',
    b'{"%s": {"": "", "id": {"$ne": null}, "name": true}}',
)
LISTS = (
    ("compute", "/v2.1/servers"),
    ("volume", "/v3"),
    ("image", "/v2/images"),
    ("networking", "/v2.0/networks"),
    ("identity", "/v3/users"),
)
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def admin() -> Connection:
    """Who may do everything, so that no request ends at the door."""
    return CLOUD.connect("admin")


@pytest.fixture(autouse=True)
def traced(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever was sent, what the trace kept of it can be read, and stands on lines of its own."""
    caplog.set_level(logging.CRITICAL)
    CLOUD.trace.clear()
    yield
    shown = text.tree(CLOUD.trace)
    assert shown.count("\n") == max(len(CLOUD.trace) - 1, 0)
    assert all(line.isprintable() for line in shown.split("\n"))
    json.dumps([event.fields() for event in CLOUD.trace if event.kind == "http"])
    for what in ("last", "vm1", "req-1"):
        with suppress(KeyError):
            select(CLOUD.trace, what)
    CLOUD.trace.clear()


def filled(template: str, value: str, admin: Connection) -> str:
    """A route's path with `value` for each of its variables; the project is the caller's own."""
    mine = template.replace("{project_id}", admin.project_id) if template.startswith("/v3/{project_id}") else template
    return re.sub(r"{[^}]*}", value, mine)


def send(session: Session, mount: str, method: str, path: str, **options: Any) -> Any:
    return session.request(CLOUD.config.endpoint(mount) + path, method, raise_exc=False, **options)


def check(reply: Any, method: str) -> None:
    assert reply.status_code < 500 or reply.status_code == 501, reply.text
    if reply.status_code >= 400 and method != "HEAD":
        assert reply.text.strip(), "an error without a message"


@pytest.mark.parametrize(("mount", "method", "template"), ROUTES)
def test_no_id_breaks_a_route(admin: Connection, mount: str, method: str, template: str) -> None:
    for value in IDS if "{" in template else ():
        check(send(admin.session, mount, method, filled(template, value, admin)), method)


@pytest.mark.parametrize(("mount", "method", "template"), [r for r in ROUTES if r[1] in ("POST", "PUT", "PATCH")])
def test_no_body_breaks_a_route(admin: Connection, mount: str, method: str, template: str) -> None:
    words = re.findall(r"[a-z_-]+", template)
    key = (words[-1] if words else "x").removesuffix("s").replace("-", "_").encode()
    for body in BODIES:
        data = body.replace(b"%s", key)
        check(send(admin.session, mount, method, filled(template, UNKNOWN, admin), data=data, headers=JSON), method)


@pytest.mark.parametrize(("mount", "method", "template"), [r for r in ROUTES if r[1] == "GET"])
def test_no_query_breaks_a_route(admin: Connection, mount: str, method: str, template: str) -> None:
    for query in ("limit=x&marker=y", "limit=-1", "limit=99999999999999999999&offset=99999999999999999999",
                  "sort_key=%00&sort_dir=up",
                  "fields=a&fields=b", "name=%FF%FE", "a=1&a=2", "marker=" + UNKNOWN, "sort=:,",
                  f"limit={DIGITS}&offset={DIGITS}&revision_number={DIGITS}", "fields=&name=&limit="):  # fmt: skip
        check(send(admin.session, mount, method, filled(template, UNKNOWN, admin) + "?" + query), method)


@pytest.mark.parametrize("headers", [
    {"X-Auth-Token": "x"},
    {"X-Auth-Token": "a.b.c"},
    {"X-Auth-Token": "ü".encode().decode("latin-1")},
    {"X-OpenStack-Nova-API-Version": "9.9"},
    {"OpenStack-API-Version": "compute x"},
    {"OpenStack-API-Version": "volume 99.99"},
    {"Accept": "x/y"},
    {"Content-Length": "-1"},
    {"Content-Type": "text/x; charset=nothing"},
    {"X-Openstack-Request-Id": "x" * 5000},
    {"X-OpenStack-Nova-API-Version": f"2.{DIGITS}"},
    {"OpenStack-API-Version": f"volume {DIGITS}.1"},
    {"Range": f"bytes={DIGITS}-", "If-Match": f"revision_number={DIGITS}", "X-Delete-At": DIGITS},
], ids=str)  # fmt: skip
def test_no_header_breaks_an_api(admin: Connection, headers: dict[str, str]) -> None:
    for mount, template in LISTS:
        check(send(admin.session, mount, "GET", template, headers=headers), "GET")


def at_the_door(method: str, path: str, data: bytes = b"", **changes: Any) -> int:
    """The status that a client in another process gets; `changes` replace what the WSGI server says of its request."""
    asked = environ(requests.Request(method, f"{CLOUD.config.base_url}/x", data=data).prepare(), "", path)
    given = {key: value for key, value in (asked | changes).items() if value is not None}
    started: list[str] = []
    body = door(CLOUD)(given, lambda status, headers, exc_info=None: started.append(status))
    assert b"".join(body) or method == "HEAD" or started[0].startswith("204")
    CLOUD.bus.drain()
    return int(started[0].partition(" ")[0])


ODD: list[dict[str, Any]] = [
    {"CONTENT_LENGTH": "-1"},
    {"CONTENT_LENGTH": "x"},
    {"CONTENT_LENGTH": ""},
    {"CONTENT_LENGTH": None},
    {"CONTENT_LENGTH": "9" * 30},
    {"CONTENT_TYPE": "\x1b]0;X\x07"},
    {"QUERY_STRING": "%1b]0;X%07=%0a&&&==&%"},
    {"QUERY_STRING": "a" * 100_000},
    {"QUERY_STRING": "limit=1;limit=2&\xff"},
    {"HTTP_HOST": "127.0.0.1\r\nX: y"},
    {"HTTP_HOST": None},
    {"HTTP_X_AUTH_TOKEN": "\x00"},
    {"HTTP_X_AUTH_TOKEN": "eyJ.e30.x"},
    {"HTTP_X_AUTH_TOKEN": "x" * 100_000},
    {"HTTP_X_SERVICE_TOKEN": "\u00fc"},
    {"HTTP_ACCEPT": "*/*;q=x, ,;"},
    {"HTTP_ACCEPT_LANGUAGE": "\x1b"},
    {"HTTP_TRANSFER_ENCODING": "chunked"},
    {"HTTP_X_OPENSTACK_REQUEST_ID": "req-\x1b]0;X\x07"},
    {"HTTP_OPENSTACK_API_VERSION": "compute 2.1, compute 9.9, ,"},
    {"HTTP_RANGE": "bytes=9-1,-,x"},
    {"HTTP_IF_MODIFIED_SINCE": "yesterday"},
    {"HTTP_X_OSLEARN_WATCH": "1"},
]
PATHS = ("", "/v3/auth/tokens", "//..", "/\x1b]0;X\x07/\n", "/\xff\xfe", "/" + "x" * 5000, "/%2e%2e/%00")


@pytest.mark.parametrize("mount", [*CLOUD.router.apps(), "trace", "nowhere", ""])
def test_no_odd_request_breaks_the_door(mount: str) -> None:
    for method, data in (("GET", b""), ("POST", b'{"server": 5}'), ("PROPFIND", b"<x/>")):
        for path in PATHS:
            assert at_the_door(method, f"/{mount}{path}", data) < 500
        for changes in ODD:
            assert at_the_door(method, f"/{mount}/v3/auth/tokens", data, **changes) < 500
