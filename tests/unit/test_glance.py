"""Glance's API, against shapes and messages of the recordings."""

from __future__ import annotations

import hashlib
import json
import struct
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fake_auth import ADMIN, DEMO, OTHER, READER, SERVICE, FakeAuth
from plain_client import PlainClient

from oslearn.config import Config
from oslearn.glance import api, models
from oslearn.oslo import exception
from oslearn.oslo.clock import Ids, SteppedClock
from oslearn.oslo.db import Database
from oslearn.oslo.store import FilesystemStore, MemoryStore

BYTES = {"Content-Type": "application/octet-stream"}
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
KEYS = {
    "name", "disk_format", "container_format", "visibility", "size", "virtual_size", "status", "checksum", "protected",
    "min_ram", "min_disk", "owner", "os_hidden", "os_hash_algo", "os_hash_value", "id", "created_at", "updated_at",
    "tags", "self", "file", "schema",
}  # fmt: skip


def make(**settings: Any) -> tuple[PlainClient, SteppedClock]:
    database, ids, clock = Database("glance-db").create(models.Base), Ids(7), SteppedClock()
    app = api.build(database.handle("glance-api"), ids, clock, Config(**settings), [FakeAuth()])
    return PlainClient("image", app, database), clock


@pytest.fixture
def glance() -> PlainClient:
    return make()[0]


def create(glance: PlainClient, who: Any = DEMO, **values: Any) -> dict[str, Any]:
    return glance.ok(
        "POST", "/v2/images", {"disk_format": "raw", "container_format": "bare", "name": "cirros"} | values, who
    )


def upload(glance: PlainClient, image_id: str, data: bytes, who: Any = DEMO) -> Any:
    return glance.call("PUT", f"/v2/images/{image_id}/file", who=who, headers=BYTES, data=data)


def change(glance: PlainClient, image_id: str, *operations: dict[str, Any], who: Any = DEMO) -> Any:
    return glance.call("PATCH", f"/v2/images/{image_id}", who=who, headers=PATCH, data=json.dumps(operations))


def page(code: str, message: str) -> str:
    return (
        f"<html>\n <head>\n  <title>{code}</title>\n </head>\n <body>\n  <h1>{code}</h1>\n"
        f"  {message}<br /><br />\n\n\n\n </body>\n</html>"
    )


def test_versions_need_no_token_and_link_to_the_requests_own_host(glance: PlainClient) -> None:
    reply = glance.call("GET", "/", who=None)
    assert reply.status_code == 300
    assert reply.json()["versions"][0] == {
        "id": "v2.18",
        "status": "CURRENT",
        "links": [{"rel": "self", "href": "http://cloud/image/v2/"}],
    }
    assert reply.json()["versions"][-1]["id"] == "v2.0"


def test_no_token_is_keystonemiddlewares_401(glance: PlainClient) -> None:
    reply = glance.call("GET", "/v2/images", who=None)
    assert reply.status_code == 401
    assert reply.json()["error"]["title"] == "Unauthorized"
    assert reply.headers["WWW-Authenticate"] == 'Keystone uri="http://127.0.0.1/identity/v3"'


def test_create_is_queued_with_the_recorded_keys(glance: PlainClient) -> None:
    reply = glance.call("POST", "/v2/images", {"name": "a", "disk_format": "qcow2", "owner_specified.x": "y"})
    assert reply.status_code == 201
    assert reply.json().keys() == KEYS | {"owner_specified.x"}
    assert reply.json()["status"] == "queued"
    assert reply.json()["visibility"] == "shared"
    assert reply.json()["owner"] == "demo"
    assert reply.json()["size"] is None
    assert reply.headers["Location"].endswith(f"/v2/images/{reply.json()['id']}")


def test_upload_makes_it_active_and_download_gives_it_back(glance: PlainClient) -> None:
    image = create(glance)
    assert upload(glance, image["id"], b"some data").status_code == 204
    shown = glance.ok("GET", image["self"])
    assert shown.keys() == KEYS | {"stores"}
    assert (shown["status"], shown["size"], shown["virtual_size"]) == ("active", 9, 9)
    assert shown["checksum"] == hashlib.md5(b"some data").hexdigest()
    assert shown["os_hash_value"] == hashlib.sha512(b"some data").hexdigest()
    reply = glance.call("GET", image["file"])
    assert reply.content == b"some data"
    assert reply.headers["Content-MD5"] == shown["checksum"]


def test_virtual_size_of_a_qcow2_is_read_from_its_header(glance: PlainClient) -> None:
    image = create(glance, disk_format="qcow2")
    upload(glance, image["id"], b"QFI\xfb" + struct.pack(">IQIIQ", 3, 0, 0, 16, 112 << 20) + bytes(480))
    assert glance.ok("GET", image["self"])["virtual_size"] == 112 << 20


def test_no_data_is_204(glance: PlainClient) -> None:
    assert glance.call("GET", create(glance)["file"]).status_code == 204


def test_second_upload_is_refused_and_changes_nothing(glance: PlainClient) -> None:
    image = create(glance)
    upload(glance, image["id"], b"first")
    reply = upload(glance, image["id"], b"second")
    assert reply.status_code == 409
    assert "Image status transition from active to saving is not allowed" in reply.text
    assert glance.call("GET", image["file"]).content == b"first"


def test_over_the_cap_is_413_and_the_image_may_be_uploaded_again() -> None:
    glance, _ = make(image_size_cap=4)
    image = create(glance)
    assert upload(glance, image["id"], b"12345").status_code == 413
    assert glance.ok("GET", image["self"])["status"] == "queued"
    assert upload(glance, image["id"], b"1234").status_code == 204


def test_upload_wants_octets(glance: PlainClient) -> None:
    assert glance.call("PUT", create(glance)["file"], {"a": 1}).status_code == 415


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"disk_format": "floppy"},
            "Provided object does not match schema 'image': 'floppy' is not one of [None, 'ami'",
        ),
        ({"container_format": "tub"}, "Provided object does not match schema 'image': 'tub' is not one of"),
        ({"min_disk": -1}, "Invalid value '-1' for parameter 'min_disk': Cannot be a negative value"),
        ({"hw_disk_bus": 7}, "7 is not of type 'string'"),
    ],
)
def test_bad_values_are_400(glance: PlainClient, body: dict[str, Any], message: str) -> None:
    reply = glance.call("POST", "/v2/images", body)
    assert reply.status_code == 400
    assert message in unescape(reply.text)


def test_malformed_body_is_400(glance: PlainClient) -> None:
    assert glance.call("POST", "/v2/images", data="{").status_code == 400


def test_read_only_attributes_are_403(glance: PlainClient) -> None:
    reply = glance.call("POST", "/v2/images", {"status": "active"})
    assert (reply.status_code, reply.text) == (403, page("403 Forbidden", "Attribute &#x27;status&#x27; is read-only."))


def test_only_an_admin_makes_an_image_public(glance: PlainClient) -> None:
    message = page("403 Forbidden", "You are not authorized to complete publicize_image action.")
    assert glance.call("POST", "/v2/images", {"visibility": "public"}).text == message
    image = create(glance)
    reply = change(glance, image["id"], {"op": "replace", "path": "/visibility", "value": "public"})
    assert (reply.status_code, reply.text) == (403, message)
    assert glance.ok("GET", image["self"])["visibility"] == "shared"
    assert create(glance, ADMIN, visibility="public")["visibility"] == "public"


def test_readers_create_nothing(glance: PlainClient) -> None:
    assert glance.call("POST", "/v2/images", {}, READER).status_code == 403


def test_same_id_twice_is_409(glance: PlainClient) -> None:
    image = create(glance)
    assert glance.call("POST", "/v2/images", {"id": image["id"]}).status_code == 409


def test_missing_and_other_projects_images_are_404(glance: PlainClient) -> None:
    message = "No image found with ID nosuchimage"
    assert glance.call("GET", "/v2/images/nosuchimage").text == page("404 Not Found", message)
    image = create(glance)
    assert glance.call("GET", image["self"], who=OTHER).status_code == 404
    assert glance.call("DELETE", image["self"], who=OTHER).status_code == 404
    assert upload(glance, image["id"], b"x", OTHER).status_code == 404
    assert glance.call("GET", image["self"], who=SERVICE).status_code == 200


def test_a_public_image_is_read_by_all_and_changed_by_its_owner(glance: PlainClient) -> None:
    image = create(glance, ADMIN, visibility="public")
    assert glance.ok("GET", image["self"], who=OTHER)["id"] == image["id"]
    assert glance.call("DELETE", image["self"], who=OTHER).status_code == 403
    assert change(glance, image["id"], {"op": "remove", "path": "/name"}, who=OTHER).status_code == 403


def test_patch_adds_replaces_and_removes(glance: PlainClient) -> None:
    image = create(glance, os_distro="ubuntu")
    reply = change(
        glance,
        image["id"],
        {"op": "add", "path": "/hw_disk_bus", "value": "virtio"},
        {"op": "replace", "path": "/name", "value": "renamed"},
        {"op": "add", "path": "/tags", "value": ["course"]},
        {"op": "remove", "path": "/os_distro"},
    )
    assert reply.status_code == 200, reply.text
    shown = glance.ok("GET", image["self"])
    assert (shown["hw_disk_bus"], shown["name"], shown["tags"]) == ("virtio", "renamed", ["course"])
    assert "os_distro" not in shown


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ({"op": "replace", "path": "/nothing", "value": "x"}, 409),
        ({"op": "remove", "path": "/nothing"}, 409),
        ({"op": "replace", "path": "/status", "value": "active"}, 403),
        ({"op": "replace", "path": "/id", "value": "8fd5e4af-6c1b-41d2-b88d-3d8474c1067a"}, 403),
        ({"op": "remove", "path": "/name"}, 403),
        ({"op": "add", "path": "/min_ram", "value": "much"}, 400),
        ({"op": "add", "path": "/a/b", "value": "x"}, 400),
        ({"op": "move", "path": "/name", "value": "x"}, 400),
        ({"op": "add", "path": "/name"}, 400),
    ],
)
def test_bad_patches(glance: PlainClient, operation: dict[str, Any], code: int) -> None:
    assert change(glance, create(glance)["id"], operation).status_code == code


def test_patch_wants_its_media_type(glance: PlainClient) -> None:
    assert glance.call("PATCH", create(glance)["self"], [{}]).status_code == 415


def test_a_protected_image_stays(glance: PlainClient) -> None:
    image = create(glance, protected=True)
    reply = glance.call("DELETE", image["self"])
    message = f"Image {image['id']} is protected and cannot be deleted."
    assert (reply.status_code, reply.text) == (403, page("403 Forbidden", message))


def test_delete_takes_the_data_too(tmp_path: Path) -> None:
    glance, _ = make(image_dir=str(tmp_path / "images"))
    image = create(glance)
    upload(glance, image["id"], b"data")
    assert (tmp_path / "images" / image["id"]).read_bytes() == b"data"
    assert glance.call("DELETE", image["self"]).status_code == 204
    assert list((tmp_path / "images").iterdir()) == []
    reply = glance.call("DELETE", image["self"])
    assert f"Failed to find image {image['id']} to delete" in reply.text


def test_list_filters_and_shape(glance: PlainClient) -> None:
    one, two = create(glance, name="one", os_distro="x"), create(glance, name="two", os_hidden=True)
    create(glance, OTHER, name="three")
    body = glance.ok("GET", "/v2/images?name=one")
    assert body == {"images": [one], "first": "/v2/images?name=one", "schema": "/v2/schemas/images"}
    assert [i["name"] for i in glance.ok("GET", "/v2/images")["images"]] == ["one"]
    assert [i["name"] for i in glance.ok("GET", "/v2/images?os_hidden=True")["images"]] == ["two"]
    assert [i["name"] for i in glance.ok("GET", f"/v2/images?id=in:{one['id']},{two['id']}")["images"]] == ["one"]
    assert glance.ok("GET", "/v2/images?os_distro=y")["images"] == []
    assert glance.ok("GET", "/v2/images?status=active")["images"] == []
    assert len(glance.ok("GET", "/v2/images?owner=other", who=ADMIN)["images"]) == 1


@pytest.mark.parametrize("sort", ["name:asc", "name:desc", "created_at:desc"])
def test_pages_by_marker_cover_everything_once(sort: str) -> None:
    glance, clock = make()
    for n in range(7):
        create(glance, name=f"image{n % 3}")
        clock.sleep(n % 2)
    whole = [i["id"] for i in glance.ok("GET", f"/v2/images?sort={sort}")["images"]]
    seen, url = [], f"/v2/images?sort={sort}&limit=3"
    while url:
        body = glance.ok("GET", url)
        seen += [i["id"] for i in body["images"]]
        url = body.get("next")
    assert seen == whole
    assert len(set(seen)) == 7


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "sort=colour", "sort=name:up", "marker=nosuchimage"])
def test_bad_list_queries_are_400(glance: PlainClient, query: str) -> None:
    assert glance.call("GET", f"/v2/images?{query}").status_code == 400


def test_schemas_are_served(glance: PlainClient) -> None:
    assert glance.ok("GET", "/v2/schemas/image")["properties"]["status"]["readOnly"] is True
    assert glance.ok("GET", "/v2/schemas/images")["name"] == "images"


@pytest.mark.parametrize("kind", ["memory", "filesystem"])
def test_a_put_that_fails_keeps_nothing(kind: str, tmp_path: Path) -> None:
    store = MemoryStore() if kind == "memory" else FilesystemStore(tmp_path)

    def broken() -> Any:
        yield b"half"
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        store.put("a", broken())
    with pytest.raises(exception.NotFound):
        store.get("a")
    assert list(tmp_path.iterdir()) == []
    store.delete("a")
