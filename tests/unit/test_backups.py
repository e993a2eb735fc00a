"""Cinder's backups: what the API says, what lies in Swift, and what becomes of what fails."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from oslearn import Cloud
from oslearn.cloud import Connection
from oslearn.core.config import Config
from unit.test_cinder import UNKNOWN, User

KEYS = {
    "id", "status", "size", "object_count", "availability_zone", "container", "created_at", "updated_at", "name",
    "description", "fail_reason", "volume_id", "links", "is_incremental", "has_dependent_backups", "snapshot_id",
    "data_timestamp",
}  # fmt: skip


@pytest.fixture
def cloud() -> Cloud:
    return Cloud(Config(password_hash_cost=16), seed=7)


@pytest.fixture
def connection(cloud: Cloud) -> Connection:
    return cloud.connect("demo")


@pytest.fixture
def demo(connection: Connection) -> User:
    return User(connection)


@pytest.fixture
def admin(cloud: Cloud) -> User:
    return User(cloud.connect("admin"))


def backup(user: User, volume: str, **more: Any) -> str:
    return str(user.ok("POST backups", {"backup": {"volume_id": volume} | more})["backup"]["id"])


def shown(user: User, id: str, version: str = "3.71") -> Any:
    return user.ok(f"GET backups/{id}", version=version)["backup"]


def objects(connection: Connection, container: str = "volumebackups") -> dict[str, bytes]:
    """What lies in the user's container."""
    account, swift = f"/AUTH_{connection.project_id}", connection.object_store
    names = swift.get(f"{account}/{container}").text.split()
    return {name: swift.get(f"{account}/{container}/{name}").content for name in names}


def test_a_backup_lies_in_the_users_swift(demo: User, connection: Connection) -> None:
    volume = demo.volume(metadata={"a": "b"}, description="words")
    made = demo.ok("POST backups", {"backup": {"volume_id": volume, "name": " b "}})["backup"]
    assert set(made) == {"id", "name", "links"}
    one = shown(demo, made["id"])
    assert set(one) == KEYS | {"metadata"}
    assert (one["status"], one["name"], one["size"], one["container"]) == ("available", "b", 1, "volumebackups")
    assert one["data_timestamp"] == one["created_at"]
    assert demo.status(volume) == "available"
    found = objects(connection)
    (prefix,) = {name.rpartition("_metadata")[0] for name in found if name.endswith("_metadata")}
    assert prefix == f"volume_{volume}/20260101000000/az_nova_backup_{made['id']}"
    assert set(found) == {f"{prefix}-00001", f"{prefix}_metadata", f"{prefix}_sha256file"}
    assert zlib.decompress(found[f"{prefix}-00001"]) == bytes(512)
    about = json.loads(found[f"{prefix}_metadata"])
    assert (about["backup_id"], about["volume_id"], about["version"]) == (made["id"], volume, "1.0.0")
    assert json.loads(about["volume_meta"])["volume-metadata"] == {"a": "b"}


def test_each_microversion_shows_what_it_knows(demo: User, admin: User) -> None:
    id = backup(demo, demo.volume(), metadata={"k": "v"})
    assert set(shown(demo, id, "3.0")) == KEYS
    assert shown(demo, id, "3.43")["metadata"] == {"k": "v"}
    assert shown(admin, id, "3.18")["os-backup-project-attr:project_id"] == demo.project_id
    assert "user_id" not in shown(admin, id, "3.55")
    assert "user_id" in shown(admin, id, "3.56")
    for field, version in (("metadata", "3.42"), ("availability_zone", "3.50")):
        body = {"backup": {"volume_id": UNKNOWN, field: {} if field == "metadata" else "nova"}}
        assert "Additional properties are not allowed" in demo.refused(400, "POST backups", body, version)
    demo.refused(404, f"PUT backups/{id}", {"backup": {"name": "x"}}, "3.8")


def test_an_incremental_one_stores_what_has_changed(demo: User, connection: Connection) -> None:
    volume = demo.volume()
    words = "Invalid backup: No backups available to do an incremental backup."
    assert demo.refused(400, "POST backups", {"backup": {"volume_id": volume, "incremental": True}}) == words
    full = backup(demo, volume)
    more = backup(demo, volume, incremental=True)
    assert (shown(demo, more)["is_incremental"], shown(demo, more)["object_count"]) == (True, 0)
    assert shown(demo, full)["has_dependent_backups"] is True
    assert demo.refused(400, f"DELETE backups/{full}") == "Invalid backup: Incremental backups exist for this backup."
    assert demo.ok(f"POST backups/{more}/restore", {"restore": {"volume_id": volume}})["restore"]["volume_id"] == volume
    assert demo.status(volume) == "available"
    demo.ok(f"DELETE backups/{more}")
    assert shown(demo, full)["has_dependent_backups"] is False
    demo.ok(f"DELETE backups/{full}")
    assert (demo.ok("GET backups")["backups"], objects(connection)) == ([], {})


def test_a_backup_of_a_snapshot(demo: User) -> None:
    volume, other = demo.volume(), demo.volume()
    snapshot = demo.ok("POST snapshots", {"snapshot": {"volume_id": volume}})["snapshot"]["id"]
    one = shown(demo, backup(demo, volume, snapshot_id=snapshot, container="mine", availability_zone="nova"))
    assert (one["status"], one["snapshot_id"], one["container"]) == ("available", snapshot, "mine")
    assert one["data_timestamp"] == demo.ok(f"GET snapshots/{snapshot}")["snapshot"]["created_at"]
    assert demo.status(snapshot, "snapshot") == "available"
    text = demo.refused(400, "POST backups", {"backup": {"volume_id": other, "snapshot_id": snapshot}})
    assert text == f"Invalid volume: Volume {other} does not match with snapshot.volume_id {volume}."


def test_a_volume_in_use_needs_force(demo: User, admin: User) -> None:
    volume = demo.volume()
    demo.ok(f"POST volumes/{volume}/action", {"os-attach": {"mountpoint": "/dev/vdb", "host_name": "h"}})
    text = demo.refused(400, "POST backups", {"backup": {"volume_id": volume}})
    assert text == "Invalid volume: Backing up an in-use volume must use the force flag."
    assert shown(demo, backup(demo, volume, force=True))["status"] == "available"
    assert demo.status(volume) == "in-use"
    admin.ok(f"POST volumes/{volume}/action", {"os-reset_status": {"status": "error"}})
    text = demo.refused(400, "POST backups", {"backup": {"volume_id": volume}})
    words = 'Volume to be backed up must be available or in-use, but the current status is "error".'
    assert text == f"Invalid volume: {words}"


def test_it_is_restored_into_a_new_volume_that_is_named_like_the_old(demo: User) -> None:
    volume = demo.volume(metadata={"a": "b"}, description="words")
    id = backup(demo, volume)
    demo.ok(f"DELETE volumes/{volume}")
    made = demo.ok(f"POST backups/{id}/restore", {"restore": {}})["restore"]
    assert (made["backup_id"], made["volume_name"]) == (id, f"restore_backup_{id}")
    new = demo.ok(f"GET volumes/{made['volume_id']}")["volume"]
    assert (new["status"], new["name"], new["description"]) == ("available", "vol", "words")
    assert new["metadata"] == {"a": "b", "src_backup_id": id}
    named = demo.ok(f"POST backups/{id}/restore", {"restore": {"name": "other"}})["restore"]["volume_id"]
    assert demo.ok(f"GET volumes/{named}")["volume"]["name"] == "other"
    assert shown(demo, id)["status"] == "available"


def test_a_volume_is_made_from_a_backup(demo: User) -> None:
    id = backup(demo, demo.volume(size=2))
    made = demo.ok("POST volumes", {"volume": {"backup_id": id, "name": "copy"}})["volume"]["id"]
    volume = demo.ok(f"GET volumes/{made}")["volume"]
    assert (volume["status"], volume["size"], volume["name"]) == ("available", 2, "copy")
    text = demo.refused(400, "POST volumes", {"volume": {"backup_id": id, "size": 1}})
    least = "cannot be smaller than the backup size 2GB. It must be >= backup size."
    assert text == f"Invalid input received: Volume size 1GB {least}"
    assert demo.refused(404, "POST volumes", {"volume": {"backup_id": UNKNOWN}}) == (
        f"Backup {UNKNOWN} could not be found."
    )
    old = demo.ok("POST volumes", {"volume": {"backup_id": id, "size": 1}}, "3.46")["volume"]
    assert old["size"] == 1


def test_what_a_restore_refuses(demo: User, admin: User) -> None:
    small, id = demo.volume(), backup(demo, demo.volume(size=2))
    restore = {"restore": {"volume_id": small}}
    words = "Invalid volume: volume size 1 is too small to restore backup of size 2."
    assert demo.refused(400, f"POST backups/{id}/restore", restore) == words
    admin.ok(f"POST volumes/{small}/action", {"os-reset_status": {"status": "error"}})
    words = "Invalid volume: Volume to be restored to must be available"
    assert demo.refused(400, f"POST backups/{id}/restore", restore) == words
    admin.ok(f"POST backups/{id}/action", {"os-reset_status": {"status": "error"}})
    assert demo.refused(400, f"POST backups/{id}/restore", restore) == "Invalid backup: Backup status must be available"


def test_the_admin_sets_its_status(demo: User, admin: User) -> None:
    id = backup(demo, demo.volume())
    words = "Backup status: deleting is invalid, valid statuses are: ['available', 'error']."
    assert words in admin.refused(400, f"POST backups/{id}/action", {"os-reset_status": {"status": "deleting"}})
    admin.refused(400, f"POST backups/{id}/action", {"os-reset_status": {}})
    demo.refused(403, f"POST backups/{id}/action", {"os-reset_status": {"status": "error"}})
    admin.ok(f"POST backups/{id}/action", {"os-reset_status": {"status": "ERROR"}})
    assert shown(demo, id)["status"] == "error"
    admin.ok(f"POST backups/{id}/action", {"os-force_delete": {}})
    demo.refused(404, f"GET backups/{id}")


def test_without_swift_it_fails_and_says_why(cloud: Cloud, demo: User) -> None:
    volume, good = demo.volume(), backup(demo, demo.volume())
    cloud.stop("swift-proxy-server")
    bad = shown(demo, backup(demo, volume))
    assert (bad["status"], demo.status(volume)) == ("error", "available")
    assert bad["fail_reason"]
    demo.ok(f"POST backups/{good}/restore", {"restore": {"volume_id": volume}})
    assert (shown(demo, good)["status"], demo.status(volume)) == ("available", "error_restoring")
    made = demo.ok(f"POST backups/{good}/restore", {"restore": {}})["restore"]["volume_id"]
    assert (shown(demo, good)["status"], demo.status(made)) == ("available", "error")


def test_without_cinder_backup(cloud: Cloud, demo: User, admin: User) -> None:
    volume, good = demo.volume(), backup(demo, demo.volume())
    cloud.stop("cinder-backup")
    bad = shown(demo, backup(demo, volume))
    assert (bad["status"], bad["fail_reason"]) == ("error", "Service not found for creating backup.")
    assert demo.status(volume) == "available"
    for where, body in ((f"DELETE backups/{good}", None), (f"POST backups/{good}/restore", {"restore": {}})):
        assert demo.refused(404, where, body) == "Service cinder-backup could not be found."
    states = {one["binary"]: one["state"] for one in admin.ok("GET os-services")["services"]}
    assert states == {"cinder-volume": "up", "cinder-scheduler": "up", "cinder-backup": "down"}
    cloud.start("cinder-backup")
    demo.ok(f"DELETE backups/{good}")


def test_the_messages_of_a_backup(cloud: Cloud, demo: User) -> None:
    volume = demo.volume()
    cloud.trace.clear()
    backup(demo, volume)
    demo.ok("GET backups")
    casts = [(e.source, e.operation) for e in cloud.trace.events if e.kind == "rpc" and e.phase in ("cast", "call")]
    assert casts == [
        ("cinder-api", "create_backup"), ("cinder-scheduler", "create_backup"), ("cinder-backup", "get_backup_device"),
        ("cinder-volume", "continue_backup"), ("cinder-backup", "initialize_connection"),
        ("cinder-backup", "terminate_connection"),
    ]  # fmt: skip


def test_lists(demo: User, admin: User) -> None:
    one, two = demo.volume(), demo.volume()
    ids = [backup(demo, volume, name=name) for volume, name in ((one, "b"), (two, "a"))]
    assert [found["id"] for found in demo.ok("GET backups")["backups"]] == ids[::-1]
    assert [found["name"] for found in demo.ok("GET backups?sort=name:asc")["backups"]] == ["a", "b"]
    assert [found["id"] for found in demo.ok(f"GET backups/detail?volume_id={one}")["backups"]] == ids[:1]
    assert admin.ok("GET backups")["backups"] == []
    assert len(admin.ok("GET backups?all_tenants=1")["backups"]) == 2
    page = demo.ok("GET backups?limit=1&with_count=1")
    assert (page["count"], len(page["backups_links"])) == (2, 1)
    changed = demo.ok(f"PUT backups/{ids[0]}", {"backup": {"name": "new", "metadata": {"x": "y"}}})["backup"]
    assert (changed["name"], shown(demo, ids[0])["metadata"]) == ("new", {"x": "y"})
