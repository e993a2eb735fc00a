"""What a course begins with: a public image and the external network `provider`.

Interface: `fill(cloud)`, which makes what is missing, and `furnish(admin)`, for who is connected already;
`qcow2(size)`, an empty disk image.
"""

from __future__ import annotations

import struct

from oslearn.cloud import Cloud, Connection

CLUSTER = 65536
DISK = 112 << 20
"""Bytes of the disk that the image describes, as CirrOS 0.6 has it."""
IMAGE = {"name": "cirros", "disk_format": "qcow2", "container_format": "bare", "visibility": "public"}
NETWORK = {
    "name": "provider",
    "router:external": True,
    "shared": True,
    "provider:network_type": "flat",
    "provider:physical_network": "provider",
}
SUBNET = {
    "name": "provider",
    "ip_version": 4,
    "cidr": "203.0.113.0/24",
    "gateway_ip": "203.0.113.1",
    "allocation_pools": [{"start": "203.0.113.101", "end": "203.0.113.250"}],
    "dns_nameservers": ["8.8.4.4"],
}


def fill(cloud: Cloud) -> None:
    """Make what is not there yet; what happened on the way is forgotten."""
    furnish(cloud.connect("admin"))
    cloud.trace.clear()


def furnish(admin: Connection) -> None:
    """Make what is not there yet, in whatever cloud it is."""
    if not admin.image.get("/images?name=cirros").json()["images"]:
        upload(admin)
    if not admin.network.get("/networks?name=provider").json()["networks"]:
        network_id = admin.network.post("/networks", json={"network": NETWORK}).json()["network"]["id"]
        admin.network.post("/subnets", json={"subnet": SUBNET | {"network_id": network_id}})


def upload(user: Connection) -> str:
    """Make the image and upload its data; returns its id."""
    image_id = str(user.image.post("/images", json=IMAGE).json()["id"])
    binary = {"Content-Type": "application/octet-stream"}
    user.image.put(f"/images/{image_id}/file", data=qcow2(DISK), headers=binary)
    return image_id


def qcow2(size: int) -> bytes:
    """An empty image in QEMU's qcow2 format, version 3, for a disk of `size` bytes, at most 512 MiB.

    Header, reference count table, reference count block and first-level table, a cluster each, as `qemu-img create`
    lays them out. Format: https://www.qemu.org/docs/master/interop/qcow2.html

    >>> len(qcow2(117440512)), qcow2(117440512)[:4]
    (196616, b'QFI\\xfb')
    """
    l1, counts, features, order, length = 3 * CLUSTER, CLUSTER, (0, 0, 0), 4, 104
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII", b"QFI\xfb", 3, 0, 0, 16, size, 0, 1, l1, counts, 1, 0, 0, *features, order, length
    )
    table = struct.pack(">Q", 2 * CLUSTER)
    block = struct.pack(">4H", 1, 1, 1, 1)
    return b"".join(part.ljust(CLUSTER, b"\0") for part in (header, table, block)) + bytes(8)
