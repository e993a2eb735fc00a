"""After a kill at any moment of any work, the next start leaves nothing half done.

`make kills` looks at every moment; otherwise at some, others for each work, so that a run takes a minute.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from keystoneauth1.exceptions import ClientException
from tests.chaos.judge import half_done
from tests.flows.kills import cloud, moments

from oslearn.course.reference import Lab

V = {"OpenStack-API-Version": "compute 2.79"}
Work = Callable[[Lab, Any], None]


def user(lab: Lab) -> Any:
    return lab.cloud.connect("demo")


def nothing(lab: Lab) -> None:
    return None


def server(lab: Lab) -> str:
    """A server with a volume."""
    return lab.boot()


def bare(lab: Lab) -> str:
    """A server without one."""
    return lab.boot(block_device_mapping_v2=None)


def boot(lab: Lab, _: Any) -> None:
    lab.boot()


def boot_from_volume(lab: Lab, _: Any) -> None:
    disk = {"uuid": lab.image_id, "source_type": "image", "destination_type": "volume", "boot_index": 0}
    disk |= {"volume_size": 1, "delete_on_termination": True}
    lab.boot(imageRef="", block_device_mapping_v2=[disk])


def boot_on_port(lab: Lab, _: Any) -> None:
    port = user(lab).network.post("/ports", json={"port": {"network_id": lab.network_id}}).json()["port"]["id"]
    lab.boot(networks=[{"port": port}], block_device_mapping_v2=None)


def delete(lab: Lab, uuid: str) -> None:
    user(lab).compute.delete(f"/servers/{uuid}")


def acting(body: dict[str, Any], who: str = "demo") -> Work:
    def act(lab: Lab, uuid: str) -> None:
        lab.cloud.connect(who).compute.post(f"/servers/{uuid}/action", json=body, headers=V)

    return act


def after(first: Callable[[Lab], str], *bodies: dict[str, Any]) -> Callable[[Lab], str]:
    def prepare(lab: Lab) -> str:
        uuid = first(lab)
        for body in bodies:
            acting(body)(lab, uuid)
        return uuid

    return prepare


def attach(lab: Lab, uuid: str) -> None:
    body = {"volumeAttachment": {"volumeId": lab.volume_id}}
    user(lab).compute.post(f"/servers/{uuid}/os-volume_attachments", json=body)


def detach(lab: Lab, uuid: str) -> None:
    user(lab).compute.delete(f"/servers/{uuid}/os-volume_attachments/{lab.volume_id}")


def attach_port(lab: Lab, uuid: str) -> None:
    body = {"interfaceAttachment": {"net_id": lab.network_id}}
    user(lab).compute.post(f"/servers/{uuid}/os-interface", json=body)


def detach_port(lab: Lab, uuid: str) -> None:
    port = user(lab).network.get("/ports", params={"device_id": uuid}).json()["ports"][0]["id"]
    user(lab).compute.delete(f"/servers/{uuid}/os-interface/{port}")


def volume_acts(lab: Lab, _: Any) -> None:
    demo = user(lab)
    base, path = f"/{demo.project_id}", f"/{demo.project_id}/volumes/{lab.volume_id}"
    demo.volume.post(f"{path}/action", json={"os-extend": {"new_size": 2}})
    body = {"snapshot": {"volume_id": lab.volume_id}}
    snapshot = demo.volume.post(f"{base}/snapshots", json=body).json()["snapshot"]["id"]
    body = {"volume": {"size": 2, "snapshot_id": snapshot}}
    copy = demo.volume.post(f"{base}/volumes", json=body).json()["volume"]["id"]
    image = {"image_name": "i", "disk_format": "raw", "container_format": "bare"}
    demo.volume.post(f"{path}/action", json={"os-volume_upload_image": image})
    demo.volume.delete(f"{base}/snapshots/{snapshot}")
    for id in (copy, lab.volume_id):
        demo.volume.delete(f"{base}/volumes/{id}")


def volume_backup_acts(lab: Lab, _: Any) -> None:
    demo = user(lab)
    base = f"/{demo.project_id}"
    snapshot = {"snapshot": {"volume_id": lab.volume_id}}
    kept = demo.volume.post(f"{base}/snapshots", json=snapshot).json()["snapshot"]["id"]
    made = []
    for more in ({}, {"incremental": True}, {"snapshot_id": kept}):
        body = {"backup": {"volume_id": lab.volume_id} | more}
        made.append(demo.volume.post(f"{base}/backups", json=body).json()["backup"]["id"])
    for volume in (None, lab.volume_id):
        demo.volume.post(f"{base}/backups/{made[0]}/restore", json={"restore": {"volume_id": volume}})
    for id in reversed(made):
        demo.volume.delete(f"{base}/backups/{id}")


def network_acts(lab: Lab, _: Any) -> None:
    admin, demo = lab.cloud.connect("admin"), user(lab)
    outside = {"name": "outside", "router:external": True}
    external = admin.network.post("/networks", json={"network": outside}).json()["network"]["id"]
    subnet = {"network_id": external, "ip_version": 4, "cidr": "203.0.113.0/24", "enable_dhcp": False}
    admin.network.post("/subnets", json={"subnet": subnet})
    network = demo.network.post("/networks", json={"network": {"name": "n"}}).json()["network"]["id"]
    subnet = {"network_id": network, "ip_version": 4, "cidr": "10.9.0.0/24"}
    inner = demo.network.post("/subnets", json={"subnet": subnet}).json()["subnet"]["id"]
    router = {"external_gateway_info": {"network_id": external}}
    made = demo.network.post("/routers", json={"router": router}).json()["router"]["id"]
    demo.network.put(f"/routers/{made}/add_router_interface", json={"subnet_id": inner})
    port = demo.network.post("/ports", json={"port": {"network_id": network}}).json()["port"]["id"]
    wanted = {"floating_network_id": external, "port_id": port}
    address = demo.network.post("/floatingips", json={"floatingip": wanted}).json()["floatingip"]["id"]
    demo.network.put(f"/floatingips/{address}", json={"floatingip": {"port_id": None}})
    demo.network.delete(f"/floatingips/{address}")
    demo.network.delete(f"/ports/{port}")
    demo.network.put(f"/routers/{made}/remove_router_interface", json={"subnet_id": inner})
    demo.network.delete(f"/routers/{made}")
    demo.network.put(f"/subnets/{inner}", json={"subnet": {"enable_dhcp": False}})
    demo.network.delete(f"/networks/{network}")


def image_acts(lab: Lab, _: Any) -> None:
    demo, binary = user(lab), {"Content-Type": "application/octet-stream"}
    about = {"name": "i", "disk_format": "raw", "container_format": "bare"}
    first, second = (demo.image.post("/images", json=about).json()["id"] for _ in range(2))
    demo.image.put(f"/images/{first}/file", data=b"data", headers=binary)
    demo.image.put(f"/images/{second}/stage", data=b"data", headers=binary)
    demo.image.post(f"/images/{second}/import", json={"method": {"name": "glance-direct"}})
    for id in (first, second):
        demo.image.get(f"/images/{id}")
        demo.image.delete(f"/images/{id}")


def object_acts(lab: Lab, _: Any) -> None:
    demo = user(lab)
    place = f"/AUTH_{demo.project_id}/c"
    demo.object_store.put(place)
    for data in (b"one", b"two"):
        demo.object_store.put(f"{place}/o", data=data)
    demo.object_store.delete(f"{place}/o")


def trove(lab: Lab, _: Any) -> None:
    """Make a database server, a backup of it, and delete both."""
    demo = user(lab)
    base = f"http://127.0.0.1/database/v1.0/{demo.project_id}"
    body = {"name": "db", "flavorRef": "1", "volume": {"size": 1}, "datastore": {"type": "mysql"}}
    body |= {"nics": [{"network_id": lab.network_id}]}
    made = demo.session.post(f"{base}/instances", json={"instance": body}).json()["instance"]["id"]
    backup = {"backup": {"name": "b", "instance": made}}
    kept = demo.session.post(f"{base}/backups", json=backup).json()["backup"]["id"]
    demo.session.post(f"{base}/instances/{made}/action", json={"resize": {"volume": {"size": 2}}})
    demo.session.post(f"{base}/instances/{made}/action", json={"resize": {"flavorRef": "2"}})
    demo.session.delete(f"{base}/backups/{kept}")
    demo.session.delete(f"{base}/instances/{made}")


SNAPSHOT, RESIZE, SHELVE = {"createImage": {"name": "i"}}, {"resize": {"flavorRef": "2"}}, {"shelve": None}
WORK: dict[str, tuple[Callable[[Lab], Any], Work]] = {
    "boot": (nothing, boot),
    "boot from volume": (nothing, boot_from_volume),
    "boot on port": (nothing, boot_on_port),
    "delete": (server, delete),
    "attach": (bare, attach),
    "detach": (server, detach),
    "attach port": (bare, attach_port),
    "detach port": (bare, detach_port),
    "reboot": (server, acting({"reboot": {"type": "HARD"}})),
    "stop": (server, acting({"os-stop": None})),
    "start": (after(server, {"os-stop": None}), acting({"os-start": None})),
    "pause": (server, acting({"pause": None})),
    "unpause": (after(server, {"pause": None}), acting({"unpause": None})),
    "suspend": (server, acting({"suspend": None})),
    "resume": (after(server, {"suspend": None}), acting({"resume": None})),
    "rescue": (server, acting({"rescue": {}})),
    "unrescue": (after(server, {"rescue": {}}), acting({"unrescue": None})),
    "snapshot": (server, acting(SNAPSHOT)),
    "backup": (server, acting({"createBackup": {"name": "b", "backup_type": "daily", "rotation": 1}})),
    "resize": (server, acting(RESIZE)),
    "confirm": (after(server, RESIZE), acting({"confirmResize": None})),
    "revert": (after(server, RESIZE), acting({"revertResize": None})),
    "delete resized": (after(server, RESIZE), delete),
    "migrate": (server, acting({"migrate": None}, "admin")),
    "live migrate": (server, acting({"os-migrateLive": {"host": None, "block_migration": "auto"}}, "admin")),
    "rebuild": (server, lambda lab, uuid: acting({"rebuild": {"imageRef": lab.image_id}})(lab, uuid)),
    "shelve": (server, acting(SHELVE)),
    "unshelve": (after(server, SHELVE), acting({"unshelve": None})),
    "delete shelved": (after(server, SHELVE), delete),
    "volumes": (nothing, volume_acts),
    "volume backups": (nothing, volume_backup_acts),
    "networks": (nothing, network_acts),
    "images": (nothing, image_acts),
    "objects": (nothing, object_acts),
    "trove": (nothing, trove),
}


SPARED = 7
"""One moment in so many is looked at."""


def judged(folder: Path) -> list[str]:
    """What is half done after a start on the folder, and once more when all servers were deleted."""
    admin = cloud(folder, 2).connect("admin")
    found = half_done(admin, folder)
    servers = admin.compute.get("/servers?all_tenants=1").json()["servers"]
    for one in servers:
        try:
            admin.compute.delete(f"/servers/{one['id']}")
        except ClientException as error:
            found.append(f"server {one['id']} is not deleted: {error}")
    return found + [f"after the servers were deleted: {line}" for line in half_done(admin, folder)]


@pytest.mark.parametrize("name", WORK)
def test_a_kill_at_any_moment_leaves_nothing_half_done(name: str, tmp_path: Path) -> None:
    some = (0, 1) if "EVERY_MOMENT" in os.environ else (list(WORK).index(name) % SPARED, SPARED)
    copies = moments(tmp_path, *WORK[name], *some)
    bad = {copy.name: found for copy in copies if (found := judged(copy))}
    shutil.rmtree(tmp_path)
    assert bad == {}
