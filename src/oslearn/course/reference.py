"""The reference runs: one server with an image, a network and a data volume, so that every step happens.

Interface: `Lab.prepare(cloud)` makes what a boot needs; `lab.boot()` boots; `classic_run()` and `current_run()` do both
in a fresh seeded cloud and return the matched flow; `compare_runs()` sets the two side by side.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from oslearn.cloud import Cloud, Connection
from oslearn.core.config import Config
from oslearn.core.oslo.context import Body
from oslearn.trace.compare import Row, compare
from oslearn.trace.lens import Flow

SEED = 7
DISK = 64 * 1024**2
IMAGE = struct.pack(">4sIQIIQ", b"QFI\xfb", 2, 0, 0, 16, DISK).ljust(512, b"\x00")
"""A qcow2 image that is nothing but its header, for a disk of 64 MiB: enough for a hypervisor that runs nothing."""


@dataclass
class Lab:
    """A cloud in which the user demo has an image, a network and a volume."""

    cloud: Cloud
    image_id: str
    network_id: str
    volume_id: str

    @classmethod
    def prepare(cls, cloud: Cloud) -> Lab:
        """Upload an image, create a network with a subnet and a volume; then forget the events of that."""
        demo = cloud.connect("demo")
        image = {"name": "cirros", "disk_format": "qcow2", "container_format": "bare"}
        image_id = demo.image.post("/images", json=image).json()["id"]
        demo.image.put(f"/images/{image_id}/file", data=IMAGE, headers={"Content-Type": "application/octet-stream"})
        network = {"network": {"name": "selfservice"}}
        network_id = demo.network.post("/networks", json=network).json()["network"]["id"]
        subnet = {"network_id": network_id, "ip_version": 4, "cidr": "192.168.1.0/24", "name": "selfservice"}
        demo.network.post("/subnets", json={"subnet": subnet})
        lab = cls(cloud, image_id, network_id, volume_id="")
        lab.volume_id = lab.new_volume(demo)
        cloud.trace.clear()
        return lab

    def new_volume(self, user: Connection) -> str:
        """An empty volume of 1 GiB; returns its id."""
        body = {"volume": {"size": 1, "name": "data"}}
        return str(user.volume.post(f"/{user.project_id}/volumes", json=body).json()["volume"]["id"])

    def request(self, **changes: object) -> Body:
        """The body of a boot; `changes` replace fields, None takes one away."""
        server: Body = {
            "name": "vm1",
            "imageRef": self.image_id,
            "flavorRef": "1",
            "networks": [{"uuid": self.network_id}],
            "block_device_mapping_v2": [
                {"uuid": self.volume_id, "source_type": "volume", "destination_type": "volume", "boot_index": -1}
            ],
        }
        return {"server": {k: v for k, v in (server | changes).items() if v is not None}}

    def boot(self, user: Connection | None = None, **changes: object) -> str:
        """Boot as a user who logs in afresh (demo, if not given); returns the server's id."""
        user = user or self.cloud.connect("demo")
        reply = user.compute.post("/servers", json=self.request(**changes))
        return str(reply.json()["server"]["id"])


def run(flow: str, seed: int = SEED) -> Flow:
    """Boot a server in a fresh cloud with that flow and see it through the flow's lens. Raises LensMismatch."""
    lab = Lab.prepare(Cloud(Config(flow=flow), seed=seed))
    lab.boot()
    return lab.cloud.trace.through(flow)


def classic_run() -> Flow:
    """The 28 steps of 2013. Raises LensMismatch."""
    return run("classic")


def current_run() -> Flow:
    """The steps of today. Raises LensMismatch."""
    return run("current")


def compare_runs() -> list[Row]:
    """What changed between the two. Raises LensMismatch."""
    return compare(classic_run(), current_run())
