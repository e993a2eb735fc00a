"""Quotas: how many of a resource a project may have.

Interface: `Quotas`: `limits`, `check`; `counting(models)`, the questions that a check asks.
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
Counting = dict[str, Select[int, int | None]]


def counting(models: Mapping[str, type[Standard]]) -> Counting:
    """What a project has of each resource, and the limit that an admin has set for it.

    Made once, because it is asked so often.
    """
    used = {name: select(func.count()).select_from(model) for name, model in models.items()}
    limits = select(Quota.limit).where(Quota.project_id == PROJECT)
    return {
        name: select(
            count.where(models[name].project_id == PROJECT).scalar_subquery(),
            limits.where(Quota.resource == name).scalar_subquery(),
        )
        for name, count in used.items()
    }


COUNTING = counting({"port": Port})


class Quotas:
    """The limits of projects; `counting` are the resources that have any."""

    def __init__(self, config: Config, counting: Counting) -> None:
        self.config, self.counting = config, counting

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
