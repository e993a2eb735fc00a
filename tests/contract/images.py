"""The files that the recorded commands upload: the smallest that their formats allow."""

from __future__ import annotations

import struct
from pathlib import Path

from oslearn.course.fill import DISK, qcow2

SECTOR = 512
SIZE = 1 << 20
DESCRIPTOR = b'# Disk DescriptorFile\nversion=1\ncreateType="monolithicSparse"\nRW 2048 SPARSE "tiny.vmdk"\n'


def vmdk() -> bytes:
    """A VMware disk: magic, version, flags, capacity, grain, and where the descriptor is."""
    header = struct.pack("<4sIIQQQQIQQQ", b"KDMV", 1, 3, SIZE // SECTOR, 128, 1, 20, 512, 21, 26, 128)
    return (header.ljust(SECTOR, b"\0") + DESCRIPTOR).ljust(65536, b"\0")


def vdi() -> bytes:
    """A VirtualBox disk: a text, the signature at 0x40, the disk's size at 0x170."""
    head = b"<<< QEMU VM Virtual Disk Image >>>\n".ljust(0x40, b"\0") + struct.pack("<II", 0xBEDA107F, 0x10001)
    return (head.ljust(0x170, b"\0") + struct.pack("<Q", SIZE)).ljust(1024, b"\0")


def write(folder: Path) -> None:
    """Put the files where the commands find them."""
    made = {
        "cirros-0.6.3-x86_64-disk.img": qcow2(DISK),
        "tiny.raw": bytes(SIZE),
        "tiny.vmdk": vmdk(),
        "tiny.vdi": vdi(),
        "id_rsa.pub": (Path(__file__).parent / "recordings" / "id_rsa.pub").read_bytes(),
    }
    for name, data in made.items():
        (folder / name).write_bytes(data)
