"""What a boot may name: key pairs, of which Nova keeps the public half; server groups, instances that are to share a
host, or not to.

Interface: `KeyPairs` and `Groups`, parts of a process's queries; `Group`.
Invariants: a key pair is its user's, whatever the project.
Upstream: nova/objects/keypair.py, nova/objects/instance_group.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.exc import IntegrityError

from oslearn.core.nova import objects
from oslearn.core.nova.db.cells import Databases
from oslearn.extensions.nova.db.models import InstanceGroup, InstanceGroupMember, KeyPair
from oslearn.extensions.nova.exception import InstanceGroupNotFound, KeyPairExists, KeypairNotFound, MarkerNotFound


class KeyPairs:
    """The public halves, in the API database."""

    def __init__(self, databases: Databases) -> None:
        self.api, self.clock = databases.api, databases.clock

    def get(self, user_id: str | None, name: str) -> KeyPair:
        """One key pair of a user. Raises KeypairNotFound."""
        query = select(KeyPair).where(KeyPair.user_id == user_id, KeyPair.name == name)
        with self.api.session() as session:
            pair = session.scalars(query).first()
        if pair is None:
            raise KeypairNotFound(name=name, user_id=user_id)
        return pair

    def create(self, values: objects.Values) -> KeyPair:
        """A new key pair. Raises KeyPairExists."""
        pair = KeyPair(**values, created_at=self.clock.now())
        try:
            with self.api.session() as session:
                session.add(pair)
        except IntegrityError:
            raise KeyPairExists(key_name=values["name"]) from None
        return pair

    def page(self, user_id: str | None, limit: int | None = None, marker: str | None = None) -> list[KeyPair]:
        """Key pairs of a user by name, from behind `marker`. Raises MarkerNotFound."""
        query = select(KeyPair).where(KeyPair.user_id == user_id).order_by(KeyPair.name).limit(limit)
        if marker is not None:
            try:
                query = query.where(KeyPair.name > self.get(user_id, marker).name)
            except KeypairNotFound:
                raise MarkerNotFound(marker=marker) from None
        with self.api.session() as session:
            return list(session.scalars(query))

    def count(self, user_id: str | None) -> int:
        """How many a user has."""
        with self.api.session() as session:
            return session.scalars(select(func.count(KeyPair.id)).where(KeyPair.user_id == user_id)).one()

    def destroy(self, user_id: str | None, name: str) -> None:
        """Delete one; instances keep their copy. Raises KeypairNotFound."""
        pair = self.get(user_id, name)
        with self.api.session() as session:
            session.delete(pair)


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
