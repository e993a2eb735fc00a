"""A program on Apache Libcloud: compute and storage, without OpenStack's own libraries."""

import os
from io import BytesIO
from urllib.parse import urlsplit

from libcloud.compute.providers import get_driver
from libcloud.compute.types import NodeState, Provider
from libcloud.storage.providers import get_driver as get_storage
from libcloud.storage.types import Provider as Storage
from steps import same, step, wait

place = urlsplit(os.environ["OS_AUTH_URL"])
words = {
    "ex_force_auth_url": f"{place.scheme}://{place.netloc}/identity",
    "ex_force_auth_version": "3.x_password",
    "ex_tenant_name": os.environ["OS_PROJECT_NAME"],
    "ex_domain_name": "Default",
    "ex_force_service_region": "RegionOne",
}
user = (os.environ["OS_USERNAME"], os.environ["OS_PASSWORD"])
compute = get_driver(Provider.OPENSTACK)(*user, api_version="2.2", **words)

with step("sizes, images, zones"):
    size = next(found for found in compute.list_sizes() if found.name == "m1.tiny")
    image = next(found for found in compute.list_images() if found.name == "cirros")
    assert compute.list_locations()
with step("network and router"):
    outside = next(found for found in compute.ex_list_networks() if found.name == "provider")
    net = compute.ex_create_network("libcloud-net")
    subnet = compute.ex_create_subnet("libcloud-subnet", net, "10.79.0.0/24")
    router = compute.ex_create_router("libcloud-router", external_gateway_info={"network_id": outside.id})
    compute.ex_add_router_subnet(router, subnet)
with step("key pair"):
    key = compute.create_key_pair("libcloud-key")
    assert "PRIVATE KEY" in key.private_key
with step("security group"):
    group = compute.ex_create_security_group("libcloud-group", "of libcloud's user")
    compute.ex_create_security_group_rule(group, "tcp", 22, 22, "0.0.0.0/0")
    found = next(found for found in compute.ex_list_security_groups() if found.id == group.id)
    assert any(rule.to_port == 22 for rule in found.rules)
with step("server, waited for"):
    node = compute.create_node(
        name="libcloud-vm", size=size, image=image, networks=[net], ex_keyname="libcloud-key", ex_metadata={"a": "b"},
        ex_security_groups=[group], ex_userdata="#!/bin/sh",
    )  # fmt: skip
    ((node, addresses),) = compute.wait_until_running([node], wait_period=0.2, timeout=60, ssh_interface="private_ips")
    assert addresses[0].startswith("10.79.0."), addresses
with step("stop, start, reboot"):
    compute.stop_node(node)
    wait(lambda: compute.ex_get_node_details(node.id).state, NodeState.STOPPED)
    compute.start_node(node)
    wait(lambda: compute.ex_get_node_details(node.id).state, NodeState.RUNNING)
    compute.reboot_node(node)
    wait(lambda: compute.ex_get_node_details(node.id).state, NodeState.RUNNING)
with step("volume attached and detached"):
    volume = compute.create_volume(1, "libcloud-volume")
    wait(lambda: compute.ex_get_volume(volume.id).extra["state"], "available")
    compute.attach_volume(node, volume, device="auto")
    wait(lambda: compute.ex_get_volume(volume.id).extra["state"], "in-use")
    compute.detach_volume(compute.ex_get_volume(volume.id))
    wait(lambda: compute.ex_get_volume(volume.id).extra["state"], "available")
with step("snapshot of a volume"):
    snapshot = compute.create_volume_snapshot(volume, "libcloud-snapshot")
    wait(lambda: [found.extra["status"] for found in compute.list_volume_snapshots(volume)], ["available"])
    compute.destroy_volume_snapshot(snapshot)
    wait(lambda: compute.list_volume_snapshots(volume), [])
    compute.destroy_volume(volume)
with step("floating address"):
    address = compute.ex_create_floating_ip("provider")
    compute.ex_attach_floating_ip_to_node(node, address)
    assert address.ip_address in compute.ex_get_node_details(node.id).public_ips
    compute.ex_detach_floating_ip_from_node(node, address)
    compute.ex_delete_floating_ip(address)
with step("image of a server"):
    made = compute.create_image(node, "libcloud-image")
    wait(lambda: compute.get_image(made.id).extra["status"], "active")
    compute.delete_image(made)
with step("resize and confirm"):
    small = next(found for found in compute.list_sizes() if found.name == "m1.small")
    compute.ex_resize(node, small)
    wait(lambda: compute.ex_get_node_details(node.id).extra["vm_state"], "resized")
    compute.ex_confirm_resize(node)
with step("delete"):
    compute.destroy_node(node)
    wait(lambda: [found.name for found in compute.list_nodes() if found.id == node.id], [])
    compute.ex_del_router_subnet(router, subnet)
    compute.ex_delete_router(router)
    compute.ex_delete_subnet(subnet)
    compute.ex_delete_network(net)
    compute.ex_delete_security_group(group)
    compute.delete_key_pair(key)

storage = get_storage(Storage.OPENSTACK_SWIFT)(*user, **words)
with step("container and objects"):
    box = storage.create_container("libcloud-box")
    storage.upload_object_via_stream(BytesIO(b"onetwo"), box, "stream.txt")
    same(b"".join(storage.get_object("libcloud-box", "stream.txt").as_stream()), b"onetwo")
    with open("file.txt", "wb") as file:
        file.write(b"from a file")
    made = storage.upload_object("file.txt", box, "file.txt", extra={"meta_data": {"color": "red"}})
    same([found.name for found in storage.list_container_objects(box)], ["file.txt", "stream.txt"])
    same(storage.get_object("libcloud-box", "file.txt").meta_data["color"], "red")
with step("delete objects and container"):
    for found in storage.list_container_objects(box):
        found.delete()
    same(storage.delete_container(box), True)
