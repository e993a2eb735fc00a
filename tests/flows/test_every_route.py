"""Whatever is sent to any route of any API, the answer is no 500, and an error says what was wrong."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from keystoneauth1.session import Session

from oslearn import Cloud
from oslearn.cloud import Connection
from oslearn.config import Config

CLOUD = Cloud(Config(password_hash_cost=16), seed=11, trace=False)
ROUTES = [
    (mount, method, template)
    for mount, app in CLOUD.router.apps().items()
    for method, template, _ in app.routes
    if (mount, method, template) != ("identity", "DELETE", "/v3/auth/tokens")
]
UNKNOWN = "3d1f2a5b-0000-4000-8000-000000000000"
IDS = (UNKNOWN, "0", "x" * 300, "%C3%BC%2F..", "-1", "null")
DEEP = b'{"a":' * 500 + b"1" + b"}" * 500
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
    DEEP,
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
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


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
    for query in ("limit=x&marker=y", "limit=-1", "limit=99999999999999999999", "sort_key=%00&sort_dir=up",
                  "fields=a&fields=b", "name=%FF%FE", "a=1&a=2", "marker=" + UNKNOWN, "sort=:,"):  # fmt: skip
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
], ids=str)  # fmt: skip
def test_no_header_breaks_an_api(admin: Connection, headers: dict[str, str]) -> None:
    for mount, template in LISTS:
        check(send(admin.session, mount, "GET", template, headers=headers), "GET")
