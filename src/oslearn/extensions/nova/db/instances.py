"""What a running instance has beside its row, and loses.

Interface: `InstanceExtras`, a part of a process's queries.
Upstream: nova/objects/tag.py, nova/objects/virtual_interface.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from oslearn.core.nova.db.instances import Instances
from oslearn.core.nova.db.models import Tag, VirtualInterface


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

    def forget_vifs(self, uuid: str) -> None:
        """An instance has no port any more."""
        self.handle.write(delete(VirtualInterface).where(VirtualInterface.instance_uuid == uuid))
