"""Quotas: how many of a resource a project may have.

Interface: `Quotas`: `limits`, `check`, `defaults`.
Invariants: a project that is at its limit makes nothing more (409 OverQuota); what is used is counted in SQL.
Upstream: neutron/quota, neutron/db/quota/driver.py. Left out: reservations, the limit of a router's routes.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import BindParameter, Select, bindparam, func, select
from sqlalchemy.orm import Session

from oslearn.core.config import Config
from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.models import Port, Quota, Standard
from oslearn.core.oslo.policy import over

DEFAULTS = {"network": 100, "subnet": 100, "subnetpool": -1, "port": 500, "router_route": 30, "router": 10,
            "floatingip": 50, "rbac_policy": 10, "security_group": 10, "security_group_rule": 100}  # fmt: skip
"""What a project may have if nobody said otherwise; -1 is no limit."""
PROJECT: BindParameter[str] = bindparam("project")
COUNTED: Mapping[str, type[Standard]] = {"port": Port}


def counting(name: str, model: type[Standard]) -> Select[int, int | None]:
    """What a project has of a resource, and the limit that an admin has set for it."""
    used = select(func.count()).select_from(model).where(model.project_id == PROJECT)
    own = select(Quota.limit).where(Quota.project_id == PROJECT, Quota.resource == name)
    return select(used.scalar_subquery(), own.scalar_subquery())


class Quotas:
    """The limits of projects; `counted` are the tables of the resources that have any."""

    def __init__(self, config: Config, counted: Mapping[str, type[Standard]] = COUNTED) -> None:
        self.config, self.counting = config, {name: counting(name, model) for name, model in counted.items()}

    def defaults(self) -> dict[str, int]:
        """What a project may have by this cloud's configuration."""
        return DEFAULTS | {"network": self.config.quota_networks, "port": self.config.quota_ports}

    def limits(self, session: Session, project_id: str) -> dict[str, int]:
        rows = session.execute(select(Quota.resource, Quota.limit).where(Quota.project_id == project_id)).all()
        return self.defaults() | {row.resource: row.limit for row in rows}

    def check(self, session: Session, name: str, project_id: str) -> None:
        """Raises OverQuota if the project may have no more of these."""
        if name in self.counting and project_id:
            used, own = session.execute(self.counting[name], {"project": project_id}).one()
            limits = {name: self.defaults()[name] if own is None else own}
            if overs := over(limits, {name: used}, {name: 1}):
                raise e.OverQuota(overs=overs)
