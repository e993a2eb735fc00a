"""Server groups.

Interface: `GroupQueries`, a part of `NovaDB`; groups leave it as dictionaries.
Upstream: nova/objects/instance_group.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from oslearn.core.nova import exception
from oslearn.core.nova.db.api_models import InstanceGroup, InstanceGroupMember
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.db import Handle


class GroupQueries:
    """Queries over the API database."""

    api: Handle
    ids: Ids

    def instance_group_create(self, values: dict[str, Any]) -> dict[str, Any]:
        """A new group."""
        group = InstanceGroup(uuid=self.ids.uuid(), members=[], **values)
        with self.api.session() as session:
            session.add(group)
        return as_dict(group)

    def instance_group_get(self, uuid: str, project_id: str | None = None) -> dict[str, Any]:
        """One group, of that project if given. Raises InstanceGroupNotFound."""
        query = select(InstanceGroup).where(InstanceGroup.uuid == uuid, *of_project(project_id))
        with self.api.session() as session:
            group = session.scalars(query).first()
        if group is None:
            raise exception.InstanceGroupNotFound(group_uuid=uuid)
        return as_dict(group)

    def instance_group_get_by_instance(self, instance_uuid: str) -> dict[str, Any] | None:
        """The group that an instance is in."""
        query = select(InstanceGroup).where(InstanceGroup.members.any(instance_uuid=instance_uuid))
        with self.api.session() as session:
            group = session.scalars(query).first()
        return as_dict(group) if group else None

    def instance_group_page(self, project_id: str | None, offset: int, limit: int) -> list[dict[str, Any]]:
        """Groups of a project, or all, by age."""
        query = select(InstanceGroup).where(*of_project(project_id)).order_by(InstanceGroup.id)
        with self.api.session() as session:
            return [as_dict(row) for row in session.scalars(query.offset(offset).limit(limit))]

    def instance_group_members_add(self, uuid: str, instance_uuids: Sequence[str]) -> None:
        """Put instances into a group. Raises InstanceGroupNotFound."""
        group = self.instance_group_get(uuid)
        with self.api.session() as session:
            session.add_all(
                InstanceGroupMember(group_id=group["id"], instance_uuid=member) for member in instance_uuids
            )

    def instance_group_member_remove(self, instance_uuid: str) -> None:
        """Take an instance out of the group that it is in."""
        with self.api.session() as session:
            session.execute(delete(InstanceGroupMember).where(InstanceGroupMember.instance_uuid == instance_uuid))

    def instance_group_destroy(self, uuid: str) -> None:
        """Delete a group; its members stay as they are. Raises InstanceGroupNotFound."""
        with self.api.session() as session:
            session.delete(session.get_one(InstanceGroup, self.instance_group_get(uuid)["id"]))


def of_project(project_id: str | None) -> list[Any]:
    """What narrows groups to a project's."""
    return [] if project_id is None else [InstanceGroup.project_id == project_id]


def as_dict(group: InstanceGroup) -> dict[str, Any]:
    """A group with its rules and the uuids of its members."""
    rules = {} if group.max_server_per_host is None else {"max_server_per_host": group.max_server_per_host}
    plain = {key: getattr(group, key) for key in ("id", "uuid", "name", "project_id", "user_id", "policy")}
    return plain | {"rules": rules, "members": [member.instance_uuid for member in group.members]}
