"""The API of quotas: an admin sets limits, a project sees what it uses: `/v2.0/quotas`.

Interface: `QuotaSets`; `COUNTED`, the tables of what is counted.
Upstream: neutron/extensions/quotasv2.py, quotasv2_detail.py.
"""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from oslearn.core.neutron import models as m
from oslearn.core.neutron.attributes import Attribute, Reader, Values
from oslearn.core.neutron.notifiers import Outbox
from oslearn.core.neutron.quota import DEFAULTS, PROJECT, Quotas
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.policy import UNLIMITED, Enforcer, over
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.attributes import CHECKS
from oslearn.extensions.neutron.models import FloatingIP, Router, SubnetPool

COUNTED: dict[str, type[m.Standard]] = {
    "network": m.Network, "subnet": m.Subnet, "subnetpool": SubnetPool, "port": m.Port, "router": Router,
    "floatingip": FloatingIP, "security_group": m.SecurityGroup, "security_group_rule": m.SecurityGroupRule,
}  # fmt: skip
USED = [
    select(func.count()).select_from(model).where(model.project_id == PROJECT).scalar_subquery().label(name)
    for name, model in COUNTED.items()
]
FLAGS = ("force", "check_limit")
"""`check_limit` is what happens without `force`; the client says so all the same."""
READER = Reader(dict.fromkeys(DEFAULTS, Attribute("integer")) | dict.fromkeys(FLAGS, Attribute("boolean")), CHECKS)


class QuotaSets:
    """The limits of all projects."""

    def __init__(self, outbox: Outbox, quotas: Quotas, policy: Enforcer) -> None:
        self.outbox, self.quotas, self.policy = outbox, quotas, policy

    def index(self, req: Request) -> Values:
        """200, 403: of the projects that have limits of their own."""
        with self.outbox.transaction() as session:
            projects = session.scalars(select(m.Quota.project_id).distinct().order_by(m.Quota.project_id)).all()
            return {"quotas": [self.quotas.limits(session, p) | {"project_id": p, "tenant_id": p} for p in projects]}

    def show(self, req: Request, project_id: str, part: str) -> Values:
        """200, 403, 404: the `default` limits, or a project's with what is used (`details`)."""
        self.policy.enforce(req.caller, "get_quota", {"project_id": project_id})
        if part == "default":
            return {"quota": self.quotas.defaults()}
        if part != "details":
            raise exception.NotFound()
        with self.outbox.transaction() as session:
            limits, used = self.quotas.limits(session, project_id), usage(session, project_id)
        return {"quota": {name: {"limit": n, "used": used[name], "reserved": 0} for name, n in limits.items()}}

    def update(self, req: Request, project_id: str) -> Values:
        """200, 400, 403, 409: set some limits of a project."""
        given = req.json_body().get("quota")
        if not isinstance(given, dict):
            raise e.HTTPBadRequest("Unable to find 'quota' in request body")
        with self.outbox.transaction() as session:
            set_limits(session, project_id, READER.read(given, "PUT"))
            session.flush()
            return {"quota": self.quotas.limits(session, project_id)}

    def delete(self, req: Request, project_id: str) -> None:
        """204, 403: the defaults again."""
        with self.outbox.transaction() as session:
            session.execute(delete(m.Quota).where(m.Quota.project_id == project_id))


def usage(session: Session, project_id: str) -> dict[str, int]:
    """What a project has of each resource."""
    row = session.execute(select(*USED), {"project": project_id}).one()
    return dict.fromkeys(DEFAULTS, 0) | dict(row._mapping)


def set_limits(session: Session, project_id: str, values: Values) -> None:
    """Raises QuotaLimitTooLow for less than is used, unless `force` is given; HTTPBadRequest for less than -1."""
    force, _ = (values.pop(name, False) for name in FLAGS)
    used = usage(session, project_id)
    for name, limit in values.items():
        if limit < UNLIMITED:
            raise e.HTTPBadRequest(f"Invalid input for {name}. Reason: '{limit}' must be -1 or more.")
        if not force and over({name: limit}, used, {name: 0}):
            raise e.QuotaLimitTooLow(limit=limit, resource=name, used=used[name])
        session.merge(m.Quota(project_id=project_id, resource=name, limit=limit))
