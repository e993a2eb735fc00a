"""The volumes that an instance gets and loses while it runs.

Interface: `VolumeDevices`, a part of a process's queries.
Upstream: nova/objects/block_device.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlalchemy import delete, select

from oslearn.core.nova import objects
from oslearn.core.nova.db.instances import BlockDevices
from oslearn.core.nova.db.models import BlockDeviceMapping, Instance, as_dict


class VolumeDevices(BlockDevices):
    """Rows that come and go."""

    def create(self, uuid: str, values: objects.Values) -> objects.BlockDevice:
        """A new block device."""
        row = BlockDeviceMapping(instance_uuid=uuid, uuid=self.databases.ids.uuid(), **values)
        with self.handle.session() as session:
            session.add(row)
        return cast("objects.BlockDevice", as_dict(row))

    def of_volume(self, volume_id: str) -> list[objects.BlockDevice]:
        """Who has a volume."""
        query = select(BlockDeviceMapping).join(Instance, Instance.uuid == BlockDeviceMapping.instance_uuid)
        with self.handle.session() as session:
            rows = session.scalars(query.where(BlockDeviceMapping.volume_id == volume_id, ~Instance.deleted))
            return [cast("objects.BlockDevice", as_dict(row)) for row in rows]

    def destroy(self, uuid: str, volume_id: str) -> None:
        """Forget a volume of an instance."""
        here = BlockDeviceMapping.instance_uuid == uuid, BlockDeviceMapping.volume_id == volume_id
        with self.handle.session() as session:
            session.execute(delete(BlockDeviceMapping).where(*here))

    def get_many(self, uuids: Sequence[str]) -> dict[str, list[objects.BlockDevice]]:
        """Those of each instance that has some, whichever cell it is in."""
        query = select(BlockDeviceMapping).where(BlockDeviceMapping.instance_uuid.in_(uuids))
        found: dict[str, list[objects.BlockDevice]] = {}
        for handle in self.databases.cells.values():
            with handle.session() as session:
                for row in session.scalars(query.order_by(BlockDeviceMapping.id)):
                    found.setdefault(row.instance_uuid, []).append(cast("objects.BlockDevice", as_dict(row)))
        return found
