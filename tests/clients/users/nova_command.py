"""A user of `nova`, the classic command."""

from pathlib import Path

import openstack
from steps import KEY, admin, fields, network, rows, run, same, step, wait

conn = openstack.connect()


def status(server: str) -> str:
    return fields(run("nova", "show", server))["status"]


with network(conn, "nova-net") as net:
    with step("key pair"):
        Path("key.pub").write_text(f"ssh-ed25519 {KEY} of nova's user")
        run("nova", "keypair-add", "--pub-key", "key.pub", "nova-key")
        same(rows(run("nova", "keypair-list"))[0]["Name"], "nova-key")
    with step("flavors and zones"):
        assert "m1.tiny" in [row["Name"] for row in rows(run("nova", "flavor-list"))]
        assert "nova" in run("nova", "availability-zone-list")
    with step("server, waited for"):
        words = ("--flavor", "m1.tiny", "--image", "cirros", "--nic", f"net-id={net.id}", "--key-name", "nova-key")
        run("nova", "boot", *words, "--meta", "role=web", "--poll", "nova-vm")
        same(status("nova-vm"), "ACTIVE")
    with step("lists"):
        row = next(row for row in rows(run("nova", "list")) if row["Name"] == "nova-vm")
        assert "nova-net=10.77.0." in row["Networks"], row
        same(len(rows(run("nova", "interface-list", "nova-vm"))), 1)
        assert rows(run("nova", "instance-action-list", "nova-vm"))
    with step("stop and start"):
        run("nova", "stop", "nova-vm")
        wait(lambda: status("nova-vm"), "SHUTOFF")
        run("nova", "start", "nova-vm")
        wait(lambda: status("nova-vm"), "ACTIVE")
    with step("reboot"):
        run("nova", "reboot", "--hard", "--poll", "nova-vm")
        same(status("nova-vm"), "ACTIVE")
    with step("resize and confirm"):
        run("nova", "resize", "--poll", "nova-vm", "m1.small")
        same(status("nova-vm"), "VERIFY_RESIZE")
        run("nova", "resize-confirm", "nova-vm")
        wait(lambda: status("nova-vm"), "ACTIVE")
        assert "m1.small" in run("nova", "show", "nova-vm")
    with step("metadata, name and lock"):
        run("nova", "meta", "nova-vm", "set", "role=db")
        run("nova", "update", "--name", "nova-vm2", "nova-vm")
        run("nova", "lock", "nova-vm2")
        run("nova", "unlock", "nova-vm2")
        assert '"role": "db"' in fields(run("nova", "show", "nova-vm2"))["metadata"]
    with step("image of a server"):
        run("nova", "image-create", "--poll", "nova-vm2", "nova-image")
        same(conn.get_image("nova-image").status, "active")
        conn.delete_image("nova-image")
    with step("volume attached and detached"):
        volume = conn.create_volume(1, name="nova-volume", wait=True)
        run("nova", "volume-attach", "nova-vm2", volume.id)
        wait(lambda: conn.get_volume(volume.id).status, "in-use")
        same(rows(run("nova", "volume-attachments", "nova-vm2"))[0]["VOLUME ID"], volume.id)
        run("nova", "volume-detach", "nova-vm2", volume.id)
        wait(lambda: conn.get_volume(volume.id).status, "available")
        conn.delete_volume(volume.id)
    with step("security group"):
        group = conn.create_security_group("nova-group", "of nova's user")
        run("nova", "add-secgroup", "nova-vm2", "nova-group")
        assert "nova-group" in run("nova", "list-secgroup", "nova-vm2")
        run("nova", "remove-secgroup", "nova-vm2", "nova-group")
        conn.delete_security_group(group.id)
    with step("shelve and unshelve"):
        run("nova", "shelve", "nova-vm2")
        wait(lambda: status("nova-vm2"), "SHELVED_OFFLOADED")
        run("nova", "unshelve", "nova-vm2")
        wait(lambda: status("nova-vm2"), "ACTIVE")
    with step("console, limits and use"):
        run("nova", "console-log", "nova-vm2")
        assert "Cores" in run("nova", "limits")
        assert "Usage from" in run("nova", "usage")
        assert "instances" in run("nova", "quota-show")
    with step("server group"):
        run("nova", "server-group-create", "nova-apart", "anti-affinity")
        made = rows(run("nova", "server-group-list"))[0]
        same(made["Name"], "nova-apart")
        run("nova", "server-group-delete", made["Id"])
    with step("delete"):
        run("nova", "delete", "nova-vm2")
        wait(lambda: [row for row in rows(run("nova", "list")) if row["Name"] == "nova-vm2"], [])
        run("nova", "keypair-delete", "nova-key")

with step("what an administrator sees"):
    for words in (["service-list"], ["hypervisor-list"], ["list", "--all-tenants"], ["usage-list"]):
        run("nova", *words, **admin())
with step("aggregate"):
    host = rows(run("nova", "hypervisor-list", **admin()))[0]["Hypervisor hostname"]
    run("nova", "aggregate-create", "nova-aggregate", "nova-zone", **admin())
    run("nova", "aggregate-add-host", "nova-aggregate", host, **admin())
    assert "nova-zone" in run("nova", "availability-zone-list", **admin())
    run("nova", "aggregate-remove-host", "nova-aggregate", host, **admin())
    run("nova", "aggregate-delete", "nova-aggregate", **admin())
with step("flavor"):
    run("nova", "flavor-create", "nova-flavor", "auto", "64", "1", "1", **admin())
    run("nova", "flavor-key", "nova-flavor", "set", "hw:cpu_policy=shared", **admin())
    assert "hw:cpu_policy" in run("nova", "flavor-show", "nova-flavor", **admin())
    run("nova", "flavor-delete", "nova-flavor", **admin())
