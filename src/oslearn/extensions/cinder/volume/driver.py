"""The seam to the storage: what cinder-volume asks of a backend.

Interface: `VolumeDriver`. A backend that keeps data replaces its methods.
Upstream: cinder/volume/driver.py, cinder/tests/fake_driver.py. Left out: real storage: this one logs what it is
asked for, and a volume holds no data.
"""

from __future__ import annotations

import logging
import struct

from oslearn.core.oslo.context import Body

LOG = logging.getLogger(__name__)
SECTOR, GIB = 512, 1 << 30


class VolumeDriver:
    """One backend. Volumes and snapshots are given by id."""

    def __init__(self, backend_name: str) -> None:
        self.backend_name = backend_name

    def get_volume_stats(self) -> Body:
        """What the scheduler may choose by: one pool without an end, as pools look that may be overcommitted."""
        stats = {"volume_backend_name": self.backend_name, "vendor_name": "Open Source", "driver_version": "3.0.0"}
        space = {"total_capacity_gb": "infinite", "free_capacity_gb": "infinite", "reserved_percentage": 0}
        return stats | space | {"storage_protocol": "iSCSI", "multiattach": True, "pool_name": self.backend_name}

    def copy_volume_to_image(self, volume_id: str, size: int, disk_format: str) -> bytes:
        """The volume as an image: an empty sector, or a qcow2 header with nothing behind it."""
        header = struct.pack(">4sIQIIQ", b"QFI\xfb", 2, 0, 0, 16, size * GIB) if disk_format == "qcow2" else b""
        return header.ljust(SECTOR, b"\x00")

    def _log(self, *args: object) -> None:
        LOG.debug("%s: %s", self.backend_name, args)

    create_volume = delete_volume = extend_volume = _log
    create_snapshot = delete_snapshot = _log
