"""Server groups: instances that are to share a host, or not to.

Interface: `Groups`, a part of a process's queries; `Group`.
Upstream: nova/objects/instance_group.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from sqlalchemy import ColumnElement, delete, select

from oslearn.core.nova import objects
from oslearn.core.nova.db.databases import Databases
from oslearn.extensions.nova.db.models import InstanceGroup, InstanceGroupMember
from oslearn.extensions.nova.exception import InstanceGroupNotFound


class Group(TypedDict):
    """A group with its rules and the uuids of its members."""

    id: int
    uuid: str
    name: str
    project_id: str
    user_id: str
    policy: str
    rules: dict[str, int]
    members: list[str]


class Groups:
    """Groups in the API database, and who comes and goes."""

    def __init__(self, databases: Databases) -> None:
        self.api, self.ids = databases.api, databases.ids

    def get(self, uuid: str, project_id: str | None = None) -> Group:
        """One group, of that project if given. Raises InstanceGroupNotFound."""
        query = select(InstanceGroup).where(InstanceGroup.uuid == uuid, *of_project(project_id))
        with self.api.session() as session:
            group = session.scalars(query).first()
        if group is None:
            raise InstanceGroupNotFound(group_uuid=uuid)
        return shown(group)

    def get_by_instance(self, instance_uuid: str) -> Group | None:
        """The group that an instance is in."""
        query = select(InstanceGroup).where(InstanceGroup.members.any(instance_uuid=instance_uuid))
        with self.api.session() as session:
            group = session.scalars(query).first()
        return shown(group) if group else None

    def add_members(self, uuid: str, instance_uuids: Sequence[str]) -> None:
        """Put instances into a group. Raises InstanceGroupNotFound."""
        group_id = self.get(uuid)["id"]
        with self.api.session() as session:
            session.add_all(InstanceGroupMember(group_id=group_id, instance_uuid=member) for member in instance_uuids)

    def remove_member(self, instance_uuid: str) -> None:
        """Take an instance out of the group that it is in."""
        with self.api.session() as session:
            session.execute(delete(InstanceGroupMember).where(InstanceGroupMember.instance_uuid == instance_uuid))

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


def of_project(project_id: str | None) -> list[ColumnElement[bool]]:
    """What narrows groups to a project's."""
    return [] if project_id is None else [InstanceGroup.project_id == project_id]


def shown(group: InstanceGroup) -> Group:
    """A row with what belongs to it."""
    return {
        "id": group.id,
        "uuid": group.uuid,
        "name": group.name,
        "project_id": group.project_id,
        "user_id": group.user_id,
        "policy": group.policy,
        "rules": {} if group.max_server_per_host is None else {"max_server_per_host": group.max_server_per_host},
        "members": [member.instance_uuid for member in group.members],
    }
