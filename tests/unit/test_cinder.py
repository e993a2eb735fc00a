"""Cinder: shapes and messages of the recordings, and the states that a volume goes through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oslearn import Cloud
from oslearn.cloud import Connection
from oslearn.core.config import Config

SERVER = "fcb09779-08ce-427e-b2c6-8beff2061cce"
UNKNOWN = "3d1f2a5b-0000-4000-8000-000000000000"
CONNECTOR = {"ip": "127.0.0.1", "initiator": "fake", "host": "compute2", "mountpoint": "/dev/sdb"}
KEYS = {
    "id", "status", "size", "availability_zone", "created_at", "updated_at", "name", "description", "volume_type",
    "snapshot_id", "source_volid", "metadata", "links", "user_id", "bootable", "encrypted", "replication_status",
    "consistencygroup_id", "multiattach", "attachments",
}  # fmt: skip
LATER = {"group_id", "shared_targets", "service_uuid", "volume_type_id", "consumes_quota"}
UNDELETABLE = (
    "Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing "
    "and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated "
    "from snapshots after volume transfer."
)


class User:
    """A user of Cinder: `call` gives the reply, `ok` the body of one that must be a success."""

    def __init__(self, connection: Connection) -> None:
        self.http, self.project_id = connection.volume, connection.project_id

    def call(self, where: str, body: Any = None, version: str = "3.71") -> Any:
        method, path = where.split(" ", 1)
        headers = {"OpenStack-API-Version": f"volume {version}"}
        url = f"/{self.project_id}/{path}"
        return self.http.request(url, method, json=body, headers=headers, raise_exc=False)

    def ok(self, where: str, body: Any = None, version: str = "3.71") -> Any:
        reply = self.call(where, body, version)
        assert reply.status_code < 300, reply.text
        return reply.json() if reply.content else None

    def refused(self, code: int, where: str, body: Any = None, version: str = "3.71") -> str:
        """The message of a refusal."""
        reply = self.call(where, body, version)
        assert reply.status_code == code, reply.text
        (fault,) = reply.json().values()
        assert fault["code"] == code
        return str(fault["message"])

    def volume(self, **values: Any) -> str:
        """A new volume's id."""
        return str(self.ok("POST volumes", {"volume": {"size": 1, "name": "vol"} | values})["volume"]["id"])

    def status(self, id: str, kind: str = "volume") -> str:
        return str(self.ok(f"GET {kind}s/{id}")[kind]["status"])


@pytest.fixture(scope="module")
def cloud() -> Cloud:
    return Cloud(Config(password_hash_cost=16, quota_volumes=-1, quota_snapshots=-1), seed=7)


@pytest.fixture(scope="module")
def admin(cloud: Cloud) -> User:
    return User(cloud.connect("admin"))


@pytest.fixture(scope="module")
def member(cloud: Cloud) -> User:
    return User(cloud.connect("demo"))


@pytest.fixture
def demo(member: User) -> Iterator[User]:
    """The user demo, who starts with nothing."""
    yield member
    for path in ("attachments", "snapshots", "volumes"):
        for thing in member.ok(f"GET {path}")[path]:
            member.ok(f"DELETE {path}/{thing['id']}")


# --- versions and the door ---


def test_versions(cloud: Cloud, demo: User) -> None:
    reply = demo.http.get("http://127.0.0.1/volume/", raise_exc=False, authenticated=False)
    assert reply.status_code == 300
    (version,) = reply.json()["versions"]
    assert (version["id"], version["version"], version["min_version"]) == ("v3.0", "3.71", "3.0")
    assert version["links"][1]["href"] == "http://127.0.0.1/volume/v3/"
    reply = demo.http.get("http://127.0.0.1/volume/v3/", raise_exc=False, authenticated=False)
    assert reply.status_code == 401
    assert "x-compute-request-id" not in reply.headers


def test_the_project_may_stand_in_the_path(demo: User, admin: User) -> None:
    id = demo.volume()
    with_project = demo.ok(f"GET volumes/{id}")["volume"]
    without = demo.http.get(f"/volumes/{id}").json()["volume"]
    assert with_project["links"][0]["href"] == f"http://127.0.0.1/volume/v3/{demo.project_id}/volumes/{id}"
    assert without["links"][1]["href"] == f"http://127.0.0.1/volume/volumes/{id}"
    reply = demo.http.get(f"/{admin.project_id}/volumes", raise_exc=False)
    assert reply.json() == {"badRequest": {"code": 400, "message": "Malformed request url"}}


@pytest.mark.parametrize("where", ["GET volumes/", "DELETE volumes", "GET nothing", "PUT volumes/", "GET /"])
def test_a_path_that_is_not_served_is_not_found(demo: User, where: str) -> None:
    assert demo.call(where).status_code == 404


@pytest.mark.parametrize(("version", "where"), [
    ("3.11", "GET volumes/summary"), ("3.26", "GET attachments"), ("3.54", "GET volume-transfers"),
])  # fmt: skip
def test_what_came_later_is_not_found(demo: User, version: str, where: str) -> None:
    assert demo.refused(404, where, version=version) == "The resource could not be found."


# --- a volume's life ---


def test_a_volume_is_made_by_three_processes(cloud: Cloud, demo: User) -> None:
    cloud.trace.clear()
    made = demo.ok("POST volumes", {"volume": {"size": 1, "name": " vol1 "}})["volume"]
    assert made.keys() == KEYS | LATER
    assert (made["status"], made["name"], made["service_uuid"], made["shared_targets"]) == (
        "creating",
        "vol1",
        None,
        True,
    )
    shown = demo.ok(f"GET volumes/{made['id']}")["volume"]
    assert shown.keys() == KEYS | LATER | {"os-vol-tenant-attr:tenant_id"}
    assert (shown["status"], shown["shared_targets"]) == ("available", False)
    assert demo.ok(f"GET volumes/{made['id']}", version="3.0")["volume"].keys() == KEYS | {
        "os-vol-tenant-attr:tenant_id"
    }
    messages = [(e.source, e.operation, e.payload["topic"]) for e in cloud.trace.filter(kind="rpc", phase="cast")]
    assert messages == [
        ("cinder-api", "create_volume", "cinder-scheduler"),
        ("cinder-scheduler", "create_volume", "cinder-volume.controller@lvm.controller"),
    ]


def test_an_admin_sees_where_a_volume_lies(admin: User, demo: User) -> None:
    shown = admin.ok(f"GET volumes/{demo.volume()}")["volume"]
    assert shown["os-vol-host-attr:host"] == "controller@lvm#lvm"
    assert {"migration_status", "os-vol-mig-status-attr:migstat", "provider_id", "cluster_name"} <= shown.keys()


@pytest.mark.parametrize(("volume", "code", "text"), [
    ({"size": None}, 400, "Invalid input received: Volume size 'None' must be an integer and greater than 0"),
    ({"size": 0}, 400, "Invalid input for field/attribute size. Value: 0. 0 is less than the minimum of 1"),
    ({"size": "0"}, 400, "Invalid input received: Volume size '0' must be an integer and greater than 0"),
    ({"size": "#$%"}, 400, "Invalid input for field/attribute size. Value: #$%."),
    ({"availability_zone": "mars"}, 400, "Availability zone 'mars' is invalid."),
    ({"imageRef": "x"}, 400, "Invalid image identifier or unable to access requested image."),
    ({"metadata": {"a": 1}}, 400, "1 is not of type 'string'"),
    ({"metadata": {"a!": "b"}}, 400, "does not match any of the regexes"),
    ({"shoe_size": 1}, 400, "Additional properties are not allowed ('shoe_size' was unexpected)"),
    ({"multiattach": True}, 400, "multiattach parameter has been removed."),
    ({"volume_type": "fast"}, 404, "Volume type with name fast could not be found."),
    ({"snapshot_id": "s"}, 400, "'s' is not valid under any of the given schemas"),
    ({"snapshot_id": UNKNOWN}, 404, f"Snapshot {UNKNOWN} could not be found."),
    ({"source_volid": UNKNOWN}, 404, f"Volume {UNKNOWN} could not be found."),
    ({"group_id": UNKNOWN}, 404, f"Group {UNKNOWN} could not be found."),
])  # fmt: skip
def test_bad_volumes(demo: User, volume: dict[str, Any], code: int, text: str) -> None:
    assert text in demo.refused(code, "POST volumes", {"volume": {"size": 1} | volume})


def test_copies_have_their_sources_size_and_are_no_smaller(demo: User) -> None:
    first = demo.volume(size=2)
    snapshot = demo.ok("POST snapshots", {"snapshot": {"volume_id": first, "name": "s"}})["snapshot"]["id"]
    copies = [demo.volume(size=None, source_volid=first), demo.volume(size=None, snapshot_id=snapshot)]
    shown = [demo.ok(f"GET volumes/{id}")["volume"] for id in copies]
    assert [(v["size"], v["source_volid"], v["snapshot_id"]) for v in shown] == [(2, first, None), (2, None, snapshot)]
    refusals = {
        "source_volid": (first, "original volume size  2GB. They must be >= original volume"),
        "snapshot_id": (snapshot, "the snapshot size 2GB. They must be >= original snapshot"),
    }
    for key, (id, words) in refusals.items():
        message = demo.refused(400, "POST volumes", {"volume": {key: id, "size": 1}})
        assert message == f"Invalid input received: Volume size '1'GB cannot be smaller than {words} size."
    both = {"volume": {"size": 2, "snapshot_id": snapshot, "source_volid": first}}
    assert "May specify only one of backup, imageRef, snapshot, source volume" in demo.refused(
        400, "POST volumes", both
    )
    assert demo.refused(400, f"DELETE volumes/{first}") == UNDELETABLE
    demo.ok(f"DELETE volumes/{first}?cascade=true")
    assert demo.refused(404, f"GET snapshots/{snapshot}") == f"Snapshot {snapshot} could not be found."


def upload(cloud: Cloud, **values: Any) -> str:
    image = {"name": "img", "disk_format": "raw", "container_format": "bare", "os_distro": "cirros"} | values
    images = cloud.connect("demo").image
    id = images.post("/images", json=image).json()["id"]
    images.put(f"/images/{id}/file", data=b"\0" * 512, headers={"Content-Type": "application/octet-stream"})
    return str(id)


def test_a_volume_from_an_image_can_boot(cloud: Cloud, demo: User) -> None:
    image = upload(cloud)
    id = demo.volume(imageRef=image)
    shown = demo.ok(f"GET volumes/{id}")["volume"]
    kept = shown["volume_image_metadata"]
    assert shown["bootable"] == "true"
    assert (kept["image_id"], kept["image_name"], kept["size"], kept["min_disk"]) == (image, "img", "512", "0")
    assert kept["os_distro"] == "cirros"
    copy = demo.ok(f"GET volumes/{demo.volume(source_volid=id)}")["volume"]
    assert (copy["bootable"], copy["volume_image_metadata"]) == ("true", kept)
    act = f"POST volumes/{id}/action"
    made = demo.ok(act, {"os-set_image_metadata": {"metadata": {"arch": "x86_64"}}})["metadata"]
    assert made == kept | {"arch": "x86_64"}
    demo.ok(act, {"os-unset_image_metadata": {"key": "arch"}})
    assert demo.ok(act, {"os-show_image_metadata": None})["metadata"] == kept
    assert "cannot be found" in demo.refused(404, act, {"os-unset_image_metadata": {"key": "arch"}})


def test_an_image_must_be_active_and_fit(cloud: Cloud, demo: User) -> None:
    large, off = upload(cloud, min_disk=2), upload(cloud)
    text = "Volume size 1GB cannot be smaller than the image minDisk size 2GB."
    assert text in demo.refused(400, "POST volumes", {"volume": {"size": 1, "imageRef": large}})
    assert cloud.connect("admin").image.post(f"/images/{off}/actions/deactivate").status_code == 204
    text = demo.refused(400, "POST volumes", {"volume": {"size": 1, "imageRef": off}})
    assert text == f"Invalid input received: Image {off} is not active."


@pytest.mark.parametrize("disk_format", ["raw", "qcow2"])
def test_a_volume_becomes_an_image(cloud: Cloud, demo: User, disk_format: str) -> None:
    id = demo.volume()
    wanted = {"image_name": "from-volume", "disk_format": disk_format}
    reply = demo.call(f"POST volumes/{id}/action", {"os-volume_upload_image": wanted})
    made = reply.json()["os-volume_upload_image"]
    assert (reply.status_code, made["status"], made["image_name"]) == (202, "uploading", "from-volume")
    image = cloud.connect("demo").image.get(f"/images/{made['image_id']}").json()
    assert (image["status"], image["disk_format"], demo.status(id)) == ("active", disk_format, "available")
    kind = made["volume_type"]
    assert (kind["name"], kind["deleted"], kind["qos_specs_id"]) == ("__DEFAULT__", False, None)
    assert {"id", "description", "is_public", "extra_specs", "created_at", "updated_at", "deleted_at"} < kind.keys()
    assert made["updated_at"], "it was updated when it was made"


def test_growing(demo: User) -> None:
    id = demo.volume()
    act = f"POST volumes/{id}/action"
    assert demo.call(act, {"os-extend": {"new_size": 3}}).status_code == 202
    assert demo.ok(f"GET volumes/{id}")["volume"]["size"] == 3
    text = "New size for extend must be greater than current size. (current: 3, extended: 3)."
    assert text in demo.refused(400, act, {"os-extend": {"new_size": 3}})
    demo.ok(act, {"os-reserve": None})
    text = f"Invalid volume: Volume {id} status must be '{{'status': 'available'}}' to extend, currently attaching."
    assert demo.refused(400, act, {"os-extend": {"new_size": 4}}) == text
    demo.ok(act, {"os-unreserve": None})


def test_retyping(admin: User, demo: User) -> None:
    kind = admin.ok("POST types", {"volume_type": {"name": "fast"}})["volume_type"]["id"]
    id = demo.volume()
    act = f"POST volumes/{id}/action"
    assert demo.call(act, {"os-retype": {"new_type": "fast", "migration_policy": "never"}}).status_code == 202
    shown = demo.ok(f"GET volumes/{id}")["volume"]
    assert (shown["volume_type"], shown["volume_type_id"], shown["status"]) == ("fast", kind, "available")
    assert "requested type has to be different" in demo.refused(400, act, {"os-retype": {"new_type": "fast"}})
    assert admin.refused(400, f"DELETE types/{kind}") == "Target volume type is still in use."
    demo.ok(f"DELETE volumes/{id}")
    admin.ok(f"DELETE types/{kind}")


def test_flags_and_states(admin: User, demo: User) -> None:
    id = demo.volume()
    act = f"POST volumes/{id}/action"
    assert demo.call(act, {"os-set_bootable": {"bootable": "True"}}).status_code == 200
    demo.ok(act, {"os-update_readonly_flag": {"readonly": True}})
    shown = demo.ok(f"GET volumes/{id}")["volume"]
    assert (shown["bootable"], shown["metadata"]) == ("true", {"readonly": "True"})
    text = f"Invalid attaching mode 'rw' for volume {id}."
    assert demo.refused(400, act, {"os-attach": {"instance_uuid": SERVER, "mountpoint": "/dev/vdb"}}) == text
    admin.ok(act, {"os-reset_status": {"status": "Maintenance"}})
    assert "during maintenance" in demo.refused(400, f"PUT volumes/{id}", {"volume": {"name": "x"}})
    assert "Volume status: broken is invalid" in admin.refused(400, act, {"os-reset_status": {"status": "broken"}})
    assert "does not have any attachments" in admin.refused(400, act, {"os-reset_status": {"status": "in-use"}})
    assert "There is no such action: os-explode" in demo.refused(400, act, {"os-explode": None})
    assert admin.call(act, {"os-force_delete": {}}).status_code == 202
    assert demo.call(f"GET volumes/{id}").status_code == 404


def test_a_migration_finds_no_other_host(admin: User, demo: User) -> None:
    act = f"POST volumes/{demo.volume()}/action"
    text = admin.refused(400, act, {"os-migrate_volume": {"host": "mars"}})
    assert text == "Invalid host: No available service named 'mars'"
    text = admin.refused(400, act, {"os-migrate_volume": {"host": "controller@lvm#lvm"}})
    assert text.endswith("destination host/cluster must be different than the current one")


def test_metadata(demo: User) -> None:
    id = demo.volume(metadata={"a": "1"})
    snapshot = demo.ok("POST snapshots", {"snapshot": {"volume_id": id, "metadata": {"a": "1"}}})["snapshot"]["id"]
    for path in (f"volumes/{id}/metadata", f"snapshots/{snapshot}/metadata"):
        assert demo.ok(f"POST {path}", {"metadata": {"b": "2"}}) == {"metadata": {"a": "1", "b": "2"}}
        assert demo.ok(f"PUT {path}/a", {"meta": {"a": "3"}}) == {"meta": {"a": "3"}}
        assert demo.refused(400, f"PUT {path}/a", {"meta": {"b": "3"}}) == "Request body and URI mismatch"
        assert demo.call(f"DELETE {path}/b").status_code == 200
        assert "has no metadata with key b." in demo.refused(404, f"GET {path}/b")
        assert demo.ok(f"PUT {path}", {"metadata": {"c": "4"}}) == demo.ok(f"GET {path}") == {"metadata": {"c": "4"}}


# --- lists ---


def test_lists_are_filtered_sorted_and_paged(demo: User, admin: User) -> None:
    made = [demo.volume(name=name, size=size, metadata={"k": name}) for name, size in (("b", 1), ("a", 2), ("c", 1))]

    def names(query: str, version: str = "3.71") -> list[str]:
        return [volume["name"] for volume in demo.ok(f"GET volumes?{query}", version=version)["volumes"]]

    assert names("") == ["c", "a", "b"], "newest first"
    assert names("sort=size:desc,name:asc") == ["a", "b", "c"]
    assert names("sort_key=name&sort_dir=desc") == ["c", "b", "a"]
    assert names(f"sort=size:asc,name:asc&marker={made[0]}") == ["c", "a"]
    assert names("name=a") == names("size=2") == names("metadata={'k': 'a'}") == names("name~=a") == ["a"]
    assert names("bootable=false&status=available&limit=2&offset=1") == ["a", "b"]
    assert names("bootable=x", "3.0") == []
    assert names("shoe=1", "3.30") == ["c", "a", "b"]
    page = demo.ok("GET volumes/detail?limit=2&with_count=true")
    assert (len(page["volumes"]), page["count"]) == (2, 3)
    (link,) = page["volumes_links"]
    assert link["href"].endswith(f"/volumes/detail?limit=2&with_count=true&marker={made[1]}")
    assert demo.ok("GET volumes?limit=0")["volumes"] == []
    found = admin.ok(f"GET volumes?all_tenants=1&project_id={demo.project_id}")["volumes"]
    assert {volume["id"] for volume in found} == set(made)
    assert demo.ok("GET volumes/summary")["volume-summary"] == {
        "total_count": 3, "total_size": 4, "metadata": {"k": ["a", "b", "c"]},
    }  # fmt: skip


@pytest.mark.parametrize(("query", "code", "text"), [
    ("limit=x", 400, "limit param must be an integer"),
    ("limit=-1", 400, "limit param must be positive"),
    ("marker=x", 404, "Volume x could not be found."),
    ("sort_key=shoe", 400, "Invalid input received: Sort key supplied is invalid: shoe"),
    ("sort_dir=up", 400, "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'."),
    ("sort=name&sort_key=name", 400, "The 'sort_key' and 'sort_dir' parameters are deprecated"),
    ("shoe=1", 400, "Invalid filters shoe are found in query options."),
    ("bootable=x", 400, "Invalid input received: 'bootable = x'"),
    ("all_tenants=x", 400, "Value 'x' for 'all_tenants' is not a boolean."),
])  # fmt: skip
def test_bad_lists(demo: User, query: str, code: int, text: str) -> None:
    assert text in demo.refused(code, f"GET volumes/detail?{query}")


FILTERS = {
    "volumes": ("name", "status", "metadata", "bootable", "migration_status", "availability_zone", "group_id", "size",
                "consumes_quota"),
    "backups": ("name", "status", "volume_id"),
    "snapshots": ("name", "status", "volume_id", "metadata", "availability_zone", "consumes_quota"),
    "attachments": ("volume_id", "status", "instance_id", "attach_status"),
    "types": ("is_public", "extra_specs"),
}  # fmt: skip
"""Upstream's resource_filters.json, but for comparisons of times."""


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in FILTERS.items() for name in names])
@pytest.mark.parametrize("who", ["admin", "demo"])
def test_a_list_takes_upstreams_filters(request: pytest.FixtureRequest, who: str, path: str, name: str) -> None:
    value = {"size": "1", "is_public": "None"}.get(name, "true")
    request.getfixturevalue(who).ok(f"GET {path}?{name}={value}")


def test_filters_that_are_no_columns(demo: User) -> None:
    volume = demo.volume()
    demo.ok("POST snapshots", {"snapshot": {"volume_id": volume, "name": "s"}})
    for path in ("volumes", "snapshots"):
        assert len(demo.ok(f"GET {path}?consumes_quota=true")[path]) == 1
        assert demo.ok(f"GET {path}?consumes_quota=false")[path] == []
    assert demo.ok(f"GET volumes?group_id={volume}")["volumes"] == []
    assert len(demo.ok("GET snapshots?availability_zone=nova")["snapshots"]) == 1
    assert demo.ok("GET snapshots?availability_zone=moon")["snapshots"] == []
    assert demo.ok("GET types?is_public=None")["volume_types"]


# --- snapshots ---


def test_snapshots(admin: User, demo: User) -> None:
    id = demo.volume()
    made = demo.ok("POST snapshots", {"snapshot": {"volume_id": id, "name": "s1"}})["snapshot"]
    assert made.keys() == {
        "id", "created_at", "updated_at", "name", "description", "volume_id", "status", "size", "metadata",
        "group_snapshot_id", "user_id", "consumes_quota",
    }  # fmt: skip
    assert made["status"] == "creating"
    shown = demo.ok(f"GET snapshots/{made['id']}")["snapshot"]
    assert (shown["status"], shown["os-extended-snapshot-attributes:progress"]) == ("available", "100%")
    renamed = demo.ok(f"PUT snapshots/{made['id']}", {"snapshot": {"name": "s2"}})["snapshot"]
    assert renamed["name"] == "s2"
    act = f"POST snapshots/{made['id']}/action"
    text = "Snapshot status available not allowed for update_snapshot_status"
    assert demo.refused(400, act, {"os-update_snapshot_status": {"status": "error"}}) == text
    admin.ok(act, {"os-reset_status": {"status": "creating"}})
    demo.ok(act, {"os-update_snapshot_status": {"status": "error", "progress": "50%"}})
    admin.ok(act, {"os-reset_status": {"status": "deleting"}})
    text = "Invalid snapshot: Snapshot status must be available or error and must not be part of a group."
    assert demo.refused(400, f"DELETE snapshots/{made['id']}") == text
    admin.ok(act, {"os-force_delete": {}})
    assert demo.ok("GET snapshots")["snapshots"] == []


def test_only_a_free_volume_is_snapshotted_unless_forced(demo: User) -> None:
    id = demo.volume()
    attach(demo, id)
    body = {"snapshot": {"volume_id": id}}
    text = f"Invalid volume: Volume {id} status must be available, but current status is: in-use."
    assert demo.refused(400, "POST snapshots", body, version="3.65") == text
    demo.ok("POST snapshots", {"snapshot": {"volume_id": id, "force": True}}, version="3.65")
    demo.ok("POST snapshots", body)
    assert "the 'force' flag is invalid" in demo.refused(
        400, "POST snapshots", {"snapshot": {"volume_id": id, "force": 0 > 1}}
    )


# --- attachments ---


def attach(user: User, volume: str, **values: Any) -> str:
    """As Nova attaches: reserve, connect, complete."""
    body = {"attachment": {"volume_uuid": volume, "instance_uuid": SERVER, "connector": None} | values}
    id = user.ok("POST attachments", body)["attachment"]["id"]
    user.ok(f"PUT attachments/{id}", {"attachment": {"connector": CONNECTOR}})
    user.ok(f"POST attachments/{id}/action", {"os-complete": None})
    return str(id)


def test_attach_and_detach_as_nova_does(cloud: Cloud, demo: User) -> None:
    volume = demo.volume()
    body = {"attachment": {"volume_uuid": volume, "instance_uuid": SERVER, "connector": None}}
    made = demo.ok("POST attachments", body, version="3.44")["attachment"]
    id = made["id"]
    assert made == {
        "id": id, "status": "reserved", "instance": SERVER, "volume_id": volume, "attached_at": "", "detached_at": "",
        "attach_mode": "null", "connection_info": {},
    }  # fmt: skip
    assert demo.status(volume) == "reserved"
    text = f"Invalid volume: Volume {volume} status must be available or downloading to reserve, but the current status"
    other = {"attachment": {"volume_uuid": volume, "instance_uuid": UNKNOWN}}
    assert demo.refused(400, "POST attachments", other) == f"{text} is reserved."
    cloud.trace.clear()
    shown = demo.ok(f"PUT attachments/{id}", {"attachment": {"connector": CONNECTOR}})["attachment"]
    assert [e.operation for e in cloud.trace.filter(kind="rpc", phase="call")] == ["attachment_update"]
    assert (shown["status"], shown["attach_mode"]) == ("reserved", "null"), "as it was before the call"
    assert shown["connection_info"]["target_iqn"].endswith(volume)
    assert demo.status(volume) == "attaching"
    assert demo.call(f"POST attachments/{id}/action", {"os-complete": None}).status_code == 204
    (inside,) = demo.ok(f"GET volumes/{volume}")["volume"]["attachments"]
    assert (inside["server_id"], inside["device"], inside["host_name"]) == (SERVER, "/dev/sdb", None)
    (listed,) = demo.ok(f"GET attachments?instance_id={SERVER}")["attachments"]
    assert listed == {"id": id, "status": "attached", "instance": SERVER, "volume_id": volume}
    assert demo.refused(400, f"DELETE volumes/{volume}") == UNDELETABLE
    demo.ok(f"POST volumes/{volume}/action", {"os-begin_detaching": None})
    assert demo.status(volume) == "detaching"
    demo.ok(f"POST volumes/{volume}/action", {"os-roll_detaching": None})
    assert demo.ok(f"DELETE attachments/{id}") == {"attachments": []}
    assert demo.status(volume) == "available"
    assert demo.refused(404, f"GET attachments/{id}") == (
        f"Volume attachment could not be found with filter: attachment_id = {id}."
    )


def test_an_instance_that_moves_reserves_its_volume_twice(demo: User) -> None:
    volume = demo.volume()
    attach(demo, volume)
    body = {"attachment": {"volume_uuid": volume, "instance_uuid": SERVER}}
    second = demo.ok("POST attachments", body)["attachment"]["id"]
    text = f"Resource conflict: duplicate connectors detected on volume {volume}"
    assert demo.refused(409, f"PUT attachments/{second}", {"attachment": {"connector": CONNECTOR}}) == text
    demo.ok(f"PUT attachments/{second}", {"attachment": {"connector": CONNECTOR | {"host": "compute3"}}})


def test_attach_and_detach_as_before_there_were_attachments(demo: User) -> None:
    volume = demo.volume()
    act = f"POST volumes/{volume}/action"
    demo.ok(act, {"os-reserve": None})
    text = "Invalid volume: Volume status must be available to reserve, but the status is attaching."
    assert demo.refused(400, act, {"os-reserve": None}) == text
    info = demo.ok(act, {"os-initialize_connection": {"connector": CONNECTOR}})["connection_info"]
    assert (info["driver_volume_type"], info["data"]["target_lun"]) == ("iscsi", 1)
    demo.ok(act, {"os-attach": {"instance_uuid": SERVER, "mountpoint": "/dev/vdc"}})
    shown = demo.ok(f"GET volumes/{volume}")["volume"]
    assert (shown["status"], shown["attachments"][0]["device"]) == ("in-use", "/dev/vdc")
    assert shown["metadata"] == {"readonly": "False", "attached_mode": "rw"}
    demo.ok(act, {"os-terminate_connection": {"connector": CONNECTOR}})
    demo.ok(act, {"os-detach": {}})
    assert demo.ok(f"GET volumes/{volume}")["volume"]["metadata"] == {"readonly": "False"}
    assert demo.status(volume) == "available"


def test_a_type_may_let_volumes_be_shared(admin: User, demo: User) -> None:
    specs = {"name": "shared", "extra_specs": {"multiattach": "<is> True"}}
    kind = admin.ok("POST types", {"volume_type": specs})["volume_type"]["id"]
    volume = demo.volume(volume_type="shared")
    assert attach(demo, volume) != attach(demo, volume, instance_uuid=UNKNOWN)
    assert len(demo.ok(f"GET volumes/{volume}")["volume"]["attachments"]) == 2
    for attachment in demo.ok("GET attachments")["attachments"]:
        demo.ok(f"DELETE attachments/{attachment['id']}")
    demo.ok(f"DELETE volumes/{volume}")
    admin.ok(f"DELETE types/{kind}")


# --- types ---


def test_types(admin: User, demo: User) -> None:
    default = demo.ok("GET types/default")["volume_type"]
    assert default.keys() == {
        "id", "name", "is_public", "description", "extra_specs", "os-volume-type-access:is_public",
    }  # fmt: skip
    body = {"volume_type": {"name": "gold", "extra_specs": {"secret": "1"}, "os-volume-type-access:is_public": False}}
    kind = admin.ok("POST types", body)["volume_type"]["id"]
    assert admin.refused(409, "POST types", body) == "Volume Type gold already exists."
    assert demo.refused(404, f"GET types/{kind}") == f"Volume type {kind} could not be found."
    demo.refused(403, "POST types", body)
    access = {"project": demo.project_id}
    assert admin.call(f"POST types/{kind}/action", {"addProjectAccess": access}).status_code == 202
    admin.refused(409, f"POST types/{kind}/action", {"addProjectAccess": access})
    assert demo.ok(f"GET types/{kind}")["volume_type"]["extra_specs"] == {}, "not for users to see"
    assert {t["name"] for t in demo.ok("GET types")["volume_types"]} == {"__DEFAULT__", "gold"}
    (row,) = admin.ok(f"GET types/{kind}/os-volume-type-access")["volume_type_access"]
    assert row == {"volume_type_id": kind, "project_id": demo.project_id}
    admin.ok(f"POST types/{kind}/action", {"removeProjectAccess": access})
    changed = admin.ok(f"PUT types/{kind}", {"volume_type": {"is_public": True, "description": "d"}})["volume_type"]
    assert (changed["is_public"], changed["description"]) == (True, "d")
    text = "Access list not available for public volume types."
    assert admin.refused(404, f"GET types/{kind}/os-volume-type-access") == text
    admin.ok(f"DELETE types/{kind}")
    text = f"The volume type {default['id']} is a default volume type and cannot be deleted."
    assert admin.refused(400, f"DELETE types/{default['id']}") == text


def test_extra_specs_choose_the_backend(admin: User, demo: User) -> None:
    kind = admin.ok("POST types", {"volume_type": {"name": "tape"}})["volume_type"]["id"]
    path = f"types/{kind}/extra_specs"
    specs = {"extra_specs": {"vendor_name": "Tape", "provisioning:max_vol_size": "5"}}
    assert admin.ok(f"POST {path}", specs) == admin.ok(f"GET {path}") == specs
    assert admin.ok(f"PUT {path}/vendor_name", {"vendor_name": "None"}) == {"vendor_name": "None"}
    text = "greater than the maximum allowable size of '5' for volume type 'tape'."
    assert text in demo.refused(400, "POST volumes", {"volume": {"size": 6, "volume_type": kind}})
    volume = demo.volume(volume_type="tape")
    assert demo.status(volume) == "error", "no backend is of that vendor"
    assert admin.refused(400, f"DELETE {path}/vendor_name") == "Volume Type is currently in use."
    demo.ok(f"DELETE volumes/{volume}")
    assert admin.call(f"DELETE {path}/vendor_name").status_code == 202
    assert "has no extra specs with key vendor_name." in admin.refused(404, f"GET {path}/vendor_name")
    admin.ok(f"DELETE types/{kind}")


def test_a_project_has_a_default_type_of_its_own(admin: User, demo: User) -> None:
    kind = admin.ok("POST types", {"volume_type": {"name": "mine"}})["volume_type"]["id"]
    path = f"default-types/{demo.project_id}"
    assert admin.call(f"GET {path}").status_code == 404
    wanted = {"default_type": {"project_id": demo.project_id, "volume_type_id": kind}}
    assert admin.ok(f"PUT {path}", {"default_type": {"volume_type": "mine"}}) == admin.ok(f"GET {path}") == wanted
    assert demo.ok("GET types/default")["volume_type"]["name"] == "mine"
    assert admin.call(f"DELETE types/{kind}").status_code == 400
    assert admin.call(f"DELETE {path}").status_code == 204
    admin.ok(f"DELETE types/{kind}")


# --- transfers, quotas, services ---


def test_a_volume_goes_to_another_project(admin: User, demo: User) -> None:
    volume = demo.volume(name="gift")
    demo.ok("POST snapshots", {"snapshot": {"volume_id": volume}})
    offer = demo.ok("POST volume-transfers", {"transfer": {"volume_id": volume, "name": "offer"}})["transfer"]
    assert demo.status(volume) == "awaiting-transfer"
    accept = f"POST volume-transfers/{offer['id']}/accept"
    text = f"Invalid auth key: Attempt to transfer {offer['id']} with invalid auth key."
    assert admin.refused(400, accept, {"accept": {"auth_key": "x"}}) == text
    admin.ok(accept, {"accept": {"auth_key": offer["auth_key"]}})
    assert demo.call(f"GET volumes/{volume}").status_code == 404
    assert admin.status(volume) == "available"
    assert admin.call(accept, {"accept": {"auth_key": offer["auth_key"]}}).status_code == 404
    admin.ok(f"DELETE volumes/{volume}?cascade=true")
    kept = demo.volume()
    offer = demo.ok("POST os-volume-transfer", {"transfer": {"volume_id": kept}}, version="3.0")["transfer"]
    assert "auth_key" not in demo.ok(f"GET os-volume-transfer/{offer['id']}")["transfer"]
    demo.ok(f"DELETE os-volume-transfer/{offer['id']}")
    assert demo.status(kept) == "available"


def test_quotas_are_held_as_recorded(admin: User, demo: User) -> None:
    path = f"os-quota-sets/{demo.project_id}"
    set_ = admin.ok(f"PUT {path}", {"quota_set": {"volumes": 1, "gigabytes": 3}})["quota_set"]
    assert (set_["volumes"], set_["snapshots___DEFAULT__"], set_["groups"]) == (1, -1, 10)
    volume = demo.volume(size=2)
    reply = demo.call("POST volumes", {"volume": {"size": 1}})
    text = "VolumeLimitExceeded: Maximum number of volumes allowed (1) exceeded for quota 'volumes'."
    assert reply.status_code == 413
    assert reply.json() == {"overLimit": {"code": 413, "message": text, "retryAfter": "0"}}
    assert reply.headers["Retry-After"] == "0"
    text = (
        "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested 2G, "
    )
    text += "quota is 3G and 2G has been consumed."
    assert demo.refused(413, f"POST volumes/{volume}/action", {"os-extend": {"new_size": 4}}) == text
    assert demo.refused(413, "POST snapshots", {"snapshot": {"volume_id": volume}}) == text
    shown = demo.ok(f"GET {path}?usage=True")["quota_set"]
    assert shown["gigabytes"] == {"limit": 3, "in_use": 2, "reserved": 0}
    assert shown["volumes___DEFAULT__"]["in_use"] == 1
    admin.ok(f"PUT {path}", {"quota_set": {"volumes___DEFAULT__": 0}})  # its first limit may be less than there is
    message = admin.refused(400, f"PUT {path}", {"quota_set": {"gigabytes": 1}})
    assert message.endswith("Current usage is 2 and the requested limit is 1.")
    assert "Bad key(s) in quota set: shoes" in admin.refused(400, f"PUT {path}", {"quota_set": {"shoes": 1}})
    demo.refused(403, f"PUT {path}", {"quota_set": {"volumes": 5}})
    demo.refused(403, f"GET os-quota-sets/{admin.project_id}")
    absolute = demo.ok("GET limits")["limits"]["absolute"]
    assert (absolute["maxTotalVolumes"], absolute["totalVolumesUsed"], absolute["totalGigabytesUsed"]) == (1, 1, 2)
    admin.ok(f"DELETE {path}")
    assert (
        admin.ok(f"GET {path}/defaults")["quota_set"]["volumes"] == demo.ok(f"GET {path}")["quota_set"]["volumes"] == -1
    )
    admin.ok("PUT os-quota-class-sets/default", {"quota_class_set": {"backups": 4}})
    assert demo.ok(f"GET {path}")["quota_set"]["backups"] == 4


def test_services(cloud: Cloud, admin: User, demo: User) -> None:
    volume, scheduler, backup = admin.ok("GET os-services", version="3.32")["services"]
    assert (backup["binary"], backup.keys()) == ("cinder-backup", scheduler.keys())
    assert (volume["binary"], volume["host"], volume["state"]) == ("cinder-volume", "controller@lvm", "up")
    assert scheduler.keys() | {"replication_status", "active_backend_id", "frozen"} == volume.keys()
    demo.refused(403, "GET os-services")
    body = {"host": "controller@lvm", "binary": "cinder-volume"}
    admin.ok("PUT os-services/disable-log-reason", body | {"disabled_reason": "disks"})
    assert demo.status(demo.volume()) == "error", "nobody takes volumes"
    assert admin.ok("GET os-services?binary=cinder-volume")["services"][0]["disabled_reason"] == "disks"
    admin.ok("PUT os-services/enable", body)
    admin.refused(400, "PUT os-services/disable-log-reason", body | {"disabled_reason": None})
    admin.refused(404, "PUT os-services/enable", body | {"host": "mars"})
    assert admin.refused(400, "PUT os-services/freeze", {"host": "mars"}) == "No service found with host=mars"
    id = demo.volume()
    admin.ok("PUT os-services/freeze", {"host": "controller@lvm"})
    assert "frozen storage backends" in demo.refused(400, f"DELETE volumes/{id}")
    admin.ok("PUT os-services/thaw", {"host": "controller@lvm"})
    admin.refused(400, "PUT os-services/failover_host", {"host": "controller@lvm"})
    cloud.stop("cinder-volume")
    assert demo.status(demo.volume()) == "error"
    assert admin.ok("GET os-services?host=controller@lvm")["services"][0]["state"] == "down"
    cloud.start("cinder-volume")


def test_hosts_pools_zones_and_extensions(admin: User, demo: User) -> None:
    demo.volume(size=3)
    (total, mine) = admin.ok("GET os-hosts/controller@lvm")["host"]
    assert (total["resource"]["project"], total["resource"]["total_volume_gb"]) == ("(total)", "3")
    assert (mine["resource"]["project"], mine["resource"]["volume_count"]) == (demo.project_id, "1")
    assert len(admin.ok("GET os-hosts")["hosts"]) == 3
    (pool,) = admin.ok("GET scheduler-stats/get_pools?detail=true")["pools"]
    assert (pool["name"], pool["capabilities"]["vendor_name"]) == ("controller@lvm#lvm", "Open Source")
    assert admin.ok("GET scheduler-stats/get_pools?name=x")["pools"] == []
    zones = demo.ok("GET os-availability-zone")["availabilityZoneInfo"]
    assert zones == [{"zoneName": "nova", "zoneState": {"available": True}}]
    assert "os-volume-actions" in {extension["alias"] for extension in demo.ok("GET extensions")["extensions"]}


# --- the core alone ---------------------------------------------------------------------------------------------------


def test_the_core_alone_attaches_and_detaches_what_a_whole_cloud_made(tmp_path: Path) -> None:
    names = ("admin", "demo", "nova", "neutron", "cinder", "glance", "placement", "swift", "trove")
    folder = {"database_dir": str(tmp_path), "image_dir": str(tmp_path / "i"), "object_dir": str(tmp_path / "o")}
    config = Config(hosts=0, password_hash_cost=16, **folder)
    volume = User(Cloud(config, trace=False, passwords=dict.fromkeys(names, "x")).connect("demo")).volume()
    core = Cloud(config, trace=False, extensions=False, passwords=dict.fromkeys(names, "x"))
    demo, nova = User(core.connect("demo")), core.rest("nova-compute", "nova", "volume")
    assert demo.status(volume) == "available"
    attach(demo, volume)
    assert demo.status(volume) == "in-use"
    query = {"instance_id": SERVER, "all_tenants": "1"}
    path, version = f"/v3/{core.service_project}/attachments", {"OpenStack-API-Version": "volume 3.44"}
    (found,) = nova.request("GET", path, params=query, headers=version).json()["attachments"]
    nova.request("DELETE", f"{path}/{found['id']}", headers=version)
    assert demo.status(volume) == "available"
    assert demo.call("GET volumes").status_code == 404
