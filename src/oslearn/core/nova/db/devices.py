"""The block devices of instances: their disks, of which most are volumes.

Interface: `BlockDevices`, a part of `NovaDB`.
Upstream: nova/objects/block_device.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Table, bindparam, select, update

from oslearn.core.nova import objects
from oslearn.core.nova.db.databases import Databases
from oslearn.core.nova.db.models import BlockDeviceMapping, as_dict

ROWS = cast("Table", BlockDeviceMapping.__table__)
DEVICES = select(*ROWS.columns).where(ROWS.c.instance_uuid == bindparam("which")).order_by(BlockDeviceMapping.id)
"""What every boot asks, prepared once."""


class BlockDevices:
    """Those of a cell's instances."""

    def __init__(self, databases: Databases) -> None:
        self.databases, self.handle = databases, databases.cell

    def get(self, uuid: str) -> list[objects.BlockDevice]:
        """An instance's."""
        return [cast("objects.BlockDevice", as_dict(row)) for row in self.handle.rows(DEVICES, {"which": uuid})]

    def get_many(self, uuids: Sequence[str]) -> dict[str, list[objects.BlockDevice]]:
        """Those of each instance that has some, whichever cell it is in."""
        query = select(BlockDeviceMapping).where(BlockDeviceMapping.instance_uuid.in_(uuids))
        found: dict[str, list[objects.BlockDevice]] = {}
        for handle in self.databases.cells.values():
            with handle.session() as session:
                for row in session.scalars(query.order_by(BlockDeviceMapping.id)):
                    found.setdefault(row.instance_uuid, []).append(cast("objects.BlockDevice", as_dict(row)))
        return found

    def update(self, uuid: str, volume_id: str | None, values: objects.Values, bdm_uuid: str | None = None) -> None:
        """Change one device's row, which is named by its own id or by its volume's."""
        which = BlockDeviceMapping.uuid == bdm_uuid if bdm_uuid else BlockDeviceMapping.volume_id == volume_id
        self.handle.write(
            update(BlockDeviceMapping).where(BlockDeviceMapping.instance_uuid == uuid, which).values(values)
        )
