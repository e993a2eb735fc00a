"""Glance's API, against shapes and messages of the recordings."""

from __future__ import annotations

import hashlib
import json
import struct
import tracemalloc
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fake_auth import ADMIN, DEMO, OTHER, READER, SERVICE, FakeAuth
from plain_client import PlainClient

from oslearn.core.config import Config
from oslearn.core.glance import models
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Ids, SteppedClock
from oslearn.extensions.glance.wiring import application
from oslearn.extensions.oslo.database import open_database
from oslearn.extensions.oslo.store import FilesystemStore, MemoryStore

BYTES = {"Content-Type": "application/octet-stream"}
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
KEYS = {
    "name", "disk_format", "container_format", "visibility", "size", "virtual_size", "status", "checksum", "protected",
    "min_ram", "min_disk", "owner", "os_hidden", "os_hash_algo", "os_hash_value", "id", "created_at", "updated_at",
    "tags", "self", "file", "schema",
}  # fmt: skip


def make(**settings: Any) -> tuple[PlainClient, SteppedClock]:
    database, ids, clock = open_database("glance", Config()).create(models.Base), Ids(7), SteppedClock()
    app = application(database.handle("glance-api"), ids, clock, Config(**settings), FakeAuth())
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
    asked = glance.call("GET", "/versions")
    assert (asked.status_code, asked.json()) == (200, reply.json())


def test_nobody_has_loaded_metadata_definitions(glance: PlainClient) -> None:
    reply = glance.call("GET", "/v2/metadefs/namespaces?resource_types=OS::Nova::Flavor&limit=2")
    first = "/v2/metadefs/namespaces?resource_types=OS%3A%3ANova%3A%3AFlavor&limit=2"
    assert reply.json() == {"namespaces": [], "first": first, "schema": "/v2/schemas/metadefs/namespaces"}
    assert glance.call("GET", "/v2/metadefs/resource_types").json() == {"resource_types": []}
    for path, code in (("namespaces/x", 404), ("namespaces?marker=x", 404), ("namespaces?limit=x", 400),
                       ("namespaces?limit=-1", 400), ("namespaces?sort_dir=up", 400)):  # fmt: skip
        assert glance.call("GET", f"/v2/metadefs/{path}").status_code == code


def test_no_token_is_refused_by_glances_own_filter(glance: PlainClient) -> None:
    reply = glance.call("GET", "/v2/images", who=None, headers={"Accept": "application/json"})
    assert reply.status_code == 401
    assert reply.json()["code"] == "401 Unauthorized"
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


DRAFT_4 = {"Content-Type": "application/openstack-images-v2.0-json-patch"}
MEMBERS = "/v2/images/{}/members"


def active(glance: PlainClient, data: bytes = b"0123456789", who: Any = DEMO, **values: Any) -> dict[str, Any]:
    image = create(glance, who, **values)
    assert upload(glance, image["id"], data, who).status_code == 204
    return dict(glance.ok("GET", image["self"], who=who))


@pytest.mark.parametrize(
    ("accept", "kind", "body"),
    [
        (None, "text/plain; charset=UTF-8", "404 Not Found\n\nNo image found with ID a&lt;b\n\n   "),
        ("", "text/plain; charset=UTF-8", "404 Not Found\n\nNo image found with ID a&lt;b\n\n   "),
        ("*/*", "text/html; charset=UTF-8", page("404 Not Found", "No image found with ID a&amp;lt;b")),
        ("application/json", "application/json", "No image found with ID a&lt;b<br /><br />\n\n\n"),
    ],
)
def test_an_error_is_what_the_client_accepts(glance: PlainClient, accept: str | None, kind: str, body: str) -> None:
    reply = glance.call("GET", "/v2/images/a&lt;b", headers={"Accept": accept})
    assert reply.headers["Content-Type"] == kind
    assert (reply.json()["message"] if "json" in kind else reply.text) == body


def test_the_recorded_refusal_of_a_liar(glance: PlainClient) -> None:
    image = create(glance, disk_format="qcow2")
    vmdk = b"KDMV" + struct.pack("<IIQQQQ", 1, 3, 2048, 128, 1, 20) + bytes(1000)
    url = f"/v2/images/{image['id']}/file"
    reply = glance.call("PUT", url, headers=BYTES | {"Accept": ""}, data=vmdk)
    assert reply.status_code == 415
    assert reply.text == (
        "415 Unsupported Media Type\n\nThe request media type application/octet-stream is not supported by this server."
        " \n\n Image disk_format qcow2 does not match stream data vmdk"
    )
    shown = glance.ok("GET", image["self"])
    assert (shown["status"], shown["size"], shown["checksum"]) == ("queued", None, None)
    assert glance.call("GET", image["file"]).status_code == 204


def test_data_needs_formats_first(glance: PlainClient) -> None:
    image = glance.ok("POST", "/v2/images", {"name": "bare"})
    reply = upload(glance, image["id"], b"x")
    message = "Properties disk_format, container_format must be set prior to saving data."
    assert (reply.status_code, reply.text) == (400, page("400 Bad Request", message))


@pytest.mark.parametrize(
    ("asked", "status", "data"),
    [
        ("bytes=2-4", 206, b"234"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-3", 206, b"789"),
        ("bytes=5-99", 206, b"56789"),
        ("bytes=0-", 200, b"0123456789"),
        ("bytes=10-", 416, None),
        ("bytes=x", 416, None),
        ("bytes=1-2,4-5", 400, None),
    ],
)
def test_a_part_is_downloaded(glance: PlainClient, asked: str, status: int, data: bytes | None) -> None:
    reply = glance.call("GET", active(glance)["file"], headers={"Range": asked})
    assert reply.status_code == status
    assert data is None or reply.content == data
    if status == 206:
        assert reply.headers["Content-Range"].endswith("/10")


@pytest.mark.parametrize("files", [True, False])
def test_a_download_holds_a_chunk_not_the_image(files: bool, tmp_path: Path) -> None:
    glance, size = make(**({"image_dir": str(tmp_path)} if files else {}))[0], 50_000_000
    image = create(glance)
    upload(glance, image["id"], bytes(size))
    tracemalloc.start()
    body = glance.stream(image["file"])
    assert not isinstance(body, list | tuple)
    assert sum(map(len, body)) == size
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_an_image_is_deactivated_and_reactivated(glance: PlainClient) -> None:
    image = active(glance)
    for _ in range(2):
        assert glance.call("POST", f"{image['self']}/actions/deactivate").status_code == 204
    assert glance.ok("GET", image["self"])["status"] == "deactivated"
    message = "The requested image has been deactivated. Image data download is forbidden."
    assert glance.call("GET", image["file"]).text == page("403 Forbidden", message)
    assert glance.call("GET", image["file"], who=ADMIN).content == b"0123456789"
    assert glance.call("POST", f"{image['self']}/actions/reactivate").status_code == 204
    assert glance.call("GET", image["file"]).status_code == 200
    queued = create(glance)
    reply = glance.call("POST", f"{queued['self']}/actions/deactivate")
    assert "Not allowed to deactivate image in status &#x27;queued&#x27;" in reply.text


def test_tags(glance: PlainClient) -> None:
    image = create(glance, tags=["a"])
    for tag in ("b", "b", "é"):
        assert glance.call("PUT", f"{image['self']}/tags/{tag}").status_code == 204
    assert glance.call("DELETE", f"{image['self']}/tags/a").status_code == 204
    assert glance.ok("GET", image["self"])["tags"] == ["b", "é"]
    assert glance.call("DELETE", f"{image['self']}/tags/a").status_code == 404
    assert glance.call("PUT", f"{image['self']}/tags/{'x' * 256}").status_code == 400
    create(glance, tags=["B"])
    found = [glance.ok("GET", f"/v2/images?{query}")["images"] for query in ("tag=b", "tag=b&tag=é", "tag=b&tag=c")]
    assert [len(images) for images in found] == [1, 1, 0]


def test_an_image_is_shared_and_accepted(glance: PlainClient) -> None:
    image = create(glance)
    url = MEMBERS.format(image["id"])
    member = glance.ok("POST", url, {"member": "other"})
    assert member == {
        "member_id": "other",
        "image_id": image["id"],
        "status": "pending",
        "created_at": member["created_at"],
        "updated_at": member["created_at"],
        "schema": "/v2/schemas/member",
    }
    seen = [glance.ok("GET", f"/v2/images{q}", who=OTHER)["images"] for q in ("", "?member_status=pending")]
    assert [len(images) for images in seen] == [0, 1]
    assert glance.ok("GET", image["self"], who=OTHER)["id"] == image["id"]
    assert glance.call("PUT", f"{url}/other", {"status": "accepted"}).status_code == 403
    assert glance.ok("PUT", f"{url}/other", {"status": "accepted"}, OTHER)["status"] == "accepted"
    assert len(glance.ok("GET", "/v2/images", who=OTHER)["images"]) == 1
    assert glance.ok("GET", url, who=OTHER)["members"] == [glance.ok("GET", f"{url}/other", who=OTHER)]
    assert glance.call("DELETE", f"{url}/other", who=OTHER).status_code == 403
    assert glance.call("DELETE", f"{url}/other").status_code == 204
    assert glance.call("GET", image["self"], who=OTHER).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("POST", "", {"member": "other"}, 409, "Member other is duplicated for image"),
        ("POST", "", {}, 400, "Member to be added not specified"),
        ("POST", "", {"member": ""}, 400, "Member can&#x27;t be empty"),
        ("POST", "", None, 400, "Body expected in request."),
        ("PUT", "/other", {"status": "maybe"}, 403, "You are not authorized to complete modify_member action."),
        ("PUT", "/other", {}, 400, "Status not specified"),
        ("GET", "/nobody", None, 404, "nobody not found in the member list of the image"),
        ("DELETE", "/nobody", None, 404, "nobody not found in the member list of the image"),
    ],
)
def test_members_refused(glance: PlainClient, method: str, path: str, body: Any, status: int, message: str) -> None:
    url = MEMBERS.format(create(glance)["id"])
    glance.ok("POST", url, {"member": "other"})
    reply = glance.call(method, url + path, body)
    assert (reply.status_code, message in reply.text) == (status, True), reply.text


def test_only_a_shared_image_has_members(glance: PlainClient) -> None:
    url = MEMBERS.format(create(glance, visibility="private")["id"])
    assert "Not allowed to create members for image" in glance.call("POST", url, {"member": "other"}).text
    assert glance.call("GET", url).status_code == 403
    assert glance.call("GET", f"{url}/other").status_code == 404


def stage(glance: PlainClient, image: dict[str, Any], data: bytes = b"staged") -> Any:
    return glance.call("PUT", f"{image['self']}/stage", headers=BYTES, data=data)


def start_import(glance: PlainClient, image: dict[str, Any], name: str = "glance-direct", **more: Any) -> Any:
    return glance.call("POST", f"{image['self']}/import", {"method": {"name": name}} | more)


def test_an_import_goes_on_after_its_reply(glance: PlainClient) -> None:
    image = create(glance)
    assert stage(glance, image).status_code == 204
    reply = start_import(glance, image)
    assert (reply.status_code, reply.content) == (202, b"")
    shown = glance.ok("GET", image["self"])
    assert (shown["status"], shown["size"], shown["checksum"]) == ("uploading", 6, None)
    task_id = shown["os_glance_import_task"]
    shown = glance.ok("GET", image["self"])
    assert (shown["status"], shown["os_glance_importing_to_stores"]) == ("active", "")
    assert "os_glance_import_task" not in shown
    assert glance.call("GET", image["file"]).content == b"staged"
    (task,) = glance.ok("GET", f"{image['self']}/tasks")["tasks"]
    assert (task["id"], task["status"], task["result"]) == (task_id, "success", {"image_id": image["id"]})
    assert task["request_id"] == reply.headers["x-openstack-request-id"]
    assert glance.ok("GET", f"/v2/tasks/{task_id}", who=ADMIN) == task
    assert [t["id"] for t in glance.ok("GET", "/v2/tasks?status=success", who=ADMIN)["tasks"]] == [task_id]
    assert glance.call("GET", "/v2/tasks").status_code == 403
    assert glance.call("DELETE", f"/v2/tasks/{task_id}", who=ADMIN).status_code == 405


def test_an_import_of_a_liar_fails_and_can_be_tried_again(glance: PlainClient) -> None:
    image = create(glance, disk_format="qcow2")
    stage(glance, image)
    start_import(glance, image)
    glance.ok("GET", "/v2/images")
    shown = glance.ok("GET", image["self"])
    assert (shown["status"], shown["size"], shown["os_glance_failed_import"]) == ("queued", None, "fs")
    (task,) = glance.ok("GET", f"{image['self']}/tasks")["tasks"]
    message = "Image disk_format qcow2 does not match stream data raw"
    assert (task["status"], task["message"]) == ("failure", message)
    assert stage(glance, image).status_code == 204


def test_an_import_that_a_stopped_process_left_is_done_by_the_next(tmp_path: Path) -> None:
    glance, clock = make(image_dir=str(tmp_path))
    image = create(glance)
    stage(glance, image)
    start_import(glance, image)
    settings = Config(image_dir=str(tmp_path))
    again = application(glance.database.handle("glance-api"), Ids(8), clock, settings, FakeAuth())
    glance = PlainClient("image", again, glance.database)
    assert [glance.ok("GET", image["self"])["status"] for _ in range(2)] == ["uploading", "active"]
    assert [file.name for file in tmp_path.iterdir()] == [image["id"]]


@pytest.mark.parametrize(
    ("ready", "body", "status", "message"),
    [
        ("queued", {"method": {"name": "glance-direct"}}, 409, "needs to be staged before"),
        ("active", {"method": {"name": "glance-direct"}}, 409, "Image with status active cannot be target for import"),
        ("queued", {"method": {"name": "copy-image"}}, 409, "Only images with status active can be targeted"),
        ("active", {"method": {"name": "copy-image"}}, 403, "You are not authorized to complete copy_image action."),
        (
            "queued",
            {"method": {"name": "web-download", "uri": "http://a/b"}},
            400,
            "does not pass filtering: http://a/b",
        ),
        ("queued", {"method": {"name": "magic"}}, 400, "Unknown import method name"),
        ("queued", {}, 400, "Import request requires a"),
        ("queued", {"method": {}}, 400, "Import request requires a"),
        ("staged", {"method": {"name": "glance-direct"}, "stores": ["x"]}, 409, "Unknown scheme"),
        ("staged", {"method": {"name": "glance-direct"}, "all_stores": 1}, 400, "must be boolean value only"),
    ],
)
def test_imports_refused(glance: PlainClient, ready: str, body: Any, status: int, message: str) -> None:
    image = active(glance) if ready == "active" else create(glance)
    if ready == "staged":
        stage(glance, image)
    reply = glance.call("POST", f"{image['self']}/import", body)
    assert (reply.status_code, message in reply.text) == (status, True), reply.text


def test_the_older_patch_names_the_operation_by_its_key(glance: PlainClient) -> None:
    image = create(glance, os_distro="ubuntu")

    def patch(*operations: dict[str, Any]) -> Any:
        return glance.call("PATCH", image["self"], headers=DRAFT_4, data=json.dumps(operations))

    assert patch({"replace": "/name", "value": "new"}, {"remove": "/os_distro"}).json()["name"] == "new"
    assert patch({"add": "/name", "value": "newer"}).status_code == 409
    assert patch({"add": "/name", "replace": "/name", "value": "x"}).status_code == 400
    assert patch({"value": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        ({"op": "replace", "path": "/nothing", "value": "x"}, 409, "Property nothing does not exist."),
        ({"op": "remove", "path": "/name"}, 403, "Property name may not be removed."),
        ({"op": "replace", "path": "/owner", "value": "me"}, 403, "Owner can&#x27;t be updated by non admin."),
        ({"op": "replace", "path": "/disk_format", "value": "qcow2"}, 403, "can be only replaced for a queued image."),
        ({"op": "add", "path": "/os_glance_x", "value": "x"}, 403, "Attribute &#x27;os_glance_x&#x27; is reserved."),
        ({"op": "add", "path": "/deleted", "value": "x"}, 403, "Attribute &#x27;deleted&#x27; is reserved."),
        ({"op": "add", "path": "name", "value": "x"}, 400, "does not start with &quot;/&quot;."),
        ({"op": "add", "path": "/a~2", "value": "x"}, 400, "not part of a recognized escape sequence."),
        ({"op": "add", "path": "/name", "value": "\ud800"}, 400, "Malformed JSON in request body."),
        ({"path": "/name", "value": "x"}, 400, "Unable to find `op` in JSON Schema change."),
    ],
)
def test_patches_refused(glance: PlainClient, operation: dict[str, Any], code: int, message: str) -> None:
    reply = change(glance, active(glance)["id"], operation)
    assert (reply.status_code, message in reply.text) == (code, True), reply.text


def test_lists_by_size_time_and_visibility(glance: PlainClient) -> None:
    small, big = active(glance, b"1"), active(glance, b"1" * 100, visibility="community")
    create(glance, visibility="private", **{"a.b": "c", "é": "d"})

    def count(query: str, who: Any = DEMO) -> int:
        return len(glance.ok("GET", f"/v2/images?{query}", who=who)["images"])

    assert [count(f"size_{end}=50") for end in ("min", "max")] == [1, 1]
    assert [count("size=1"), count("size=x"), count("status=active"), count("status=in:active,queued")] == [1, 0, 2, 3]
    assert [count(f"visibility={kind}") for kind in ("community", "private", "shared", "all")] == [1, 1, 1, 3]
    assert [count("", OTHER), count("visibility=community", OTHER), count("", ADMIN)] == [0, 1, 2]
    assert [count(f"created_at={op}:2026-01-01T00:00:00Z") for op in ("gte", "lt")] == [3, 0]
    assert [count("a.b=c"), count("é=d"), count('a"b=c'), count("a%00=c")] == [1, 1, 0, 0]
    assert count(f'name=in:"cirros",{small["name"]}') == 3
    body = glance.ok("GET", "/v2/images?sort=size:asc,name:desc&limit=2")
    assert [image["size"] for image in body["images"]] == [None, 1]
    assert [image["id"] for image in glance.ok("GET", body["next"])["images"]] == [big["id"]]


# Who may do what with another's image: show, download, change, upload, delete, tag, share, deactivate.
OPERATIONS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "", None),
    ("GET", "/file", None),
    ("PATCH", "", [{"op": "add", "path": "/x", "value": "y"}]),
    ("PUT", "/tags/t", None),
    ("POST", "/members", {"member": "m"}),
    ("POST", "/actions/deactivate", None),
    ("POST", "/actions/reactivate", None),
    ("DELETE", "", None),
)
ALL, NOTHING = (200, 200, 200, 204, 200, 204, 204, 204), (404,) * 8
READS, SEES = (200, 403, 403, 403, 403, 403, 403, 403), (200, 200, 403, 403, 403, 403, 403, 403)


@pytest.mark.parametrize(
    ("visibility", "who", "codes"),
    [
        ("shared", DEMO, ALL),
        ("shared", ADMIN, ALL),
        ("shared", READER, READS),
        ("shared", OTHER, NOTHING),
        ("private", OTHER, NOTHING),
        ("community", OTHER, SEES),
        ("community", READER, READS),
        ("shared", None, (401,) * 8),
    ],
)
def test_who_may_do_what(glance: PlainClient, visibility: str, who: Any, codes: tuple[int, ...]) -> None:
    image = active(glance, visibility=visibility)
    found = []
    for method, path, body in OPERATIONS:
        options = {"headers": PATCH, "data": json.dumps(body)} if method == "PATCH" else {"body": body}
        found.append(glance.call(method, image["self"] + path, who=who, **options).status_code)
    # Only a shared image has members.
    assert tuple(found) == tuple(403 if n == 4 and visibility == "community" else code for n, code in enumerate(codes))


@pytest.mark.parametrize("visibility", ["public", "community"])
def test_making_an_image_everybodys(glance: PlainClient, visibility: str) -> None:
    codes = [
        glance.call("POST", "/v2/images", {"visibility": visibility}, who).status_code for who in (READER, DEMO, ADMIN)
    ]
    assert codes == [403, 403 if visibility == "public" else 201, 201]


def test_discovery(glance: PlainClient) -> None:
    assert glance.ok("GET", "/v2/info/stores") == {"stores": [{"id": "fs", "default": "true"}]}
    methods = glance.ok("GET", "/v2/info/import")["import-methods"]["value"]
    assert methods == ["glance-direct", "web-download", "copy-image"]
    assert glance.call("GET", "/v2/info/stores/detail").status_code == 403
    assert glance.ok("GET", "/v2/info/stores/detail", who=ADMIN)["stores"][0]["type"] == "file"
    assert glance.ok("GET", "/v2/info/usage") == {"usage": {}}
    names = ("image", "images", "member", "members", "task", "tasks")
    assert [glance.ok("GET", f"/v2/schemas/{name}")["name"] for name in names] == list(names)
    assert glance.call("GET", "/v2/schemas/nothing").status_code == 404
    reply = glance.call("GET", "/", who=None)
    assert "x-openstack-request-id" not in reply.headers


@pytest.mark.parametrize("path", ["/v2/images/", "/v2/nothing"])
def test_an_empty_id_is_404(glance: PlainClient, path: str) -> None:
    assert [glance.call(method, path).status_code for method in ("GET", "DELETE")] == [404, 404]


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
