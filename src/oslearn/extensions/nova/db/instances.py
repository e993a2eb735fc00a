"""What is written of instances beyond a boot, and of the cells that they are in.

Interface: `InstanceExtras`, `VolumeDevices`, `CellRegistry` and `SavedSpecs`, parts of a process's queries.
Upstream: nova/objects/{tag,virtual_interface,block_device,request_spec}.py; nova/cmd/manage.py, `cell_v2`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from sqlalchemy import delete, select

from oslearn.core.nova import objects
from oslearn.core.nova.db.cells import Cells, RequestSpecs
from oslearn.core.nova.db.databases import CELL0, CELL1
from oslearn.core.nova.db.instances import BlockDevices, Instances
from oslearn.core.nova.db.models import (
    BlockDeviceMapping,
    CellMapping,
    HostMapping,
    Instance,
    RequestSpec,
    Tag,
    VirtualInterface,
    as_dict,
)

CELL0_UUID = "00000000-0000-0000-0000-000000000000"


class InstanceExtras(Instances):
    """Instances with their tags and ports."""

    def tags(self, uuids: Sequence[str]) -> dict[str, list[str]]:
        """The tags of each instance that has some, in order."""
        query = select(Tag.resource_id, Tag.tag).where(Tag.resource_id.in_(uuids)).order_by(Tag.tag)
        found: dict[str, list[str]] = {}
        for handle in self.databases.cells.values():
            with handle.session() as session:
                for uuid, tag in session.execute(query):
                    found.setdefault(uuid, []).append(tag)
        return found

    def get_by_host(self, host: str) -> list[objects.Instance]:
        """Those that a host has, by age."""
        query = select(Instance).where(Instance.host == host, ~Instance.deleted).order_by(Instance.id)
        with self.handle.session() as session:
            return [cast("objects.Instance", as_dict(instance)) for instance in session.scalars(query)]

    def forget_vifs(self, uuid: str) -> None:
        """An instance has no port any more."""
        self.handle.write(delete(VirtualInterface).where(VirtualInterface.instance_uuid == uuid))


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


class CellRegistry(Cells):
    """Cells and hosts that come."""

    def create(self) -> None:
        """Make the cells known, as `nova-manage cell_v2 simple_cell_setup` does."""
        with self.api.session() as session:
            known = set(session.scalars(select(CellMapping.name)))
            for name in self.databases.cells:
                if name not in known:
                    uuid = CELL0_UUID if name == CELL0 else self.databases.ids.uuid()
                    session.add(CellMapping(uuid=uuid, name=name))

    def add_hosts(self, hosts: Iterable[str]) -> None:
        """Put hosts into cell 1, as `nova-manage cell_v2 discover_hosts` does."""
        with self.api.session() as session:
            known = set(session.scalars(select(HostMapping.host)))
            cell_id = session.scalars(select(CellMapping.id).where(CellMapping.name == CELL1)).one()
            session.add_all(HostMapping(host=host, cell_id=cell_id) for host in hosts if host not in known)


class SavedSpecs(RequestSpecs):
    """Specs that change."""

    def save(self, uuid: str, spec: objects.RequestSpec) -> None:
        """What an instance asks for from now on."""
        with self.api.session() as session:
            session.merge(RequestSpec(instance_uuid=uuid, spec=spec))
