"""Cinder: what it has none of is answered as by an upstream that has none."""

from __future__ import annotations

import pytest

from oslearn import Cloud
from oslearn.core.config import Config
from unit.test_cinder import UNKNOWN, User


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    return Cloud(Config(password_hash_cost=16), seed=7)


@pytest.fixture(scope="module")
def demo(cloud: Cloud) -> User:
    return User(cloud.connect("demo"))


@pytest.fixture(scope="module")
def admin(cloud: Cloud) -> User:
    return User(cloud.connect("admin"))


LISTS = [
    ("groups", "groups", "3.13", "Group {} could not be found."),
    ("groups/detail", "groups", "3.13", "Group {} could not be found."),
    ("group_types", "group_types", "3.11", "Group type {} could not be found."),
    ("group_snapshots", "group_snapshots", "3.14", "GroupSnapshot {} could not be found."),
    ("messages", "messages", "3.3", "Message {} could not be found."),
    ("qos-specs", "qos_specs", "3.0", "No such QoS spec {}."),
]


@pytest.mark.parametrize(("path", "key", "since", "words"), LISTS, ids=[row[0] for row in LISTS])
def test_a_list_is_empty_and_one_thing_is_not_found(admin: User, path: str, key: str, since: str, words: str) -> None:
    assert admin.ok(f"GET {path}?limit=5&offset=0", version=since) == {key: []}
    assert admin.refused(404, f"GET {path.partition('/')[0]}/{UNKNOWN}") == words.format(UNKNOWN)
    assert admin.refused(404, f"GET {path}?marker={UNKNOWN}") == words.format(UNKNOWN)
    assert admin.refused(400, f"GET {path}?limit=x") == "limit param must be an integer"
    assert admin.refused(400, f"GET {path}?offset=-1") == "offset param must be positive"
    if since != "3.0":
        admin.refused(404, f"GET {path}", version=f"3.{int(since[2:]) - 1}")


def test_a_group_is_of_a_group_type(demo: User) -> None:
    body = {"group": {"group_type": UNKNOWN, "volume_types": ["__DEFAULT__"]}}
    assert demo.refused(404, "POST groups", body) == f"Group type {UNKNOWN} could not be found."
    body["group"]["group_type"] = "gold"
    assert demo.refused(404, "POST groups", body) == "Group type with name gold could not be found."
    demo.refused(400, "POST groups", {"group": {"group_type": "gold"}})


def test_making_one_is_left_out_in_words(admin: User) -> None:
    (kind,) = admin.ok("GET types?is_public=true")["volume_types"]
    for path in ("group_types", "qos-specs", f"types/{kind['id']}/encryption"):
        name = f"POST /{path.rpartition('/')[2]}"
        reply = admin.call(f"POST {path}", {"x": {}})
        assert (reply.status_code, f"{name} is left out of this cloud" in reply.text) == (404, True)


def test_nothing_is_encrypted(demo: User, admin: User) -> None:
    volume = demo.volume()
    assert demo.ok(f"GET volumes/{volume}/encryption") == {"encryption_key_id": None}
    assert demo.ok(f"GET volumes/{volume}/encryption/encryption_key_id") is None
    demo.refused(404, f"GET volumes/{UNKNOWN}/encryption")
    (kind,) = admin.ok("GET types")["volume_types"]
    assert admin.ok(f"GET types/{kind['id']}/encryption") == {}
    text = f"Volume type encryption for type {kind['id']} does not exist."
    assert admin.refused(404, f"GET types/{kind['id']}/encryption/cipher") == text
    admin.refused(404, f"GET types/{UNKNOWN}/encryption")
    demo.refused(403, f"GET types/{kind['id']}/encryption")


def test_an_admin_finds_a_private_type_by_its_name(admin: User, demo: User) -> None:
    """As clients look for it: all types, public or not."""
    body = {"volume_type": {"name": "private", "os-volume-type-access:is_public": False}}
    made = admin.ok("POST types", body)["volume_type"]["id"]
    names = {kind["id"] for kind in admin.ok("GET types?is_public=none&name=private")["volume_types"]}
    assert names >= {made}
    for asked in ("None", "NONE"):
        assert made in {kind["id"] for kind in admin.ok(f"GET types?is_public={asked}")["volume_types"]}
    assert [kind["id"] for kind in admin.ok("GET types?is_public=false")["volume_types"]] == [made]
    assert made not in {kind["id"] for kind in admin.ok("GET types")["volume_types"]}
    assert made not in {kind["id"] for kind in demo.ok("GET types?is_public=none")["volume_types"]}
    admin.refused(400, "GET types?is_public=perhaps")


def test_by_what_lists_can_be_filtered(demo: User) -> None:
    found = {one["resource"]: one["filters"] for one in demo.ok("GET resource_filters")["resource_filters"]}
    assert found["backup"] == ["name", "status", "volume_id"]
    assert found["volume_type"] == ["is_public", "extra_specs"]
    one = demo.ok("GET resource_filters?resource=backup")["resource_filters"]
    assert one == [{"resource": "backup", "filters": found["backup"]}]
    for resource, names in found.items():
        path = {"volume_type": "types"}.get(resource, f"{resource}s")
        demo.ok(f"GET {path}?" + "&".join(f"{name}=true" for name in names))
    demo.refused(404, "GET resource_filters", version="3.32")


def test_an_extension_says_when_it_last_changed(demo: User) -> None:
    found = {one["alias"]: one for one in demo.ok("GET extensions")["extensions"]}
    assert found["backups"] == {
        "alias": "backups", "name": "Backups", "description": "Backups support.", "links": [],
        "updated": "2012-12-12T00:00:00+00:00",
    }  # fmt: skip
    assert demo.ok("GET extensions/os-services")["extension"]["updated"] == "2012-10-28T00:00:00-00:00"
    demo.refused(404, "GET extensions/nothing")
