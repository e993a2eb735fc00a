"""Quotas: limits from the database, else from the settings; use is counted when it is asked for.

Interface: `Quotas`, a part of a process's queries; `RESOURCES`, `COUNTED`, `Scope`.
Invariants: a user's own limit wins over the project's, that over the class `default`, that over the settings; -1 is
no limit; what was accepted and has no row in a cell yet is counted where something new is accepted, and nowhere else.
Upstream: nova/quota.py, `DbQuotaDriver`; nova/db/api/api.py. Left out: reservations, unified limits in Keystone.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BindParameter, Select, bindparam, func, literal, select, union_all

from oslearn.core.nova.db.api_models import Quota, QuotaClass
from oslearn.core.nova.db.databases import Databases
from oslearn.core.nova.db.models import BuildRequest, Instance
from oslearn.core.oslo.policy import UNLIMITED

RESOURCES = (
    "cores", "fixed_ips", "floating_ips", "injected_file_content_bytes", "injected_file_path_bytes", "injected_files",
    "instances", "key_pairs", "metadata_items", "ram", "security_group_rules", "security_groups",
    "server_group_members", "server_groups",
)  # fmt: skip
"""Everything that a quota limits; the settings call each `quota_...`. What Neutron counts has no limit here."""
PROJECT: BindParameter[str] = bindparam("project")
USER: BindParameter[str] = bindparam("user")
LIMITS = union_all(
    select(literal(0), QuotaClass.resource, QuotaClass.hard_limit).where(QuotaClass.class_name == "default"),
    select(func.length(Quota.user_id) + 1, Quota.resource, Quota.hard_limit).where(
        Quota.project_id == PROJECT, Quota.user_id.in_(["", USER])
    ),
)
"""Limits, those that win behind the others that they win over when sorted."""
PROJECTS = 1
"""The rank of a project's own limits; a user's have a higher one."""


def usage(table: type[Instance | BuildRequest]) -> Select[int, int, int]:
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
HERE = select(Instance.uuid).where(Instance.uuid.in_(bindparam("uuids", expanding=True)))


class Scope(NamedTuple):
    """Whom a quota holds for: all of a project, or one user in it who has limits of their own."""

    limits: dict[str, int]
    used: dict[str, int]


class Quotas:
    """What a boot is counted against."""

    def __init__(self, databases: Databases) -> None:
        self.databases, self.api, self.config = databases, databases.api, databases.config

    def limits(self, project_id: str | None = None, user_id: str = "") -> dict[str, int]:
        """The limits of a project, of a user in it, or (without both) of every project that has none of its own."""
        project, own = self._limits(project_id, user_id)
        return project | own

    def scopes(self, project_id: str, user_id: str, asked: bool) -> list[Scope]:
        """What instances are counted against: the project's limits, and the user's if they have some of their own.
        `asked` counts what has no row in a cell yet.
        """
        project, own = self._limits(project_id, user_id)
        scopes = [(project, None), (project | own, user_id)] if own.keys() & set(COUNTED) else [(project, None)]
        found = []
        for limits, user in scopes:
            used = self.usage(project_id, user)
            more = self._asked(project_id, user) if asked else used
            found.append(Scope(limits, {name: used[name] + more[name] for name in used} if asked else used))
        return found

    def usage(self, project_id: str, user_id: str | None = None) -> dict[str, int]:
        """What the project (or a user in it) uses: instances, cores, ram (MiB), counted now in every cell."""
        used = dict.fromkeys(COUNTED, 0)
        for handle in self.databases.cells.values():
            row = handle.rows(USAGE, {"project": project_id, "user": user_id or None})[0]
            used = {name: used[name] + (value or 0) for name, value in zip(used, row, strict=True)}
        return used

    def _limits(self, project_id: str | None, user_id: str) -> tuple[dict[str, int], dict[str, int]]:
        """The project's limits, and the user's own."""
        limits: dict[str, int] = {name: getattr(self.config, f"quota_{name}", UNLIMITED) for name in RESOURCES}
        own: dict[str, int] = {}
        rows = self.api.rows(LIMITS, {"project": project_id, "user": user_id})
        for rank, resource, limit in sorted((row[0], row[1], row[2]) for row in rows):
            if resource in limits:
                (own if rank > PROJECTS else limits)[resource] = limit
        return limits, own

    def _asked(self, project_id: str, user_id: str | None) -> dict[str, int]:
        """What the build requests ask for whose instances have no row in a cell yet."""
        asked = self.api.rows(ASKED, {"project": project_id, "user": user_id}) if self.databases.several else []
        uuids = [row.uuid for row in asked]
        cells = (
            self.databases.cells.values() if uuids else []
        )  # a wrong yes costs a failed boot, a wrong no costs a customer
        there = {row.uuid for handle in cells for row in handle.rows(HERE, {"uuids": uuids})}
        waiting = [row for row in asked if row.uuid not in there]
        return dict(
            zip(COUNTED, (len(waiting), sum(r.vcpus for r in waiting), sum(r.memory_mb for r in waiting)), strict=True)
        )
