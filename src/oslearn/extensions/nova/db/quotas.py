"""Quotas, as an operator sets them and as they are shown.

Interface: `QuotaAdministration`, a part of a process's queries; `RESOURCES`.
Invariants: a user's own limit wins over the project's, that over the class `default`, that over the settings.
Upstream: nova/quota.py; nova/db/api/api.py, `quota_*`.
"""

from __future__ import annotations

from sqlalchemy import delete, func, literal, select, union_all

from oslearn.core.nova.db.quotas import COUNTED, PROJECT, USER, Quotas, Scope
from oslearn.core.oslo.policy import UNLIMITED
from oslearn.extensions.nova.db.models import InstanceGroup, Quota, QuotaClass

RESOURCES = (
    "cores", "fixed_ips", "floating_ips", "injected_file_content_bytes", "injected_file_path_bytes", "injected_files",
    "instances", "key_pairs", "metadata_items", "ram", "security_group_rules", "security_groups",
    "server_group_members", "server_groups",
)  # fmt: skip
"""Everything that a quota limits; the settings call each `quota_...`. What Neutron counts has no limit here."""
LIMITS = union_all(
    select(literal(0), QuotaClass.resource, QuotaClass.hard_limit).where(QuotaClass.class_name == "default"),
    select(func.length(Quota.user_id) + 1, Quota.resource, Quota.hard_limit).where(
        Quota.project_id == PROJECT, Quota.user_id.in_(["", USER])
    ),
)
"""Limits, those that win behind the others that they win over when sorted."""
PROJECTS = 1
"""The rank of a project's own limits; a user's have a higher one."""


class QuotaAdministration(Quotas):
    """Limits that are set, and what is counted beside instances."""

    def limits(self, project_id: str | None = None, user_id: str = "") -> dict[str, int]:
        """The limits of a project, of a user in it, or (without both) of every project that has none of its own."""
        project, own = self._limits(project_id, user_id)
        return project | own

    def scopes(self, project_id: str, user_id: str, asked: bool) -> list[Scope]:
        """What instances are counted against: the project's limits, and the user's if they have some of their own."""
        project, own = self._limits(project_id, user_id)
        found = [self.scope(project, project_id, None, asked)]
        return found + ([self.scope(project | own, project_id, user_id, asked)] if own.keys() & set(COUNTED) else [])

    def _limits(self, project_id: str | None, user_id: str) -> tuple[dict[str, int], dict[str, int]]:
        """The project's limits, and the user's own."""
        limits: dict[str, int] = {name: getattr(self.config, f"quota_{name}", UNLIMITED) for name in RESOURCES}
        own: dict[str, int] = {}
        rows = self.api.rows(LIMITS, {"project": project_id, "user": user_id})
        for rank, resource, limit in sorted((row[0], row[1], row[2]) for row in rows):
            if resource in limits:
                (own if rank > PROJECTS else limits)[resource] = limit
        return limits, own

    def usage_of_groups(self, project_id: str, user_id: str | None = None) -> dict[str, int]:
        """How many server groups the project (or a user in it) has."""
        query = select(func.count(InstanceGroup.id)).where(InstanceGroup.project_id == project_id)
        if user_id:
            query = query.where(InstanceGroup.user_id == user_id)
        with self.api.session() as session:
            return {"server_groups": session.scalars(query).one()}

    def given_to_users(self, project_id: str, user_id: str | None = None) -> dict[str, int]:
        """The sum of the limits that users of the project have of their own, or those of one user."""
        query = select(Quota.resource, func.sum(Quota.hard_limit)).where(Quota.project_id == project_id)
        query = query.where(Quota.user_id == user_id if user_id else Quota.user_id != "").group_by(Quota.resource)
        with self.api.session() as session:
            return {row[0]: row[1] for row in session.execute(query)}

    def set(self, limits: dict[str, int], project_id: str, user_id: str = "") -> None:
        """Give a project, or a user in it, limits of its own."""
        here = Quota.project_id == project_id, Quota.user_id == user_id, Quota.resource.in_(limits)
        with self.api.session() as session:
            session.execute(delete(Quota).where(*here))
            session.add_all(
                Quota(project_id=project_id, user_id=user_id, resource=name, hard_limit=limit)
                for name, limit in limits.items()
            )

    def set_default(self, limits: dict[str, int]) -> None:
        """Give every project that has none of its own these limits."""
        with self.api.session() as session:
            for name, limit in limits.items():
                session.merge(QuotaClass(class_name="default", resource=name, hard_limit=limit))

    def destroy(self, project_id: str, user_id: str = "") -> None:
        """Take a project's own limits away, and its users'; or those of one user."""
        query = delete(Quota).where(Quota.project_id == project_id)
        with self.api.session() as session:
            session.execute(query.where(Quota.user_id == user_id) if user_id else query)
