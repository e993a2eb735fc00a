"""Nothing is accepted and forgotten: what upstream acts on is acted on, refused, or left out in so many words.

`accepted.toml` has the names of what upstream acts on, by route. A query parameter is acted on if some value of it
changes the answer of a cloud that has one of everything; a field if the service's source reads its name outside of the
tables that say which fields there are. What is neither stands in a module's `Left out:` lines, and so on the page.
"""

from __future__ import annotations

import ast
import logging
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from architecture.sources import SOURCE
from flows.everything import Everything
from oslearn.extensions.oslo import left_out

ROOT = Path(__file__).resolve().parents[2] / "src" / "oslearn"
ACCEPTED: dict[str, dict[str, list[str]]] = tomllib.loads(Path(__file__).with_name("accepted.toml").read_text("utf-8"))
FOLDERS = {"compute": "nova", "identity": "keystone", "volume": "cinder", "networking": "neutron", "image": "glance",
           "placement": "placement", "database": "trove", "object-store": "swift"}  # fmt: skip
VALUES = ("zzz-nothing", "1", "true", "false", "desc", "3d1f2a5b-0000-4000-8000-000000000000", "id", "blue", "-1", "",
          "2001-01-01T00:00:00Z", "gt:2100-01-01T00:00:00Z", "name")  # fmt: skip
PERIOD = "start=2025-01-01T00:00:00&end=2027-01-01T00:00:00&"
BEFORE = {"/v2.1/servers": "all_tenants=1&", "/v2.1/servers/detail": "all_tenants=1&",
          "/v2.1/os-simple-tenant-usage": PERIOD, "/v2.1/os-simple-tenant-usage/{project_id}": PERIOD}  # fmt: skip
"""What a list needs before another parameter tells."""
OLD = ("/v2.1/images", "/v2.1/os-hosts", "/v2.1/os-security-groups")
"""What newer microversions do not have."""


@pytest.fixture(scope="module")
def everything() -> Everything:
    return Everything.make()


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


def rooms(folder: str) -> list[Path]:
    """Where a service's code stands: what a boot needs, and the rest."""
    return [ROOT / room / folder for room in ("core", "extensions")]


def split(key: str) -> tuple[str, str, str]:
    mount, method, template = key.split(" ", 2)
    return mount, method, template


@cache
def reads(folder: str) -> frozenset[str]:
    """The names that a service's code uses: in strings, as columns, as arguments; not those of tables of fields."""
    found: set[str] = set()
    for room in rooms(folder):
        for path in (path for path in SOURCE if path.is_relative_to(room) and path.name != "schemas.py"):
            found |= set(words(ast.parse(path.read_text("utf-8"))))
        for path in room.rglob("*.toml"):
            found |= set(re.findall(r"[\w:.-]+", path.read_text("utf-8")))
    return frozenset(found)


def words(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name


def said(folder: str) -> frozenset[str]:
    return frozenset().union(*map(left_out.named, rooms(folder)))


@pytest.mark.parametrize("key", [key for key, names in ACCEPTED.items() if "body" in names])
def test_a_field_that_upstream_reads_is_read_or_left_out(key: str) -> None:
    folder = FOLDERS[split(key)[0]]
    unread = [name for name in ACCEPTED[key]["body"] if name not in reads(folder) | said(folder)]
    assert unread == [], "read them, refuse them, or name them in a `Left out:` line"


def known(folder: str, header: str) -> bool:
    """Whether the service's source has a header, or the beginning of a family of them, in any spelling."""
    spelt = {name.lower() for name in reads(folder)}
    if "-meta-" in spelt:  # one line of code for both
        spelt |= {f"x-{gone}{kind}-meta-" for gone in ("", "remove-") for kind in ("account", "container")}
    wanted, words = header.lower(), {name.lower().rstrip("…") for name in said(folder)}
    return any(wanted in (name, f"x-{name}") or (wanted.startswith(name) and name.endswith("-") and name != "x-")
               for name in spelt | words)  # fmt: skip


@pytest.mark.parametrize("key", [key for key, names in ACCEPTED.items() if "headers" in names])
def test_a_header_that_upstream_reads_is_read_or_left_out(key: str) -> None:
    folder = FOLDERS[split(key)[0]]
    assert [header for header in ACCEPTED[key]["headers"] if not known(folder, header)] == []


def ask(everything: Everything, who: str, key: str, query: str) -> tuple[int, str]:
    """Status and body; without what names the request itself."""
    mount, _, template = split(key)
    newest = {"OpenStack-API-Version": "compute latest"}
    headers = newest if mount == "compute" and not template.startswith(OLD) else everything.version(mount, template)
    url = everything.cloud.config.endpoint(mount) + everything.path(template, True)
    reply: Any = everything.users[who].session.request(
        f"{url}?{BEFORE.get(template, '')}{query}", "GET", raise_exc=False, headers=headers
    )
    return reply.status_code, re.sub(r"req-[0-9a-f-]{36}|\?[^\"]*", "", reply.text)


@pytest.mark.parametrize(
    "key", [key for key, names in ACCEPTED.items() if split(key)[1] == "GET" and names.get("query")]
)
def test_a_query_that_upstream_reads_changes_the_answer_is_read_or_left_out(everything: Everything, key: str) -> None:
    folder, bare = FOLDERS[split(key)[0]], {who: ask(everything, who, key, "") for who in ("admin", "member")}
    for name in ACCEPTED[key]["query"]:
        if name in said(folder):
            continue
        acted = any(ask(everything, who, key, f"{name}={value}") != bare[who] for who in bare for value in VALUES)
        assert acted or name in reads(folder), f"{name} is forgotten: act on it, refuse it, or leave it out in words"


@pytest.mark.parametrize(
    "key", [key for key, names in ACCEPTED.items() if split(key)[1] == "GET" and "query" in names.get("strict", [])]
)
def test_a_query_that_upstream_does_not_know_is_refused(everything: Everything, key: str) -> None:
    status, text = ask(everything, "admin", key, "zzz_unknown=1")
    assert status == 400, text
    assert "zzz_unknown" in text


@pytest.mark.parametrize(
    "key", [key for key, names in ACCEPTED.items() if "body" in names.get("strict", []) and split(key)[1] != "GET"]
)
def test_a_field_that_upstream_does_not_know_is_refused(everything: Everything, key: str) -> None:
    mount, method, template = split(key)
    body = everything.body(mount, method, template)
    inner = next((name for name, value in body.items() if isinstance(value, dict)), None)
    wrong = [body | {"zzz_unknown": 1}]
    if mount == "compute" and inner:  # Keystone keeps what it does not know; Cinder's objects are open, too
        wrong.append({inner: body[inner] | {"zzz_unknown": 1}})
    newest = {"OpenStack-API-Version": "compute latest"}
    headers = newest if mount == "compute" and not template.startswith(OLD) else everything.version(mount, template)
    url = everything.cloud.config.endpoint(mount) + everything.path(template, True)
    for sent in wrong:
        reply = everything.users["admin"].session.request(url, method, raise_exc=False, headers=headers, json=sent)
        assert 400 <= reply.status_code < 500, f"{sent}: {reply.status_code} {reply.text}"


PATHS = [
    (folder, name)
    for folder in sorted(set(FOLDERS.values()) - {"swift"})
    for name in sorted(said(folder))
    if name.startswith("/") and "{" not in name
]
MOUNTS = {folder: mount for mount, folder in FOLDERS.items()}
ROOTS = {"nova": "/v2.1", "keystone": "/v3", "cinder": "/v3/{}", "neutron": "/v2.0", "glance": "/v2",
         "trove": "/v1.0/{}", "placement": ""}  # fmt: skip


@pytest.mark.parametrize(("folder", "name"), PATHS)
def test_a_path_that_is_left_out_is_a_404_that_says_so(everything: Everything, folder: str, name: str) -> None:
    admin = everything.users["admin"]
    url = everything.cloud.config.endpoint(MOUNTS[folder]) + ROOTS[folder].format(admin.project_id) + name
    reply = admin.session.request(url, "GET", raise_exc=False)
    assert reply.status_code == 404, reply.text
    assert f"{name[1:]} is left out of this cloud" in reply.text


@pytest.mark.parametrize("folder", sorted(set(FOLDERS.values())))
def test_no_path_that_is_served_is_left_out(everything: Everything, folder: str) -> None:
    """Not even one that only some microversions have: a 404 of the others would say so."""
    routes = everything.cloud.router.apps()[MOUNTS[folder]].routes
    assert [route.where for route in routes if left_out.note(rooms(folder), "", route.path)] == []


def test_a_404_of_what_is_not_there_says_no_more_than_upstream(everything: Everything) -> None:
    reply = everything.users["admin"].compute.get("/servers/nothing", raise_exc=False)
    assert reply.json()["itemNotFound"]["message"] == "Instance nothing could not be found."


def test_the_page_is_made_of_the_modules_lines() -> None:
    page = (ROOT.parents[1] / "docs" / "reference" / "left-out.rst").read_text("utf-8")
    assert ".. left-out-index::" in page
    assert left_out.PAGE == "docs/reference/left-out.rst"
    silent = [path.name for path in SOURCE if "Left out:" in path.read_text("utf-8").split('"""')[1:2] and path
              not in left_out.statements(ROOT)]  # fmt: skip
    assert silent == []
