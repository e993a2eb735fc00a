"""What a disk image really is: its format, the size of the disk inside, and whether a host may open it.

Interface: `inspect(read, size, claimed)`, where `read(start, stop)` gives a part of the data.
Invariants: nothing but the data decides; what claims to be qcow2 is qcow2, and names no file of the host.
Upstream: oslo_utils/imageutils/format_inspector.py. Left out: LUKS passphrases, the footer of a VMDK.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from uuid import UUID

from oslearn.core.oslo.exception import UnsupportedMediaType

Read = Callable[[int, int], bytes]
VHDX_METADATA = UUID("8B7CA206-4790-4B9A-B8FE-575F050F886E").bytes_le
VHDX_DISK_SIZE = UUID("2FA54224-CD1B-4876-B211-5DBED83BF4B8").bytes_le
VHDX_TABLE = int.from_bytes(b"regi", "little")
VMDK_TYPES = ("monolithicsparse", "streamoptimized")


class InvalidImageData(UnsupportedMediaType):
    """415: the data is not what the image claims, or not safe."""


class Disk:
    """The data, with the start of it at hand."""

    def __init__(self, read: Read, size: int) -> None:
        self.read, self.size, self.head = read, size, read(0, 1024)

    def number(self, kind: str, offset: int) -> int:
        """The number at an offset, 0 behind the end; `kind` as in struct."""
        data = self.read(offset, offset + struct.calcsize(kind))
        return int(struct.unpack(kind, data)[0]) if len(data) == struct.calcsize(kind) else 0

    def starts(self, magic: bytes, least: int = 0) -> bool:
        """Whether it begins so, and is at least that long."""
        return self.head.startswith(magic) and self.size >= least

    def vmdk_type(self) -> tuple[str, str]:
        """`createType` of a VMDK, and its descriptor."""
        start, length = (0, 1 << 20) if self.head[:4] != b"KDMV" else (512, self.number("<Q", 36) * 512)
        text = self.read(start, start + min(length, 1 << 20)).partition(b"\0")[0].decode("ascii", "replace").lower()
        found = re.search(r'createtype="([^"]{0,63})"', text)
        return (found[1] if found else ""), text

    def vmdk_size(self) -> int:
        """The size in a VMDK's header."""
        if not self.starts(b"KDMV"):
            raise InvalidImageData("Image format inspection failed")
        return self.number("<Q", 12) * 512 if self.vmdk_type()[0] in VMDK_TYPES else 0

    def vhdx_size(self) -> int:
        """The size in a VHDX's metadata: 192 KiB from the start a table tells where they are."""
        table = self._entry(192 << 10, 8, 16, VHDX_METADATA) if self.number("<I", 192 << 10) == VHDX_TABLE else None
        start = self.number("<Q", table) if table else 0
        item = self._entry(start, 10, 32, VHDX_DISK_SIZE, "<H") if start else None
        return self.number("<Q", start + self.number("<I", item)) if item else 0

    def _entry(self, start: int, count: int, first: int, guid: bytes, kind: str = "<I") -> int | None:
        """Where an entry of a table of 32-byte entries has its values."""
        for place in range(start + first, start + first + 32 * min(self.number(kind, start + count), 2047), 32):
            if self.read(place, place + 16) == guid:
                return place + 16
        return None


def _text_vmdk(disk: Disk) -> bool:
    """A VMDK may be no more than its descriptor."""
    return not re.search(rb"[^\s -~]", disk.head[:512]) and bool(disk.vmdk_type()[0])


def _unsafe_qcow2(disk: Disk) -> bool:
    """A backing file, an external data file or unknown features."""
    version, features = disk.number(">I", 4), disk.number(">Q", 72)
    unknown = features & 0b100 or (version == 3 and features >> 4)
    return version not in (2, 3) or bool(disk.number(">Q", 8) or unknown)


def _unsafe_vmdk(disk: Disk) -> bool:
    """Extents that lie elsewhere, or lines that nobody knows."""
    kind, text = disk.vmdk_type()
    if disk.starts(b"KDMV") and (disk.number("<I", 4) not in (1, 2, 3) or disk.number("<Q", 28) != 1):
        return True
    lines = [line.strip() for line in text.split("\n") if line.strip() and not line.strip().startswith(("#", "ddb"))]
    extents = [line for line in lines if line.split(" ")[0] in ("rw", "rdonly", "noaccess")]
    unknown = [line for line in lines if line not in extents and not re.match(r"[^ =]+=", line)]
    return kind not in VMDK_TYPES or not extents or bool(unknown) or any("/" in extent for extent in extents)


def _unsafe_mbr(disk: Disk) -> bool:
    """No partition, or a protective one that is not alone or not where it belongs."""
    entries = [disk.head[start : start + 16] for start in range(446, 510, 16)]
    used = [number for number, entry in enumerate(entries) if entry[4]]
    gpt = [entry for entry in entries if entry[4] == 0xEE]
    odd = [entry for entry in gpt if entry[1:4] != b"\x00\x02\x00" or entry[8:12] != b"\x01\x00\x00\x00"]
    return not used or bool(odd) or bool(gpt and used != [0]) or any(entry[0] not in (0, 0x80) for entry in entries)


FORMATS: dict[str, tuple[Callable[[Disk], bool], Callable[[Disk], int], Callable[[Disk], bool]]] = {
    "raw": (lambda d: False, lambda d: d.size, lambda d: False),
    "qcow2": (lambda d: d.starts(b"QFI\xfb", 512), lambda d: d.number(">Q", 24), _unsafe_qcow2),
    "vhd": (lambda d: d.starts(b"conectix"), lambda d: d.number(">Q", 40), lambda d: d.size < 512),  # codespell:ignore
    "vhdx": (lambda d: d.starts(b"vhdxfile"), lambda d: d.vhdx_size(), lambda d: d.size < 256 << 10),
    "vmdk": (lambda d: d.starts(b"KDMV", 64) or _text_vmdk(d), lambda d: d.vmdk_size(), _unsafe_vmdk),
    "vdi": (lambda d: d.size >= 512 and d.number("<I", 0x40) == 0xBEDA107F,
            lambda d: d.number("<Q", 0x170), lambda d: False),
    "qed": (lambda d: d.starts(b"QED\0", 512), lambda d: 0, lambda d: True),
    "iso": (lambda d: d.size >= 34 << 10 and d.read(32769, 32774) in (b"CD001", b"NSR02", b"NSR03"),
            lambda d: d.number("<I", 32848) * d.number("<H", 32896) if d.read(32768, 32769) == b"\1" else 0,
            lambda d: False),
    "gpt": (lambda d: d.size >= 512 and d.head[510:512] == b"\x55\xaa" and (d.head[16], d.head[21]) != (2, 0xF8),
            lambda d: d.size, _unsafe_mbr),
    "luks": (lambda d: d.starts(b"LUKS\xba\xbe"), lambda d: d.size - 512 * d.number(">I", 104),
             lambda d: d.size < 592 or d.number(">H", 6) != 1),
}  # fmt: skip
"""By name: whether it is that, the size of the disk inside, whether it is unsafe."""


def inspect(read: Read, size: int, claimed: str | None) -> int | None:
    """The size of the disk inside, None if unknown. Raises InvalidImageData."""
    disk = Disk(read, size)
    found = [name for name, (matches, _, _) in FORMATS.items() if matches(disk)] or ["raw"]
    if found == ["iso", "gpt"]:
        found = ["iso"]  # a CD that boots from a disk, too
    if len(found) > 1:
        raise InvalidImageData(f"Multiple formats detected: {','.join(found)}")
    name, virtual_size = found[0], None
    if name == claimed:
        virtual_size = FORMATS[name][1](disk)
    elif claimed == "raw":
        virtual_size = size  # whatever it is, a guest gets these bytes
    elif name != "raw" or claimed in FORMATS:
        raise InvalidImageData(f"Image disk_format {claimed} does not match stream data {name}")
    if FORMATS[name][2](disk):
        raise InvalidImageData("Image failed safety checks")
    return virtual_size if virtual_size and 0 < virtual_size < 2**63 else None
