"""What a disk image is, byte by byte: each verdict is that of oslo.utils' format_inspector on the same bytes."""

from __future__ import annotations

import struct
from uuid import UUID

import pytest

from oslearn.extensions.glance.format_inspector import InvalidImageData, inspect

MIB = 1 << 20
DESCRIPTOR = b'# Disk DescriptorFile\nversion=1\ncreateType="%s"\n%s\n'
EXTENT = b'RW 2048 SPARSE "tiny.vmdk"'
UNSAFE = "Image failed safety checks"


def qcow2(version: int = 3, backing: int = 0, features: int = 0) -> bytes:
    head = struct.pack(">4sIQIIQ", b"QFI\xfb", version, backing, 0, 16, MIB)
    return head.ljust(72, b"\0") + struct.pack(">Q", features) + bytes(600)


def vmdk(kind: bytes = b"monolithicSparse", extent: bytes = EXTENT, version: int = 1, place: int = 1) -> bytes:
    head = struct.pack("<4sIIQQQQIQQQ", b"KDMV", version, 3, 2048, 128, place, 20, 512, 21, 26, 128)
    return (head.ljust(512, b"\0") + DESCRIPTOR % (kind, extent)).ljust(65536, b"\0")


def vdi() -> bytes:
    head = b"<<< VDI >>>".ljust(0x40, b"\0") + struct.pack("<I", 0xBEDA107F)
    return (head.ljust(0x170, b"\0") + struct.pack("<Q", MIB)).ljust(1024, b"\0")


def vhd() -> bytes:
    return (b"conectix".ljust(40, b"\0") + struct.pack(">Q", MIB)).ljust(512, b"\0")  # codespell:ignore


def vhdx(signature: int = 0x69676572) -> bytes:
    data = bytearray(MIB + 65536 + 8)
    data[:8] = b"vhdxfile"
    table, metadata = 192 << 10, MIB
    data[table : table + 16] = struct.pack("<IIII", signature, 0, 1, 0)
    region = UUID("8B7CA206-4790-4B9A-B8FE-575F050F886E").bytes_le + struct.pack("<QII", metadata, MIB, 1)
    data[table + 16 : table + 48] = region
    data[metadata : metadata + 12] = struct.pack("<8sHH", b"metadata", 0, 1)
    item = UUID("2FA54224-CD1B-4876-B211-5DBED83BF4B8").bytes_le + struct.pack("<III", 65536, 8, 0)
    data[metadata + 32 : metadata + 60] = item
    data[metadata + 65536 :] = struct.pack("<Q", 7 * MIB)
    return bytes(data)


def iso(start: bytes = b"") -> bytes:
    descriptor = bytearray(2048)
    descriptor[:6], descriptor[80:84], descriptor[128:130] = b"\1CD001", struct.pack("<I", 300), b"\0\x08"
    return start.ljust(32768, b"\0") + bytes(descriptor)


def mbr(*partitions: bytes) -> bytes:
    table = b"".join(partitions).ljust(64, b"\0")
    return bytes(446) + table + b"\x55\xaa"


def partition(kind: int = 0x83, boot: int = 0, start: int = 1) -> bytes:
    return bytes([boot, 0, 2, 0, kind, 255, 255, 255]) + struct.pack("<II", start, 100)


def luks(version: int = 1) -> bytes:
    head = b"LUKS\xba\xbe" + struct.pack(">H", version)
    return head.ljust(104, b"\0") + struct.pack(">I", 8) + bytes(1000)


@pytest.mark.parametrize(
    ("data", "claimed", "size"),
    [
        (bytes(4096), "raw", 4096),
        (b"", "raw", None),
        (qcow2(), "qcow2", MIB),
        (qcow2(2, features=8), "qcow2", MIB),
        (qcow2(features=0b1011), "qcow2", MIB),
        (vmdk(), "vmdk", MIB),
        (vmdk(b"streamOptimized"), "vmdk", MIB),
        (vdi(), "vdi", MIB),
        (vhd(), "vhd", MIB),
        (vhdx(), "vhdx", 7 * MIB),
        (vhdx(0), "vhdx", None),
        (iso(), "iso", 300 * 2048),
        (iso(mbr(partition(0xEE))), "iso", 300 * 2048),
        (mbr(partition(0xEE)), "raw", 512),
        (mbr(partition(boot=0x80), partition()), "raw", 512),
        (qcow2(), "raw", len(qcow2())),
        (luks(), "raw", len(luks())),
        (bytes(99), "ami", None),
        (bytes(99), None, None),
    ],
)
def test_the_size_of_the_disk_inside(data: bytes, claimed: str | None, size: int | None) -> None:
    assert inspect(lambda start, stop: data[start:stop], len(data), claimed) == size


@pytest.mark.parametrize(
    ("data", "claimed", "message"),
    [
        (vmdk(), "qcow2", "Image disk_format qcow2 does not match stream data vmdk"),
        (bytes(4096), "qcow2", "Image disk_format qcow2 does not match stream data raw"),
        (qcow2()[:300], "qcow2", "Image disk_format qcow2 does not match stream data raw"),
        (qcow2(), "ami", "Image disk_format ami does not match stream data qcow2"),
        (DESCRIPTOR % (b"monolithicFlat", EXTENT), "qcow2", "Image disk_format qcow2 does not match stream data vmdk"),
        (iso(qcow2()), "iso", "Multiple formats detected: qcow2,iso"),
        (b"QED\0".ljust(600, b"\0"), "raw", UNSAFE),
        (qcow2(backing=512), "qcow2", UNSAFE),
        (qcow2(backing=512), "raw", UNSAFE),
        (qcow2(1), "qcow2", UNSAFE),
        (qcow2(features=4), "qcow2", UNSAFE),
        (qcow2(2, features=4), "qcow2", UNSAFE),
        (qcow2(features=16), "qcow2", UNSAFE),
        (vmdk(b"monolithicFlat"), "vmdk", UNSAFE),
        (vmdk(extent=b"nothing=1"), "vmdk", UNSAFE),
        (vmdk(extent=EXTENT + b"\nwhat is this"), "vmdk", UNSAFE),
        (vmdk(extent=b'RW 1 SPARSE "/etc/passwd"'), "vmdk", UNSAFE),
        (vmdk(version=9), "vmdk", UNSAFE),
        (vmdk(place=2), "vmdk", UNSAFE),
        (mbr(), "raw", UNSAFE),
        (mbr(partition(boot=0x11)), "raw", UNSAFE),
        (mbr(partition(0xEE, start=5)), "raw", UNSAFE),
        (mbr(partition(0xEE), partition()), "raw", UNSAFE),
        (luks(2), "raw", UNSAFE),
        (vhd()[:99], "vhd", UNSAFE),
        (vhdx()[:1000], "vhdx", UNSAFE),
    ],
)
def test_what_is_refused(data: bytes, claimed: str, message: str) -> None:
    with pytest.raises(InvalidImageData) as refused:
        inspect(lambda start, stop: data[start:stop], len(data), claimed)
    assert str(refused.value) == message
