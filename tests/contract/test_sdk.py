"""openstacksdk against the embedded cloud: connect, make everything, wait, use it, delete everything."""

from concurrent.futures import ThreadPoolExecutor

import openstack
import pytest

from oslearn import Cloud
from oslearn.course.fill import DISK, fill, qcow2

pytestmark = pytest.mark.filterwarnings("ignore:::openstack")  # the SDK warns of its own code
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPdHdoAg4PTn3xWGbr0EDe4ck6Z8NLnnq+QWIRuwSDZo"


@pytest.fixture(scope="module")
def cloud():
    cloud = Cloud(seed=7, trace=False)
    fill(cloud)
    return cloud


def connect(cloud, user):
    return openstack.connection.Connection(session=cloud.session("client", user, project=user), region_name="RegionOne")


@pytest.fixture
def conn(cloud):
    return connect(cloud, "demo")


@pytest.fixture
def flavor(cloud):
    admin = connect(cloud, "admin")
    made = admin.compute.create_flavor(name="sdk", ram=64, vcpus=1, disk=1)
    yield made
    admin.compute.delete_flavor(made)


def contents(conn):
    """What a project has, by kind."""
    kinds = {
        "networks": conn.network.networks(project_id=conn.current_project_id),
        "subnets": conn.network.subnets(project_id=conn.current_project_id),
        "routers": conn.network.routers(),
        "groups": conn.network.security_groups(),
        "addresses": conn.network.ips(),
        "ports": conn.network.ports(project_id=conn.current_project_id),
        "keypairs": conn.compute.keypairs(),
        "servers": conn.compute.servers(),
        "images": conn.image.images(),
        "volumes": conn.block_storage.volumes(),
    }
    return {kind: sorted(thing.name or thing.id for thing in things) for kind, things in kinds.items()}


def test_everything_is_made_waited_for_and_deleted(conn, flavor):
    before = contents(conn)
    provider = conn.network.find_network("provider", ignore_missing=False)
    network = conn.network.create_network(name="sdk")
    subnet = conn.network.create_subnet(name="sdk", network_id=network.id, ip_version=4, cidr="10.9.0.0/24")
    router = conn.network.create_router(name="sdk", external_gateway_info={"network_id": provider.id})
    conn.network.add_interface_to_router(router, subnet=subnet)
    keypair = conn.compute.create_keypair(name="sdk", public_key=PUBLIC_KEY)
    group = conn.network.create_security_group(name="sdk")
    conn.network.create_security_group_rule(
        security_group_id=group.id, direction="ingress", protocol="tcp", port_range_min=22, port_range_max=22
    )
    image = conn.image.create_image(name="sdk", data=qcow2(DISK), disk_format="qcow2", container_format="bare")
    volume = conn.block_storage.wait_for_status(conn.block_storage.create_volume(name="sdk", size=1), "available")
    server = conn.compute.create_server(
        name="sdk",
        flavor_id=flavor.id,
        image_id=image.id,
        networks=[{"uuid": network.id}],
        key_name=keypair.name,
        security_groups=[{"name": group.name}],
    )
    server = conn.compute.wait_for_server(server)
    conn.compute.create_volume_attachment(server, volume)
    volume = conn.block_storage.wait_for_status(conn.block_storage.get_volume(volume), "in-use")
    port = next(conn.network.ports(device_id=server.id))
    address = conn.network.create_ip(floating_network_id=provider.id, port_id=port.id)

    server = conn.compute.get_server(server)
    assert (server.status, server.key_name, server.flavor.name) == ("ACTIVE", "sdk", "sdk")
    assert [found["addr"] for found in server.addresses["sdk"]] == [
        port.fixed_ips[0]["ip_address"],
        address.floating_ip_address,
    ]
    assert [attached["id"] for attached in server.attached_volumes] == [volume.id]
    assert port.security_group_ids == [group.id]
    assert conn.network.get_ip(address).status == "ACTIVE"
    assert {kind: [name for name in names if name == "sdk"] for kind, names in contents(conn).items()} == {
        kind: [] if kind in ("addresses", "ports") else ["sdk"] for kind in before
    }

    conn.network.delete_ip(address)
    conn.compute.delete_volume_attachment(server, volume)
    conn.block_storage.wait_for_status(conn.block_storage.get_volume(volume), "available")
    conn.compute.delete_server(server)
    conn.compute.wait_for_delete(server)
    conn.block_storage.delete_volume(volume)
    conn.block_storage.wait_for_delete(volume)
    conn.image.delete_image(image)
    conn.compute.delete_keypair(keypair)
    conn.network.remove_interface_from_router(router, subnet=subnet)
    conn.network.delete_router(router)
    conn.network.delete_network(network)
    conn.network.delete_security_group(group)
    assert contents(conn) == before


REFUSED = {
    "network": (lambda conn: conn.network.delete_network("0" * 32, ignore_missing=False), "could not be found"),
    "flavor": (lambda conn: conn.compute.create_flavor(name="mine", ram=64, vcpus=1, disk=1), "Policy doesn't allow"),
    "volume": (lambda conn: conn.block_storage.create_volume(size=0), "0 is less than the minimum of 1"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_is_refused_with_the_service_s_words(conn, kind):
    ask, message = REFUSED[kind]
    with pytest.raises(openstack.exceptions.SDKException, match=message):
        ask(conn)


@pytest.mark.parametrize("use_slo", [True, False])
def test_a_file_becomes_an_object_whole_or_in_segments(cloud, tmp_path, use_slo):
    one = ThreadPoolExecutor(1)  # the SDK sends segments at once; a cloud in this process takes one after the other
    session = cloud.session("client", "demo", project="demo")
    conn = openstack.connection.Connection(session=session, region_name="RegionOne", pool_executor=one)
    data = bytes(range(256)) * 4096  # 1 MiB
    (tmp_path / "f.txt").write_bytes(data)
    conn.create_container("sdk")
    conn.create_object("sdk", "whole", str(tmp_path / "f.txt"))
    conn.create_object("sdk", "large", str(tmp_path / "f.txt"), segment_size=300_000, use_slo=use_slo)
    assert len(list(conn.object_store.objects("sdk", prefix="large/"))) == 4
    for name in ("whole", "large"):
        assert conn.get_object_raw("sdk", name).content == data
        conn.delete_object("sdk", name)
    for rest in list(conn.object_store.objects("sdk")):
        conn.object_store.delete_object(rest, container="sdk")
    conn.delete_container("sdk")
