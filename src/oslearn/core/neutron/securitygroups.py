"""Security groups, as far as a boot needs them: a project's default group, and those that a server asks for.

Interface: `GROUP`; `SecurityGroups`: `default`, `check`, `make`.
Invariants: a project has one group named default, made when it is first needed, and keeps it.
Upstream: neutron/db/securitygroups_db.py (`_ensure_default_security_group`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import Resource, Stamps
from oslearn.core.neutron.models import SecurityGroup, SecurityGroupRule
from oslearn.core.oslo.context import RequestContext as Context

GROUP: Resource[SecurityGroup] = Resource("security_group", SecurityGroup, e.SecurityGroupNotFound)
DEFAULT_GROUP = select(SecurityGroup.id).where(SecurityGroup.default_of == bindparam("project"))


class SecurityGroups:
    def __init__(self, stamps: Stamps) -> None:
        self.stamps = stamps

    def check(self, session: Session, context: Context, groups: Sequence[str | None]) -> None:
        """Raises SecurityGroupNotFound for the first that the caller may not see."""
        named = [group for group in groups if group]
        wanted = select(SecurityGroup.id).where(SecurityGroup.id.in_(named), GROUP.visible(context))
        known = set(session.scalars(wanted))
        if missing := [group for group in named if group not in known]:
            raise e.SecurityGroupNotFound(id=missing[0])

    def default(self, session: Session, project_id: str) -> str:
        """The id of the project's default group, which is made if this is its first use."""
        known = session.scalar(DEFAULT_GROUP, {"project": project_id})
        if known or not project_id:
            return known or ""
        values = {"name": "default", "description": "Default security group", "default_of": project_id}
        return self.make(session, values | {"project_id": project_id}).id

    def make(self, session: Session, values: Values) -> SecurityGroup:
        """A group with its first rules: all may go out; within a default group all may come in."""
        group = SecurityGroup(**values, revision_number=1, **self.stamps.new())
        session.add(group)
        session.flush()
        owned = {"project_id": group.project_id, "security_group_id": group.id, "description": None}
        for direction, remote in (("egress", None), ("ingress", group.id))[: 2 if group.default_of else 1]:
            for kind in ("IPv4", "IPv6"):
                rule = {"direction": direction, "ethertype": kind, "remote_group_id": remote}
                session.add(SecurityGroupRule(**rule, **owned, **self.stamps.new()))
        session.flush()
        return group
