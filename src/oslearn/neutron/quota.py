"""Quotas: `/v2.0/quotas/{project_id}`, and the check before a resource is made.

Invariants: a project that is at its limit makes nothing more (409 OverQuota).
Upstream: neutron/quota, neutron/db/quota/driver.py. Left out: limits of one project, reservations.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oslearn.neutron.base import Controller
from oslearn.neutron.exceptions import QuotaExceeded
from oslearn.neutron.models import Network, Port, SecurityGroup, SecurityGroupRule, Subnet
from oslearn.oslo import exception, policy
from oslearn.oslo.wsgi import Request

COUNTED: dict[str, Any] = {
    "network": Network,
    "subnet": Subnet,
    "port": Port,
    "security_group": SecurityGroup,
    "security_group_rule": SecurityGroupRule,
}


class Quotas(Controller):
    """The handlers of quotas."""

    def limits(self) -> dict[str, int]:
        """What a project may have; -1 is no limit."""
        fixed = {"subnet": 100, "subnetpool": -1, "router_route": 30, "router": 10, "floatingip": 50, "rbac_policy": 10}
        named = {"network": self.config.quota_networks, "port": self.config.quota_ports}
        return named | fixed | {"security_group": 10, "security_group_rule": 100}

    def show_quota(self, req: Request, project_id: str) -> dict[str, Any]:
        """200, 403."""
        self._may_see(req, project_id)
        return {"quota": self.limits()}

    def show_quota_details(self, req: Request, project_id: str) -> dict[str, Any]:
        """200, 403: with what is used."""
        self._may_see(req, project_id)
        with self.handle.session() as session:
            used = {name: _count(session, model, project_id) for name, model in COUNTED.items()}
        limits = self.limits().items()
        return {"quota": {name: {"limit": n, "used": used.get(name, 0), "reserved": 0} for name, n in limits}}

    def _may_see(self, req: Request, project_id: str) -> None:
        if not policy.owner(req.caller, {"project_id": project_id}):
            raise exception.PolicyNotAuthorized("rule:get_quota is disallowed by policy")

    def _check_quota(self, session: Session, model: Any, project_id: str) -> None:
        """Raises QuotaExceeded if the project may have no more of these."""
        name = next(name for name, counted in COUNTED.items() if counted is model)
        limit = self.limits()[name]
        if 0 <= limit <= _count(session, model, project_id):
            raise QuotaExceeded(overs=[name])


def _count(session: Session, model: Any, project_id: str) -> int:
    return session.scalar(select(func.count()).select_from(model).where(model.project_id == project_id)) or 0
