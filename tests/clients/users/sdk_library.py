"""A program on openstacksdk: the network first, a server with all that hangs on it, objects, and back to nothing."""

from pathlib import Path

import openstack
from steps import same, step

BIG = bytes(range(256)) * 10240
Path("f.txt").write_text("a file")
Path("big.bin").write_bytes(BIG)
conn = openstack.connect()

with step("network, subnet and router"):
    outside = conn.get_network("provider")
    net = conn.create_network("sdk-net")
    subnet = conn.create_subnet(net.id, cidr="10.80.0.0/24", subnet_name="sdk-subnet")
    router = conn.create_router("sdk-router", ext_gateway_net_id=outside.id)
    conn.add_router_interface(router, subnet_id=subnet.id)
with step("key, security group and image"):
    conn.create_keypair("sdk-key")
    group = conn.create_security_group("sdk-group", "of the SDK's user")
    conn.create_security_group_rule(group.id, port_range_min=22, port_range_max=22, protocol="tcp")
    image = conn.create_image("sdk-image", filename="big.bin", disk_format="raw", wait=True)
    same(image.status, "active")
with step("server, waited for, with a floating address"):
    server = conn.create_server(
        "sdk-vm", image=image, flavor="m1.tiny", network=net, key_name="sdk-key", security_groups=["sdk-group"],
        wait=True, auto_ip=True,
    )  # fmt: skip
    same(server.status, "ACTIVE")
    server = conn.get_server(server.id)
    assert server.private_v4.startswith("10.80.0."), server.private_v4
    assert server.public_v4.startswith("203.0.113."), server.public_v4
with step("volume attached and detached"):
    volume = conn.create_volume(1, name="sdk-volume", wait=True)
    conn.attach_volume(server, volume, wait=True)
    same(conn.get_volume(volume.id).status, "in-use")
    conn.detach_volume(server, volume, wait=True)
    conn.create_volume_snapshot(volume.id, name="sdk-snapshot", wait=True)
    conn.delete_volume_snapshot("sdk-snapshot", wait=True)
with step("image of a server"):
    made = conn.create_image_snapshot("sdk-saved", server, wait=True)
    same(made.status, "active")
with step("reboot, rebuild, resize"):
    conn.compute.reboot_server(server, "HARD")
    conn.compute.wait_for_server(server)
    conn.rebuild_server(server.id, image.id, wait=True)
    conn.compute.resize_server(server, conn.get_flavor("m1.small").id)
    conn.compute.wait_for_server(server, status="VERIFY_RESIZE")
    conn.compute.confirm_server_resize(server)
    same(conn.compute.wait_for_server(server).flavor.name, "m1.small")
with step("an object of a file"):
    conn.create_container("sdk-box")
    conn.create_object("sdk-box", "a", "f.txt")
    same(conn.get_object("sdk-box", "a")[1], "a file")
with step("an object in segments"):
    conn.create_object("sdk-box", "big", "big.bin", segment_size=1024 * 1024)
    conn.get_object("sdk-box", "big", outfile="back.bin")
    assert Path("back.bin").read_bytes() == BIG
    same(conn.search_objects("sdk-box", "big")[0]["name"], "big")
with step("delete objects"):
    assert conn.delete_object("sdk-box", "a")
    assert conn.delete_object("sdk-box", "big")
    same(list(conn.list_objects("sdk-box")), [])
    assert conn.delete_container("sdk-box")
    conn.delete_autocreated_image_objects()
with step("delete"):
    conn.delete_server(server.id, wait=True, delete_ips=True)
    conn.delete_volume(volume.id, wait=True)
    for found in ("sdk-image", "sdk-saved"):
        conn.delete_image(found, wait=True)
    conn.remove_router_interface(router, subnet_id=subnet.id)
    conn.delete_router(router.id)
    conn.delete_network(net.id)
    conn.delete_security_group(group.id)
    conn.delete_keypair("sdk-key")
    conn.delete_unattached_floating_ips()
