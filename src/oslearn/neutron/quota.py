"""Quotas: `/v2.0/quotas/{project_id}`, and the check before a resource is made.

Invariants: a project that is at its limit makes nothing more (409 OverQuota); what is used is counted in SQL.
Upstream: neutron/quota, neutron/db/quota/driver.py, neutron/extensions/quotasv2.py. Left out: reservations.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

from oslearn.neutron import attributes as a
from oslearn.neutron import exceptions as e
from oslearn.neutron import models as m
from oslearn.neutron.base import PluginBase

COUNTED: dict[str, Any] = {
    "network": m.Network,
    "subnet": m.Subnet,
    "subnetpool": m.SubnetPool,
    "port": m.Port,
    "router_route": None,
    "router": m.Router,
    "floatingip": m.FloatingIP,
    "rbac_policy": None,
    "security_group": m.SecurityGroup,
    "security_group_rule": m.SecurityGroupRule,
}
QUOTA = {name: a.Attribute(a.integer) for name in COUNTED} | {"force": a.Attribute(a.boolean)}


class Quotas(PluginBase):
    """Limits."""

    def defaults(self) -> dict[str, int]:
        """What a project may have if nobody said otherwise; -1 is no limit."""
        fixed = {"subnet": 100, "subnetpool": -1, "router_route": 30, "router": 10, "floatingip": 50, "rbac_policy": 10}
        named = {"network": self.config.quota_networks, "port": self.config.quota_ports}
        limits = named | fixed | {"security_group": 10, "security_group_rule": 100}
        return {name: limits[name] for name in COUNTED}

    def limits(self, session: Session, project_id: str) -> dict[str, int]:
        """What a project may have."""
        rows = session.execute(select(m.Quota.resource, m.Quota.limit).where(m.Quota.project_id == project_id)).all()
        return self.defaults() | {row.resource: row.limit for row in rows}

    def usage(self, session: Session, project_id: str) -> dict[str, int]:
        """What it has."""
        counts = {name: used(model, project_id) for name, model in COUNTED.items() if model}
        row = session.execute(select(*[count.label(name) for name, count in counts.items()])).one()
        return dict.fromkeys(COUNTED, 0) | dict(row._mapping)

    def check_quota(self, session: Session, name: str, project_id: str) -> None:
        """Raises OverQuota if the project may have no more of these."""
        if name in CHECKS and project_id:
            count, limit = session.execute(CHECKS[name], {"project": project_id}).one()
            if 0 <= (self.defaults()[name] if limit is None else limit) <= count:
                raise e.OverQuota(overs=[name])

    def set_limits(self, session: Session, project_id: str, values: dict[str, int]) -> None:
        """Raises QuotaLimitTooLow for less than is used, unless `force` is given."""
        force, have = values.pop("force", False), self.usage(session, project_id)
        for name, limit in values.items():
            if limit < -1:
                raise e.HTTPBadRequest(f"Invalid input for {name}. Reason: '{limit}' must be -1 or more.")
            if not force and 0 <= limit < have[name]:
                raise e.QuotaLimitTooLow(limit=limit, resource=name, used=have[name])
            session.merge(m.Quota(project_id=project_id, resource=name, limit=limit))

    def reset_limits(self, session: Session, project_id: str) -> None:
        """The defaults again."""
        session.execute(delete(m.Quota).where(m.Quota.project_id == project_id))


def used(model: Any, project_id: Any) -> Any:
    """How many rows a project has, as a part of a query."""
    return select(func.count()).select_from(model).where(model.project_id == project_id).scalar_subquery()


def _check(name: str) -> Any:
    mine = [m.Quota.project_id == bindparam("project"), m.Quota.resource == name]
    return select(used(COUNTED[name], bindparam("project")), select(m.Quota.limit).where(*mine).scalar_subquery())


CHECKS = {name: _check(name) for name, model in COUNTED.items() if model}
"""What a project has of a resource, and the limit that an admin has set; made once, because it is asked so often."""
