"""Server groups, as users make them.

Interface: `GroupAdministration`, a part of `ExtendedDB`.
Upstream: nova/objects/instance_group.py.
"""

from __future__ import annotations

from sqlalchemy import select

from oslearn.core.nova import objects
from oslearn.core.nova.db.api_models import InstanceGroup
from oslearn.core.nova.db.groups import Group, Groups, of_project, shown


class GroupAdministration(Groups):
    """Groups that come and go."""

    def create(self, values: objects.Values) -> Group:
        """A new group."""
        group = InstanceGroup(uuid=self.ids.uuid(), members=[], **values)
        with self.api.session() as session:
            session.add(group)
        return shown(group)

    def page(self, project_id: str | None, offset: int, limit: int) -> list[Group]:
        """Groups of a project, or all, by age."""
        query = select(InstanceGroup).where(*of_project(project_id)).order_by(InstanceGroup.id)
        with self.api.session() as session:
            return [shown(row) for row in session.scalars(query.offset(offset).limit(limit))]

    def destroy(self, uuid: str) -> None:
        """Delete a group; its members stay as they are. Raises InstanceGroupNotFound."""
        with self.api.session() as session:
            session.delete(session.get_one(InstanceGroup, self.get(uuid)["id"]))
