"""What is written of instances beyond a boot, of what was asked of them, and of the cells that they are in.

Interface: `InstanceExtras`, `VolumeDevices`, `ActionLists`, `CellRegistry` and `SavedSpecs`, parts of a process's
queries.
Invariants: the actions of an instance can be read after it is deleted.
Upstream: nova/objects/{tag,virtual_interface,block_device,request_spec}.py; nova/cmd/manage.py, `cell_v2`;
nova/db/main/api.py, `actions_get`, `action_get_by_request_id`, `action_events_get`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Select, delete, select

from oslearn.core.nova import objects
from oslearn.core.nova.db.cells import CELL0, CELL1, Cells, RequestSpecs
from oslearn.core.nova.db.instances import Actions, BlockDevices, Instances
from oslearn.core.nova.db.models import (
    BlockDeviceMapping,
    CellMapping,
    HostMapping,
    Instance,
    InstanceAction,
    InstanceActionEvent,
    RequestSpec,
    VirtualInterface,
    as_dict,
)
from oslearn.core.oslo.db import Handle
from oslearn.extensions.nova import objects as more_objects
from oslearn.extensions.nova.db.models import Tag, read
from oslearn.extensions.nova.exception import MarkerNotFound
from oslearn.extensions.oslo.listing import paged
from oslearn.extensions.oslo.timeutils import compare

CELL0_UUID = "00000000-0000-0000-0000-000000000000"


class InstanceExtras(Instances):
    """Instances with their tags and ports."""

    def create(self, values: objects.Values, devices: Iterable[objects.Values] = ()) -> objects.Instance:
        """The first row of an instance, with the tags that the boot gives it."""
        made = super().create(values, devices)
        if tags := values.get("tags"):
            self.set_tags(made["uuid"], tags)
        return made

    def set_tags(self, uuid: str, tags: Sequence[str]) -> None:
        """Replace an instance's tags."""
        with self.handle.session() as session:
            for row in session.scalars(select(Tag).where(Tag.resource_id == uuid)):
                session.delete(row)
            session.flush()
            session.add_all(Tag(resource_id=uuid, tag=tag) for tag in dict.fromkeys(tags))

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
        return read(self.handle, query)

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
        return read(self.handle, query.where(BlockDeviceMapping.volume_id == volume_id, ~Instance.deleted))

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
            for row in read(handle, query.order_by(BlockDeviceMapping.id)):
                found.setdefault(row["instance_uuid"], []).append(row)
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


class ActionLists(Actions):
    """Read from the cell that has, or had, the instance."""

    def get_all(
        self,
        uuid: str,
        limit: int | None = None,
        marker: str | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
    ) -> list[more_objects.InstanceAction]:
        """The actions of an instance, newest first, behind a request's id. Raises MarkerNotFound."""
        query, at = select(InstanceAction).where(InstanceAction.instance_uuid == uuid), None
        if since:
            query = query.where(compare(InstanceAction.updated_at, "ge", since))
        if before:
            query = query.where(compare(InstanceAction.updated_at, "le", before))
        with self._cell_of(uuid).session() as session:
            if marker is not None:
                last = session.scalars(_action(uuid, marker)).first()
                if last is None:
                    raise MarkerNotFound(marker=marker)
                at = [last.id]
            rows = session.scalars(paged(query, [(InstanceAction.id, True)], at, limit))
            return [cast("more_objects.InstanceAction", as_dict(row)) for row in rows]

    def get(
        self, uuid: str, request_id: str
    ) -> tuple[more_objects.InstanceAction, list[more_objects.InstanceActionEvent]] | None:
        """One action with its events, newest first."""
        with self._cell_of(uuid).session() as session:
            action = session.scalars(_action(uuid, request_id)).first()
            if action is None:
                return None
            events = select(InstanceActionEvent).where(InstanceActionEvent.action_id == action.id)
            rows = session.scalars(events.order_by(InstanceActionEvent.id.desc()))
            shown = [cast("more_objects.InstanceActionEvent", as_dict(row)) for row in rows]
            return cast("more_objects.InstanceAction", as_dict(action)), shown

    def _cell_of(self, uuid: str) -> Handle:
        """The database that has the instance, or had it before it was deleted."""
        if not self.databases.several:
            return self.databases.cell
        return self.databases.cells[self.databases.name_of(uuid) or CELL1]


def _action(uuid: str, request_id: str) -> Select[InstanceAction]:
    here = InstanceAction.instance_uuid == uuid, InstanceAction.request_id == request_id
    return select(InstanceAction).where(*here).order_by(InstanceAction.id.desc())
