"""A user of `cinder`, the classic command."""

import openstack
from steps import admin, fields, rows, run, same, step, wait

conn = openstack.connect()


def status(volume: str, kind: str = "show") -> str:
    return fields(run("cinder", kind, volume))["status"]


with step("volume types"):
    assert rows(run("cinder", "type-list"))
with step("volume"):
    run("cinder", "create", "1", "--name", "cinder-volume", "--metadata", "role=data", "--poll")
    same(status("cinder-volume"), "available")
    assert "cinder-volume" in [row["Name"] for row in rows(run("cinder", "list"))]
with step("name and metadata"):
    run("cinder", "rename", "cinder-volume", "cinder-volume2", "--description", "renamed")
    run("cinder", "metadata", "cinder-volume2", "set", "role=log")
    assert "role : log" in fields(run("cinder", "show", "cinder-volume2"))["metadata"]
with step("extend"):
    run("cinder", "extend", "cinder-volume2", "2")
    wait(lambda: fields(run("cinder", "show", "cinder-volume2"))["size"], "2")
with step("snapshot"):
    run("cinder", "snapshot-create", "--name", "cinder-snapshot", "cinder-volume2")
    wait(lambda: status("cinder-snapshot", "snapshot-show"), "available")
    same(rows(run("cinder", "snapshot-list"))[0]["Name"], "cinder-snapshot")
with step("volume of a snapshot"):
    snapshot = fields(run("cinder", "snapshot-show", "cinder-snapshot"))["id"]
    run("cinder", "create", "--snapshot-id", snapshot, "--name", "cinder-copy", "--poll")
    same(status("cinder-copy"), "available")
with step("volume of a volume and of an image"):
    source = fields(run("cinder", "show", "cinder-copy"))["id"]
    run("cinder", "create", "--source-volid", source, "--name", "cinder-clone", "--poll")
    run("cinder", "create", "1", "--image", "cirros", "--name", "cinder-boot", "--poll")
    assert "cirros" in run("cinder", "show", "cinder-boot")
with step("image of a volume"):
    run("cinder", "upload-to-image", "cinder-copy", "cinder-image")
    wait(lambda: conn.get_image("cinder-image").status, "active")
    wait(lambda: status("cinder-copy"), "available")
    conn.delete_image("cinder-image")
with step("transfer"):
    offer = fields(run("cinder", "transfer-create", "cinder-clone", "--name", "cinder-gift"))
    same(status("cinder-clone"), "awaiting-transfer")
    run("cinder", "transfer-accept", offer["id"], offer["auth_key"])
    same(status("cinder-clone"), "available")
with step("limits and quotas"):
    assert "totalVolumesUsed" in run("cinder", "absolute-limits")
    assert "gigabytes" in run("cinder", "quota-show", conn.current_project_id)
    run("cinder", "availability-zone-list")
with step("delete"):
    run("cinder", "snapshot-delete", "cinder-snapshot")
    wait(lambda: rows(run("cinder", "snapshot-list")), [])
    run("cinder", "delete", "cinder-volume2", "cinder-copy", "cinder-clone", "cinder-boot")
    wait(lambda: [row for row in rows(run("cinder", "list")) if row["Name"].startswith("cinder-")], [])
with step("what an administrator does"):
    for word in ("service-list", "get-pools"):
        run("cinder", word, **admin())
    run("cinder", "type-create", "cinder-type", **admin())
    run("cinder", "type-key", "cinder-type", "set", "volume_backend_name=fast", **admin())
    assert "fast" in run("cinder", "extra-specs-list", **admin())
    run("cinder", "type-delete", "cinder-type", **admin())
