"""Quotas: how many of a resource a project may have.

Invariants: a project that is at its limit makes nothing more (409 OverQuota); what is used is counted in SQL.
Upstream: neutron/quota, neutron/db/quota/driver.py. Left out: reservations, the limit of a router's routes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from oslearn.core.neutron import attributes as a
from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron import models as m
from oslearn.core.neutron.base import PluginBase, Values
from oslearn.core.neutron.models_l3 import FloatingIP, Router

DEFAULTS = {"network": 100, "subnet": 100, "subnetpool": -1, "port": 500, "router_route": 30, "router": 10,
            "floatingip": 50, "rbac_policy": 10, "security_group": 10, "security_group_rule": 100}  # fmt: skip
"""What a project may have if nobody said otherwise; -1 is no limit."""
COUNTED: dict[str, Any] = {
    "network": m.Network,
    "subnet": m.Subnet,
    "subnetpool": m.SubnetPool,
    "port": m.Port,
    "router": Router,
    "floatingip": FloatingIP,
    "security_group": m.SecurityGroup,
    "security_group_rule": m.SecurityGroupRule,
}
PROJECT: Any = bindparam("project")
USED = {
    name: select(func.count()).select_from(model).where(model.project_id == PROJECT).scalar_subquery()
    for name, model in COUNTED.items()
}
LIMITS = {
    name: select(m.Quota.limit).where(m.Quota.project_id == PROJECT, m.Quota.resource == name).scalar_subquery()
    for name in COUNTED
}
CHECKS = {name: select(USED[name], LIMITS[name]) for name in COUNTED}
"""What a project has of a resource and the limit that an admin has set; made once, because it is asked so often."""
FLAGS = ("force", "check_limit")
"""`check_limit` is what happens without `force`; the client says so all the same."""
QUOTA = {name: a.Attribute(a.integer) for name in DEFAULTS} | {name: a.Attribute(a.boolean) for name in FLAGS}


class Quotas(PluginBase):
    """Limits."""

    def defaults(self) -> dict[str, int]:
        """What a project may have by this cloud's configuration."""
        return DEFAULTS | {"network": self.config.quota_networks, "port": self.config.quota_ports}

    def limits(self, session: Session, project_id: str) -> dict[str, int]:
        """What a project may have."""
        rows = session.execute(select(m.Quota.resource, m.Quota.limit).where(m.Quota.project_id == project_id)).all()
        return self.defaults() | {row.resource: row.limit for row in rows}

    def usage(self, session: Session, project_id: str) -> dict[str, int]:
        """What it has."""
        counts = [count.label(name) for name, count in USED.items()]
        row = session.execute(select(*counts), {"project": project_id}).one()
        return dict.fromkeys(DEFAULTS, 0) | dict(row._mapping)

    def check_quota(self, session: Session, name: str, project_id: str) -> None:
        """Raises OverQuota if the project may have no more of these."""
        if name in CHECKS and project_id:
            count, limit = session.execute(CHECKS[name], {"project": project_id}).one()
            if 0 <= (self.defaults()[name] if limit is None else limit) <= count:
                raise e.OverQuota(overs=[name])

    def set_limits(self, session: Session, project_id: str, values: Values) -> None:
        """Raises QuotaLimitTooLow for less than is used, unless `force` is given."""
        force, _ = (values.pop(name, False) for name in FLAGS)
        used = self.usage(session, project_id)
        for name, limit in values.items():
            if limit < -1:
                raise e.HTTPBadRequest(f"Invalid input for {name}. Reason: '{limit}' must be -1 or more.")
            if not force and 0 <= limit < used[name]:
                raise e.QuotaLimitTooLow(limit=limit, resource=name, used=used[name])
            session.merge(m.Quota(project_id=project_id, resource=name, limit=limit))
