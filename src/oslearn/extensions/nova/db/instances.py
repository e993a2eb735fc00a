"""What a running instance has beside its row, and loses.

Interface: `InstanceExtras`, a part of a process's queries.
Upstream: nova/objects/tag.py, nova/objects/virtual_interface.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlalchemy import delete, select

from oslearn.core.nova import objects
from oslearn.core.nova.db.instances import Instances
from oslearn.core.nova.db.models import Instance, Tag, VirtualInterface, as_dict


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
