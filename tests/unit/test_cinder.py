"""Cinder's API, against shapes and messages of the recordings."""

from __future__ import annotations

from typing import Any

import pytest
from fake_auth import ADMIN, DEMO, OTHER, READER, Client, FakeAuth

from oslearn.cinder import api, models
from oslearn.config import Config
from oslearn.oslo.clock import Ids, SteppedClock
from oslearn.oslo.db import Database

SERVER = "fcb09779-08ce-427e-b2c6-8beff2061cce"
CONNECTOR = {"ip": "127.0.0.1", "initiator": "fake", "host": "compute2", "mountpoint": "/dev/sdb"}
V344, LATEST = {"OpenStack-API-Version": "volume 3.44"}, {"OpenStack-API-Version": "volume 3.71"}
KEYS = {
    "id", "status", "size", "availability_zone", "created_at", "updated_at", "name", "description", "volume_type",
    "snapshot_id", "source_volid", "metadata", "links", "user_id", "bootable", "encrypted", "replication_status",
    "consistencygroup_id", "multiattach", "attachments",
}  # fmt: skip
LATER_KEYS = {"group_id", "shared_targets", "service_uuid", "volume_type_id", "consumes_quota"}


def make(**settings: Any) -> Client:
    database = Database("cinder-db").create(models.Base)
    app = api.build(database.handle("cinder-api"), Ids(7), SteppedClock(), Config(**settings), [FakeAuth()])
    return Client(app, database)


@pytest.fixture
def cinder() -> Client:
    return make()


def create(cinder: Client, who: Any = DEMO, **values: Any) -> dict[str, Any]:
    body = {"volume": {"size": 1, "name": "vol1"} | values}
    return cinder.ok("POST", f"/v3/{who.project_id}/volumes", body, who)["volume"]


def attach(cinder: Client, volume_id: str, **values: Any) -> Any:
    body = {"attachment": {"volume_uuid": volume_id, "instance_uuid": SERVER} | values}
    return cinder.call("POST", "/v3/demo/attachments", body, headers=V344)


def status(cinder: Client, volume_id: str) -> str:
    return cinder.ok("GET", f"/v3/demo/volumes/{volume_id}")["volume"]["status"]


def message(reply: Any, name: str) -> str:
    assert list(reply.json) == [name]
    assert reply.json[name]["code"] == reply.status_code
    return reply.json[name]["message"]


def test_versions_link_to_the_requests_own_host(cinder: Client) -> None:
    reply = cinder.call("GET", "/", who=None, host="cloud", root_path="/volume")
    assert reply.status_code == 300
    (version,) = reply.json["versions"]
    assert (version["id"], version["version"], version["min_version"]) == ("v3.0", "3.71", "3.0")
    assert version["links"][1]["href"] == "http://cloud/volume/v3/"
    assert cinder.call("GET", "/v3/", who=None).status_code == 401
    assert cinder.ok("GET", "/v3/")["versions"][0]["id"] == "v3.0"


@pytest.mark.parametrize(
    ("asked", "code", "answered"),
    [
        (None, 200, "volume 3.0"),
        ("volume 3.44", 200, "volume 3.44"),
        ("compute 2.1, volume 3.27", 200, "volume 3.27"),
        ("volume latest", 200, "volume 3.71"),
        ("volume 3.72", 406, None),
        ("volume 2.0", 406, None),
        ("volume three", 400, None),
    ],
)
def test_microversions(cinder: Client, asked: str | None, code: int, answered: str | None) -> None:
    reply = cinder.call("GET", "/v3/demo/volumes", headers={"OpenStack-API-Version": asked} if asked else {})
    assert reply.status_code == code
    assert reply.headers.get("OpenStack-API-Version") == answered


def test_create_replies_creating_and_is_available(cinder: Client) -> None:
    reply = cinder.call("POST", "/v3/demo/volumes", {"volume": {"size": 1, "name": None}}, headers=LATEST)
    assert reply.status_code == 202
    volume = reply.json["volume"]
    assert volume.keys() == KEYS | LATER_KEYS
    assert (volume["status"], volume["volume_type"], volume["bootable"]) == ("creating", "__DEFAULT__", "false")
    assert volume["created_at"].startswith("2026-01-01T00:00:00.")
    assert volume["updated_at"] is None
    shown = cinder.ok("GET", f"/v3/demo/volumes/{volume['id']}")["volume"]
    assert shown.keys() == KEYS | {"os-vol-tenant-attr:tenant_id"}
    assert shown["status"] == "available"


@pytest.mark.parametrize(
    ("volume", "code", "text"),
    [
        ({}, 400, "Invalid input received: Volume size 'None' must be an integer and greater than 0"),
        ({"size": 0}, 400, "Invalid input for field/attribute size. Value: 0. 0 is less than the minimum of 1"),
        ({"size": 1, "availability_zone": "mars"}, 400, "Availability zone 'mars' is invalid."),
        ({"size": 1, "imageRef": "x"}, 400, "Invalid image identifier or unable to access requested image."),
        ({"size": 1, "metadata": {"a": 1}}, 400, "1 is not of type 'string'"),
        ({"size": 1, "volume_type": "fast"}, 404, "Volume type with name fast could not be found."),
        ({"snapshot_id": "s"}, 404, "Snapshot s could not be found."),
        ({"source_volid": "v"}, 404, "Volume v could not be found."),
    ],
)
def test_bad_volumes(cinder: Client, volume: dict[str, Any], code: int, text: str) -> None:
    reply = cinder.call("POST", "/v3/demo/volumes", {"volume": volume})
    assert reply.status_code == code
    assert text in message(reply, "badRequest" if code == 400 else "itemNotFound")


def test_bodies_that_are_not_understood(cinder: Client) -> None:
    assert cinder.call("POST", "/v3/demo/volumes", data="{").status_code == 400
    assert cinder.call("POST", "/v3/demo/volumes", {"volume": {"size": 1}, "x": 1}).status_code == 400


def test_quota_is_413_as_recorded() -> None:
    cinder = make(quota_volumes=1)
    create(cinder)
    reply = cinder.call("POST", "/v3/demo/volumes", {"volume": {"size": 1}})
    assert reply.status_code == 413
    text = "VolumeLimitExceeded: Maximum number of volumes allowed (1) exceeded for quota 'volumes'."
    assert reply.json == {"overLimit": {"code": 413, "message": text, "retryAfter": "0"}}
    assert reply.headers["Retry-After"] == "0"
    create(cinder, OTHER)
    reply = make(quota_gigabytes=5).call("POST", "/v3/demo/volumes", {"volume": {"size": 6}})
    assert "Requested 6G, quota is 5G and 0G has been consumed." in message(reply, "overLimit")


def test_another_projects_volume_is_not_found(cinder: Client) -> None:
    volume = create(cinder)
    for method, body in (("GET", None), ("DELETE", None), ("PUT", {"volume": {"name": "mine"}})):
        reply = cinder.call(method, f"/v3/other/volumes/{volume['id']}", body, OTHER)
        assert reply.status_code == 404
        assert message(reply, "itemNotFound") == f"Volume {volume['id']} could not be found."
    reply = cinder.call("GET", f"/v3/demo/volumes/{volume['id']}", who=OTHER)
    assert message(reply, "badRequest") == "Malformed request url"
    assert cinder.ok("GET", "/v3/other/volumes", who=OTHER) == {"volumes": []}
    assert cinder.call("POST", "/v3/demo/volumes", {"volume": {"size": 1}}, READER).status_code == 403


def test_lists(cinder: Client) -> None:
    one, two = create(cinder, name="one"), create(cinder, name="two")
    listed = cinder.ok("GET", "/v3/demo/volumes")["volumes"]
    assert {v["id"] for v in listed} == {one["id"], two["id"]}
    assert listed[0].keys() == {"id", "name", "links"}
    assert [v["id"] for v in cinder.ok("GET", "/v3/demo/volumes/detail?name=one")["volumes"]] == [one["id"]]
    page = cinder.ok("GET", "/v3/demo/volumes?limit=1")["volumes"]
    rest = cinder.ok("GET", f"/v3/demo/volumes?marker={page[0]['id']}")["volumes"]
    assert page + rest == listed
    assert cinder.call("GET", "/v3/demo/volumes?limit=x").status_code == 400
    assert cinder.call("GET", "/v3/demo/volumes?marker=x").status_code == 404
    assert len(cinder.ok("GET", "/v3/admin/volumes?all_tenants=1", who=ADMIN)["volumes"]) == 2


def test_update_and_actions(cinder: Client) -> None:
    path = f"/v3/demo/volumes/{create(cinder)['id']}"
    shown = cinder.ok("PUT", path, {"volume": {"name": "new", "metadata": {"a": "b"}}})["volume"]
    assert (shown["name"], shown["metadata"]) == ("new", {"a": "b"})
    assert cinder.call("PUT", path, {"volume": {"size": 9}}).status_code == 400
    assert cinder.call("POST", f"{path}/action", {"os-set_bootable": {"bootable": True}}).status_code == 200
    assert cinder.ok("GET", path)["volume"]["bootable"] == "true"
    assert cinder.call("POST", f"{path}/action", {"os-begin_detaching": None}).status_code == 400
    assert cinder.call("POST", f"{path}/action", {"os-explode": None}).status_code == 400


def test_types_and_zones(cinder: Client) -> None:
    (kind,) = cinder.ok("GET", "/v3/demo/types?is_public=none")["volume_types"]
    assert kind["name"] == "__DEFAULT__"
    assert cinder.ok("GET", "/v3/demo/types/default")["volume_type"] == kind
    assert cinder.call("GET", "/v3/demo/types/x").status_code == 404
    zones = cinder.ok("GET", "/v3/demo/os-availability-zone")["availabilityZoneInfo"]
    assert zones == [{"zoneName": "nova", "zoneState": {"available": True}}]


def test_attach_and_detach_as_nova_does(cinder: Client) -> None:
    volume_id = create(cinder)["id"]
    reply = attach(cinder, volume_id, connector=None)
    assert reply.status_code == 200
    attachment = reply.json["attachment"]
    assert attachment == {
        "id": attachment["id"],
        "status": "reserved",
        "instance": SERVER,
        "volume_id": volume_id,
        "attached_at": "",
        "detached_at": "",
        "attach_mode": "null",
        "connection_info": {},
    }
    assert status(cinder, volume_id) == "reserved"
    path = f"/v3/demo/attachments/{attachment['id']}"
    shown = cinder.ok("PUT", path, {"attachment": {"connector": CONNECTOR}}, headers=V344)["attachment"]
    assert shown["status"] == "reserved"
    assert shown["connection_info"]["driver_volume_type"] == "iscsi"
    assert shown["connection_info"]["target_iqn"].endswith(volume_id)
    assert cinder.ok("GET", path, headers=V344)["attachment"]["status"] == "attaching"
    assert status(cinder, volume_id) == "attaching"
    assert cinder.call("POST", f"{path}/action", {"os-complete": None}, headers=V344).status_code == 204
    shown = cinder.ok("GET", path, headers=V344)["attachment"]
    assert (shown["status"], shown["attach_mode"]) == ("attached", "rw")
    (inside,) = cinder.ok("GET", f"/v3/demo/volumes/{volume_id}")["volume"]["attachments"]
    assert (inside["server_id"], inside["device"], inside["host_name"]) == (SERVER, "/dev/sdb", None)
    volume_path = f"/v3/demo/volumes/{volume_id}"
    assert cinder.call("POST", f"{volume_path}/action", {"os-begin_detaching": None}).status_code == 202
    assert status(cinder, volume_id) == "detaching"
    assert cinder.ok("DELETE", path, headers=V344) == {"attachments": []}
    assert status(cinder, volume_id) == "available"
    assert cinder.call("DELETE", volume_path).status_code == 202


def test_a_connector_at_once_skips_the_reservation(cinder: Client) -> None:
    shown = attach(cinder, create(cinder)["id"], connector=CONNECTOR).json["attachment"]
    assert shown["status"] == "attaching"
    assert shown["connection_info"]["attachment_id"] == shown["id"]


def test_a_volume_is_attached_once(cinder: Client) -> None:
    volume_id = create(cinder)["id"]
    attach(cinder, volume_id)
    assert message(attach(cinder, volume_id), "badRequest") == (
        f"Invalid volume: Volume {volume_id} status must be available or downloading to reserve, "
        "but the current status is reserved."
    )
    reply = cinder.call("DELETE", f"/v3/demo/volumes/{volume_id}")
    assert message(reply, "badRequest").startswith("Invalid volume: Volume status must be available or error or")


def test_attachment_errors(cinder: Client) -> None:
    path = "/v3/demo/attachments"
    reply = cinder.call("GET", path)
    assert message(reply, "itemNotFound") == "API version 3.0 is not supported on this method."
    assert attach(cinder, SERVER).status_code == 404
    assert attach(cinder, "x").status_code == 400
    reply = cinder.call("GET", f"{path}/x", headers=V344)
    assert "attachment_id = x" in message(reply, "itemNotFound")
    made = attach(cinder, create(cinder)["id"]).json["attachment"]["id"]
    assert cinder.call("PUT", f"{path}/{made}", {"attachment": {}}, headers=V344).status_code == 400
    assert cinder.call("POST", f"{path}/{made}/action", {"os-other": None}, headers=V344).status_code == 400
    assert cinder.call("DELETE", f"/v3/other/attachments/{made}", who=OTHER, headers=V344).status_code == 404
    cinder.ok("POST", f"{path}/{made}/action", {"os-complete": None}, headers=V344)
    again = cinder.call("PUT", f"{path}/{made}", {"attachment": {"connector": CONNECTOR}}, headers=V344)
    assert again.status_code == 400


def test_attachment_lists(cinder: Client) -> None:
    made = attach(cinder, create(cinder)["id"]).json["attachment"]
    (short,) = cinder.ok("GET", f"/v3/demo/attachments?instance_id={SERVER}", headers=V344)["attachments"]
    assert short.keys() == {"id", "status", "instance", "volume_id"}
    assert cinder.ok("GET", "/v3/demo/attachments/detail", headers=V344)["attachments"] == [made]
    assert cinder.ok("GET", "/v3/demo/attachments?status=attached", headers=V344)["attachments"] == []
    assert cinder.ok("GET", "/v3/other/attachments", who=OTHER, headers=V344)["attachments"] == []
