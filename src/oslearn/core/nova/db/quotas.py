"""Quotas: limits from the settings; use is counted when it is asked for.

Interface: `Quotas`, a part of a process's queries; `COUNTED`, `Scope`.
Invariants: -1 is no limit; what was accepted and has no row in a cell yet is counted where something new is accepted,
and nowhere else.
Upstream: nova/quota.py, `DbQuotaDriver`. Left out: reservations, unified limits in Keystone.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BindParameter, Select, bindparam, func, select

from oslearn.core.nova.db.cells import Databases
from oslearn.core.nova.db.models import BuildRequest, Instance

COUNTED = ("instances", "cores", "ram")
PROJECT: BindParameter[str] = bindparam("project")
USER: BindParameter[str] = bindparam("user")


def usage(table: type[Instance | BuildRequest]) -> Select[int, int, int]:
    """What the instances in a table use; of every user if none is given."""
    mine = table.user_id == func.coalesce(USER, table.user_id)
    query = select(func.count(table.id), func.sum(table.vcpus), func.sum(table.memory_mb))
    return query.where(table.project_id == PROJECT, ~table.deleted, mine)


USAGE = usage(Instance)
ASKED = select(BuildRequest.uuid, BuildRequest.vcpus, BuildRequest.memory_mb).where(
    BuildRequest.project_id == PROJECT,
    ~BuildRequest.deleted,
    BuildRequest.user_id == func.coalesce(USER, BuildRequest.user_id),
)
HERE = select(Instance.uuid).where(Instance.uuid.in_(bindparam("uuids", expanding=True)))


class Scope(NamedTuple):
    """Whom a quota holds for: all of a project, or one user in it who has limits of their own.

    Only the extensions keep such limits, and give a `user_id`; the statements are the same with and without.
    """

    limits: dict[str, int]
    used: dict[str, int]


class Quotas:
    """What a boot is counted against."""

    def __init__(self, databases: Databases) -> None:
        self.databases, self.api, self.config = databases, databases.api, databases.config

    def limits(self, project_id: str | None = None, user_id: str = "") -> dict[str, int]:
        """The limits of a project, of a user in it, or (without both) of every project: here the settings'."""
        return {name: getattr(self.config, f"quota_{name}") for name in (*COUNTED, "metadata_items")}

    def scopes(self, project_id: str, user_id: str, asked: bool) -> list[Scope]:
        """What instances are counted against. `asked` counts what has no row in a cell yet."""
        return [self.scope(self.limits(project_id), project_id, None, asked)]

    def scope(self, limits: dict[str, int], project_id: str, user_id: str | None, asked: bool) -> Scope:
        """Limits, and what is used of them."""
        used = self.usage(project_id, user_id)
        more = self._asked(project_id, user_id) if asked else {}
        return Scope(limits, {name: used[name] + more.get(name, 0) for name in used})

    def usage(self, project_id: str, user_id: str | None = None) -> dict[str, int]:
        """What the project (or a user in it) uses: instances, cores, ram (MiB), counted now in every cell."""
        used = dict.fromkeys(COUNTED, 0)
        for handle in self.databases.cells.values():
            row = handle.rows(USAGE, {"project": project_id, "user": user_id or None})[0]
            used = {name: used[name] + (value or 0) for name, value in zip(used, row, strict=True)}
        return used

    def _asked(self, project_id: str, user_id: str | None) -> dict[str, int]:
        """What the build requests ask for whose instances have no row in a cell yet."""
        asked = self.api.rows(ASKED, {"project": project_id, "user": user_id}) if self.databases.several else []
        uuids = [row.uuid for row in asked]
        # The cells after the requests: a wrong yes costs a failed boot, a wrong no costs a customer.
        cells = self.databases.cells.values() if uuids else []
        there = {row.uuid for handle in cells for row in handle.rows(HERE, {"uuids": uuids})}
        waiting = [row for row in asked if row.uuid not in there]
        sums = len(waiting), sum(row.vcpus for row in waiting), sum(row.memory_mb for row in waiting)
        return dict(zip(COUNTED, sums, strict=True))
