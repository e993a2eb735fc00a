"""Servers that live on volumes: only Nova detaches what they use, and their images boot from snapshots."""

from __future__ import annotations

from typing import Any

import pytest

from oslearn import Cloud
from oslearn.core.config import Config
from oslearn.course.reference import Lab

VOLUME = {"OpenStack-API-Version": "volume 3.44"}


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab.prepare(Cloud(Config(hosts=1, password_hash_cost=16), seed=31, trace=False))


def attachments(demo: Any, server: str) -> list[dict[str, Any]]:
    """What Cinder knows of a server's volumes."""
    path = f"/{demo.project_id}/attachments/detail?instance_id={server}"
    return list(demo.volume.get(path, headers=VOLUME).json()["attachments"])


def test_a_user_cannot_detach_what_a_server_uses(lab: Lab) -> None:
    demo, server = lab.cloud.connect("demo"), lab.boot()
    (kept,) = attachments(demo, server)
    base, volume = f"/{demo.project_id}", kept["volume_id"]
    message = f"Detach volume from instance {server} using the Compute API"
    for body in (
        {"os-detach": {}},
        {"os-detach": {"attachment_id": kept["id"]}},
        {"os-terminate_connection": {"connector": {}}},
    ):
        reply = demo.volume.post(f"{base}/volumes/{volume}/action", json=body, raise_exc=False)
        assert (reply.status_code, reply.json()["conflictingRequest"]["message"]) == (409, message)
    for token in (demo.session.get_token(), "nonsense"):
        headers = VOLUME | {"X-Service-Token": token}
        reply = demo.volume.delete(f"{base}/attachments/{kept['id']}", headers=headers, raise_exc=False)
        assert reply.status_code == 401  # service_token_roles_required
    other = demo.volume.post(f"{base}/volumes", json={"volume": {"size": 1}}).json()["volume"]["id"]
    body = {"os-detach": {"attachment_id": kept["id"]}}
    reply = demo.volume.post(f"{base}/volumes/{other}/action", json=body, raise_exc=False)
    assert (reply.status_code, reply.json()["badRequest"]["message"].endswith("Mismatched volume and attachment.")) == (
        400,
        True,
    )
    assert attachments(demo, server) == [kept]
    demo.compute.delete(f"/servers/{server}")
    assert attachments(demo, server) == []
    demo.volume.delete(f"{base}/volumes/{other}")


def test_an_image_of_a_volume_backed_server_boots_from_a_snapshot(lab: Lab) -> None:
    demo = lab.cloud.connect("demo")
    root = {"source_type": "image", "uuid": lab.image_id, "destination_type": "volume", "volume_size": 1}
    root |= {"boot_index": 0, "delete_on_termination": True}
    server = lab.boot(imageRef="", block_device_mapping_v2=[root])
    body = {"createImage": {"name": "snap"}}
    made = demo.compute.post(f"/servers/{server}/action", json=body, headers={"OpenStack-API-Version": "compute 2.45"})
    image = made.json()["image_id"]
    inserted = {"source_type": "image", "uuid": image, "destination_type": "local", "boot_index": 0}
    for given in (None, [inserted]):  # clients name the image again, as a device
        second = lab.boot(imageRef=image, block_device_mapping_v2=given)
        (found,) = attachments(demo, second)
        volume = demo.volume.get(f"/{demo.project_id}/volumes/{found['volume_id']}").json()["volume"]
        assert volume["snapshot_id"]
        assert volume["volume_image_metadata"]["image_id"] == lab.image_id
        demo.compute.delete(f"/servers/{second}")
        gone = demo.volume.get(f"/{demo.project_id}/volumes/{found['volume_id']}", raise_exc=False)
        assert gone.status_code == 404
    demo.compute.delete(f"/servers/{server}")


def device(source: str, target: str, of: str | None, at: int | None) -> dict[str, Any]:
    """A block device as a boot asks for it."""
    return {"source_type": source, "destination_type": target, "uuid": of, "boot_index": at, "volume_size": 1}


@pytest.mark.parametrize(
    ("source", "target", "at"),
    [
        ("blank", "volume", -1),
        ("blank", "local", -1),
        ("image", "volume", 0),
        ("snapshot", "volume", -1),
        ("volume", "volume", 0),
    ],
)
def test_2013_attaches_volumes_that_there_are_and_makes_none(source: str, target: str, at: int) -> None:
    """Before, such a disk was passed over, and the server ran without it."""
    lab = Lab.prepare(Cloud(Config(flow="classic"), seed=7))
    demo = lab.cloud.connect("demo")
    body = {"snapshot": {"volume_id": lab.volume_id, "name": "before"}}
    snapshot = demo.volume.post(f"/{demo.project_id}/snapshots", json=body).json()["snapshot"]["id"]
    of = {"blank": None, "image": lab.image_id, "snapshot": snapshot, "volume": lab.volume_id}[source]
    if source == "volume":
        of = demo.volume.post(
            f"/{demo.project_id}/volumes", json={"volume": {"size": 1, "imageRef": lab.image_id}}
        ).json()["volume"]["id"]
    asked = {k: v for k, v in device(source, target, of, at).items() if v is not None}
    wanted = lab.request(block_device_mapping_v2=[asked], imageRef=None if at == 0 else lab.image_id)
    reply = demo.compute.post("/servers", json=wanted, raise_exc=False)
    assert reply.status_code == 400
    assert "make the volume first" in reply.json()["badRequest"]["message"]
    assert demo.compute.get("/servers").json()["servers"] == []
