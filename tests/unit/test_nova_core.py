"""The core alone does with a boot what it is asked for, or refuses it in words: nothing is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from oslearn.cloud import Cloud
from oslearn.core.config import Config
from oslearn.core.nova.api import servers
from oslearn.course.reading import core_alone
from oslearn.course.reference import Lab
from oslearn.extensions.nova.api import schemas

ID = "7e6d1b5a-7b3e-4c0e-9d0f-7f0f4a3c2b1d"
WHOLE: dict[str, Any] = schemas.CREATE_SERVER["properties"]
SERVER: dict[str, Any] = WHOLE["server"]["properties"]
ASKED: dict[str, Any] = {
    "OS-DCF:diskConfig": "AUTO",
    "accessIPv4": "10.0.0.9",
    "accessIPv6": "fd00::9",
    "description": "mine",
    "hostname": "mine",
    "metadata": {"a": "b"},
    "personality": [{"path": "/a", "contents": "YQ=="}],
    "availability_zone": "nova",
    "block_device_mapping": [{"volume_id": ID}],
    "config_drive": True,
    "key_name": "mine",
    "return_reservation_id": True,
    "security_groups": [{"name": "default"}],
    "user_data": "YQ==",
    "tags": ["mine"],
    "trusted_image_certificates": [ID],
    "host": "compute1",
    "hypervisor_hostname": "compute1",
}
"""What else a boot may ask for."""
DONE: dict[str, Any] = {"name": "mine", "adminPass": "secret", "min_count": 1, "max_count": "1", "flavorRef": 1}
"""With what every boot says here: an image, networks and volumes."""
NETWORKS = {"fixed_ip": "192.168.1.9", "port": ID, "tag": "mine"}
DEVICES = {
    "virtual_name": "mine",
    "volume_id": ID,
    "snapshot_id": ID,
    "volume_size": 1,
    "device_name": "/dev/vdb",
    "no_device": True,
    "connection_info": "",
    "image_id": ID,
    "guest_format": "ext4",
    "device_type": "disk",
    "disk_bus": "virtio",
    "tag": "mine",
    "volume_type": "lvm",
}
KINDS = [
    {"source_type": "blank", "destination_type": "volume", "volume_size": 1},
    {"source_type": "blank", "destination_type": "local", "volume_size": 1},
    {"source_type": "snapshot", "destination_type": "volume", "uuid": ID},
    {"source_type": "image", "destination_type": "volume", "uuid": ID, "volume_size": 1},
    {"source_type": "volume", "destination_type": "volume", "uuid": ID, "boot_index": 0},
]


@pytest.fixture(scope="module", params=["classic", "current"])
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    with core_alone(request.param) as lab:
        yield lab


def ask(lab: Lab, **changes: Any) -> Any:
    return lab.cloud.connect("demo").compute.post("/servers", json=lab.request(**changes), raise_exc=False)


def refused(reply: Any, word: str) -> None:
    assert reply.status_code == 400, reply.text
    assert word in reply.json()["badRequest"]["message"]


def test_each_property_of_a_boot_is_asked_for_below() -> None:
    given = {"imageRef", "networks", "block_device_mapping_v2"}
    assert SERVER.keys() == ASKED.keys() | DONE.keys() | given
    assert servers.SERVER.keys() == DONE.keys() | given
    assert schemas.NETWORK.keys() == NETWORKS.keys()
    assert schemas.BLOCK_DEVICE.keys() == DEVICES.keys() | servers.VOLUME.keys()


@pytest.mark.parametrize("name", DONE)
def test_what_the_core_does_is_done(lab: Lab, name: str) -> None:
    demo = lab.cloud.connect("demo")
    made = ask(lab, block_device_mapping_v2=None, **{name: DONE[name]}).json()["server"]
    server = demo.compute.get(f"/servers/{made['id']}").json()["server"]
    assert server["status"] == "ACTIVE"
    assert (server | made).get(name, DONE[name]) == DONE[name]


@pytest.mark.parametrize("name", ASKED)
def test_what_only_the_extensions_do_is_refused(lab: Lab, name: str) -> None:
    refused(ask(lab, **{name: ASKED[name]}), f"('{name}' was unexpected)")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_named_by_its_id(lab: Lab, name: str) -> None:
    refused(ask(lab, networks=[{"uuid": lab.network_id, name: NETWORKS[name]}]), f"('{name}' was unexpected)")


@pytest.mark.parametrize("networks", ["auto", "none", None])
def test_no_network_is_chosen(lab: Lab, networks: str | None) -> None:
    refused(ask(lab, networks=networks), "networks")


@pytest.mark.parametrize("name", DEVICES)
def test_a_volume_is_named_by_its_id(lab: Lab, name: str) -> None:
    volume = {"uuid": lab.volume_id, "source_type": "volume", name: DEVICES[name]}
    refused(ask(lab, block_device_mapping_v2=[volume]), f"('{name}' was unexpected)")


@pytest.mark.parametrize("device", KINDS, ids=lambda kind: f"{kind['source_type']}-{kind['destination_type']}")
def test_a_block_device_is_a_volume_beside_the_images_disk(lab: Lab, device: dict[str, Any]) -> None:
    refused(ask(lab, block_device_mapping_v2=[device]), "Invalid input for field/attribute")


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - {"server"}))
def test_no_host_is_wished_for(lab: Lab, name: str) -> None:
    body = lab.request() | {name: {"group": ID}}
    refused(
        lab.cloud.connect("demo").compute.post("/servers", json=body, raise_exc=False), f"('{name}' was unexpected)"
    )


@pytest.mark.parametrize("flow", ["classic", "current"])
def test_the_core_alone_starts_and_has_no_hosts(flow: str) -> None:
    """Only the extensions make hosts known."""
    cloud = Cloud(Config(flow=flow), seed=7, trace=False, extensions=False)
    assert cloud.connect("demo").compute.get("/servers/none", raise_exc=False).status_code == 404
    assert len(cloud.hypervisors) == 3
