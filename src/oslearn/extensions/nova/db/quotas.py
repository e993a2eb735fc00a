"""Quotas, as an operator sets them and as they are shown.

Interface: `QuotaAdministration`, a part of a process's queries.
Upstream: nova/quota.py; nova/db/api/api.py, `quota_*`.
"""

from __future__ import annotations

from sqlalchemy import delete, func, select

from oslearn.core.nova.db.api_models import Quota, QuotaClass
from oslearn.core.nova.db.quotas import Quotas
from oslearn.extensions.nova.db.models import InstanceGroup


class QuotaAdministration(Quotas):
    """Limits that are set, and what is counted beside instances."""

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
