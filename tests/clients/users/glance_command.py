"""A user of `glance`, the classic command."""

from pathlib import Path

from steps import admin, fields, rows, run, same, step

DATA = bytes(range(256)) * 4096
Path("one.img").write_bytes(DATA)

with step("upload"):
    words = ("--name", "glance-image", "--disk-format", "raw", "--container-format", "bare", "--file", "one.img")
    made = fields(run("glance", "image-create", *words))
    same((made["status"], made["size"]), ("active", str(len(DATA))))
with step("lists"):
    assert made["id"] in [row["ID"] for row in rows(run("glance", "image-list"))]
    assert "glance-image" in run("glance", "image-show", made["id"])
with step("properties and tags"):
    run("glance", "image-update", made["id"], "--property", "os_distro=cirros", "--name", "glance-image2")
    run("glance", "image-tag-update", made["id"], "glance-tag")
    shown = fields(run("glance", "image-show", made["id"]))
    same((shown["os_distro"], shown["name"]), ("cirros", "glance-image2"))
    assert "glance-tag" in shown["tags"]
with step("download"):
    run("glance", "image-download", made["id"], "--file", "two.img")
    assert Path("two.img").read_bytes() == DATA
with step("in two steps, by import"):
    words = ("--name", "glance-imported", "--disk-format", "raw", "--container-format", "bare")
    imported = fields(run("glance", "image-create", *words))
    run("glance", "image-stage", imported["id"], "--file", "one.img")
    run("glance", "image-import", imported["id"], "--import-method", "glance-direct")
    same(fields(run("glance", "image-show", imported["id"]))["status"], "active")
    run("glance", "image-delete", imported["id"])
with step("shared with another project"):
    run("glance", "image-update", made["id"], "--visibility", "shared")
    run("glance", "member-create", made["id"], "11111111111111111111111111111111")
    same(rows(run("glance", "member-list", "--image-id", made["id"]))[0]["Status"], "pending")
    run("glance", "member-delete", made["id"], "11111111111111111111111111111111")
with step("deactivated and back, as administrator"):
    run("glance", "image-deactivate", made["id"], **admin())
    same(fields(run("glance", "image-show", made["id"]))["status"], "deactivated")
    run("glance", "image-reactivate", made["id"], **admin())
with step("what the service says of itself"):
    assert "stores" in fields(run("glance", "stores-info"))
    assert "import-methods" in fields(run("glance", "import-info"))
with step("delete"):
    run("glance", "image-delete", made["id"])
    assert made["id"] not in run("glance", "image-list")
