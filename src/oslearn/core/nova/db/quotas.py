"""Quotas: limits from the database, else from the settings; use is counted when it is asked for.

Interface: `QuotaQueries`, a part of `NovaDB`; `RESOURCES`, `Scope`.
Invariants: a user's own limit wins over the project's, that over the class `default`, that over the settings; -1 is
no limit; what was accepted and has no row in a cell yet is counted where something new is accepted, and nowhere else.
Upstream: nova/quota.py, `DbQuotaDriver`; nova/db/api/api.py. Left out: reservations, unified limits in Keystone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, literal, select, union_all

from oslearn.core.config import Config
from oslearn.core.nova.db.api_models import InstanceGroup, InstanceGroupMember, Quota, QuotaClass
from oslearn.core.nova.db.models import BuildRequest, Instance
from oslearn.core.oslo.db import Handle

RESOURCES = (
    "cores", "fixed_ips", "floating_ips", "injected_file_content_bytes", "injected_file_path_bytes", "injected_files",
    "instances", "key_pairs", "metadata_items", "ram", "security_group_rules", "security_groups",
    "server_group_members", "server_groups",
)  # fmt: skip
"""Everything that a quota limits; the settings call each `quota_...`. What Neutron counts has no limit here."""
PROJECT: Any = bindparam("project")
USER: Any = bindparam("user")
LIMITS = union_all(
    select(literal(0), QuotaClass.resource, QuotaClass.hard_limit).where(QuotaClass.class_name == "default"),
    select(func.length(Quota.user_id) + 1, Quota.resource, Quota.hard_limit).where(
        Quota.project_id == PROJECT, Quota.user_id.in_(["", USER])
    ),
)
"""Limits, those that win behind the others that they win over when sorted."""
PROJECTS = 1
"""The rank of a project's own limits; a user's have a higher one."""


def usage(table: Any) -> Any:
    """What the instances in a table use; of every user if none is given."""
    mine = table.user_id == func.coalesce(USER, table.user_id)
    query = select(func.count(table.id), func.sum(table.vcpus), func.sum(table.memory_mb))
    return query.where(table.project_id == PROJECT, ~table.deleted, mine)


USAGE = usage(Instance)
COUNTED = ("instances", "cores", "ram")
ASKED = select(BuildRequest.uuid, BuildRequest.vcpus, BuildRequest.memory_mb).where(
    BuildRequest.project_id == PROJECT,
    ~BuildRequest.deleted,
    BuildRequest.user_id == func.coalesce(USER, BuildRequest.user_id),
)
HERE: Any = select(Instance.uuid).where(Instance.uuid.in_(bindparam("uuids", expanding=True)))


class Scope(NamedTuple):
    """Whom a quota holds for: all of a project, or one user in it who has limits of their own."""

    limits: dict[str, int]
    used: dict[str, int]


class QuotaQueries:
    """Queries over the API database and the cell's."""

    api: Handle
    cells: dict[str, Handle]
    config: Config

    def quota_limits(self, project_id: str | None = None, user_id: str = "") -> dict[str, int]:
        """The limits of a project, of a user in it, or (without both) of every project that has none of its own."""
        project, own = self._limits(project_id, user_id)
        return project | own

    def quota_scopes(self, project_id: str, user_id: str, asked: bool) -> list[Scope]:
        """What instances are counted against: the project's limits, and the user's if they have some of their own.
        `asked` counts what has no row in a cell yet.
        """
        project, own = self._limits(project_id, user_id)
        scopes = [(project, None), (project | own, user_id)] if own.keys() & set(COUNTED) else [(project, None)]
        found = []
        for limits, user in scopes:
            used = self.quota_usage(project_id, user)
            more = self._asked(project_id, user) if asked else used
            found.append(Scope(limits, {name: used[name] + more[name] for name in used} if asked else used))
        return found

    def quota_usage(self, project_id: str, user_id: str | None = None) -> dict[str, int]:
        """What the project (or a user in it) uses: instances, cores, ram (MiB), counted now in every cell."""
        used = dict.fromkeys(COUNTED, 0)
        for handle in self.cells.values():
            row = handle.rows(USAGE, {"project": project_id, "user": user_id or None})[0]
            used = {name: used[name] + (value or 0) for name, value in zip(used, row, strict=True)}
        return used

    def _limits(self, project_id: str | None, user_id: str) -> tuple[dict[str, int], dict[str, int]]:
        """The project's limits, and the user's own."""
        limits: dict[str, int] = {name: getattr(self.config, f"quota_{name}", -1) for name in RESOURCES}
        own: dict[str, int] = {}
        rows: Any = self.api.rows(LIMITS, {"project": project_id, "user": user_id})
        for rank, resource, limit in sorted((row[0], row[1], row[2]) for row in rows):
            if resource in limits:
                (own if rank > PROJECTS else limits)[resource] = limit
        return limits, own

    def _asked(self, project_id: str, user_id: str | None) -> dict[str, int]:
        """What the build requests ask for whose instances have no row in a cell yet."""
        asked = self.api.rows(ASKED, {"project": project_id, "user": user_id}) if len(self.cells) > 1 else []
        uuids = [row.uuid for row in asked]
        cells = self.cells.values() if uuids else []  # a wrong yes costs a failed boot, a wrong no costs a customer
        there = {row.uuid for handle in cells for row in handle.rows(HERE, {"uuids": uuids})}
        waiting = [row for row in asked if row.uuid not in there]
        return dict(
            zip(COUNTED, (len(waiting), sum(r.vcpus for r in waiting), sum(r.memory_mb for r in waiting)), strict=True)
        )

    def quota_usage_of_groups(self, project_id: str, user_id: str | None = None) -> dict[str, int]:
        """How many server groups the project (or a user in it) has."""
        query = select(func.count(InstanceGroup.id)).where(InstanceGroup.project_id == project_id)
        if user_id:
            query = query.where(InstanceGroup.user_id == user_id)
        with self.api.session() as session:
            return {"server_groups": session.scalars(query).one()}

    def quota_members_of_group(self, group_uuid: str) -> int:
        """How many members a server group has."""
        query = select(func.count(InstanceGroupMember.id)).join(InstanceGroup)
        with self.api.session() as session:
            return session.scalars(query.where(InstanceGroup.uuid == group_uuid)).one()

    def quota_given_to_users(self, project_id: str, user_id: str | None = None) -> dict[str, int]:
        """The sum of the limits that users of the project have of their own, or those of one user."""
        query = select(Quota.resource, func.sum(Quota.hard_limit)).where(Quota.project_id == project_id)
        query = query.where(Quota.user_id == user_id if user_id else Quota.user_id != "").group_by(Quota.resource)
        with self.api.session() as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def quota_set(self, limits: dict[str, int], project_id: str, user_id: str = "") -> None:
        """Give a project, or a user in it, limits of its own."""
        here = Quota.project_id == project_id, Quota.user_id == user_id, Quota.resource.in_(limits)
        with self.api.session() as session:
            session.execute(delete(Quota).where(*here))
            session.add_all(
                Quota(project_id=project_id, user_id=user_id, resource=name, hard_limit=limit)
                for name, limit in limits.items()
            )

    def quota_class_set(self, limits: dict[str, int]) -> None:
        """Give every project that has none of its own these limits."""
        with self.api.session() as session:
            for name, limit in limits.items():
                session.merge(QuotaClass(class_name="default", resource=name, hard_limit=limit))

    def quota_destroy(self, project_id: str, user_id: str = "") -> None:
        """Take a project's own limits away, and its users'; or those of one user."""
        query = delete(Quota).where(Quota.project_id == project_id)
        with self.api.session() as session:
            session.execute(query.where(Quota.user_id == user_id) if user_id else query)
