"""What a project may have: `/v3/os-quota-sets`, `/v3/os-quota-class-sets`, `/v3/limits`.

Upstream: cinder/api/contrib/quotas.py, quota_classes.py, used_limits.py, cinder/api/v3/limits.py.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from oslearn.core.cinder import exceptions as e
from oslearn.core.cinder import quota
from oslearn.core.cinder.api import schemas
from oslearn.core.cinder.api.base import Controller, Route, Values, boolean
from oslearn.core.cinder.models import Quota, QuotaClass
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.policy import admin

POLICY, CLASS = "volume_extension:quotas:", "volume_extension:quota_classes"
ROUTES = [
    Route("GET /os-quota-sets/{id}", "show_quotas", POLICY + "show"),
    Route("GET /os-quota-sets/{id}/defaults", "show_default_quotas", POLICY + "show"),
    Route("PUT /os-quota-sets/{id}", "update_quotas", POLICY + "update", schemas.UPDATE_QUOTAS, rule=admin),
    Route("DELETE /os-quota-sets/{id}", "delete_quotas", POLICY + "delete", rule=admin),
    Route("GET /os-quota-class-sets/{id}", "show_quota_class", CLASS + ":get", rule=admin),
    Route("PUT /os-quota-class-sets/{id}", "update_quota_class", CLASS + ":update", schemas.QUOTA_CLASS, rule=admin),
    Route("GET /limits", "show_limits", "limits_extension:used_limits"),
]
ABSOLUTE = {
    "volumes": ("maxTotalVolumes", "totalVolumesUsed"),
    "snapshots": ("maxTotalSnapshots", "totalSnapshotsUsed"),
    "gigabytes": ("maxTotalVolumeGigabytes", "totalGigabytesUsed"),
    "backups": ("maxTotalBackups", "totalBackupsUsed"),
    "backup_gigabytes": ("maxTotalBackupGigabytes", "totalBackupGigabytesUsed"),
}
NOT_QUOTAS = ("tenant_id", "id")


class Quotas(Controller):
    """The handlers of quotas."""

    def show_quotas(self, req: Request, session: Session, id: str) -> Values:
        """200, 400, 403 for another project."""
        self.policy.enforce(req.caller, POLICY + "show", {"project_id": id})
        found: Values = quota.limits(session, self.config, id)
        if boolean("usage", req.query.get("usage")):
            used = quota.usages(session, id)
            found = {k: {"limit": v, "in_use": used.get(k, 0), "reserved": 0} for k, v in found.items()}
        return {"quota_set": found | {"id": id}}

    def show_default_quotas(self, req: Request, session: Session, id: str) -> Values:
        """200."""
        return {"quota_set": {**quota.class_limits(session, self.config), "id": id}}

    def update_quotas(self, req: Request, session: Session, id: str, wanted: Values) -> Values:
        """200, 400 for an unknown resource, or for less than what the project has if it had a limit of its own."""
        values = checked(wanted, quota.limits(session, self.config, id))
        used = quota.usages(session, id)
        for name, value in values.items():
            own = session.get(Quota, (id, name)) is not None  # upstream sees no other usage here
            if own and name != "per_volume_gigabytes" and -1 < value < used.get(name, 0):
                raise exception.BadRequest(
                    f"Quota {name} limit must be equal or greater than existing resources. Current usage is "
                    f"{used[name]} and the requested limit is {value}."
                )
            session.merge(Quota(project_id=id, resource=name, hard_limit=value))
        session.flush()
        return {"quota_set": quota.limits(session, self.config, id)}

    def delete_quotas(self, req: Request, session: Session, id: str) -> Any:
        """200: the defaults hold again."""
        session.execute(delete(Quota).where(Quota.project_id == id))

    def show_quota_class(self, req: Request, session: Session, id: str) -> Values:
        """200."""
        return {"quota_class_set": {**quota.class_limits(session, self.config, id), "id": id}}

    def update_quota_class(self, req: Request, session: Session, id: str, wanted: Values) -> Values:
        """200, 400."""
        for name, value in checked(wanted, quota.class_limits(session, self.config, id)).items():
            session.merge(QuotaClass(class_name=id, resource=name, hard_limit=value))
        session.flush()
        return {"quota_class_set": quota.class_limits(session, self.config, id)}

    def show_limits(self, req: Request, session: Session) -> Values:
        """200. An admin may ask for another project's."""
        project = str(req.caller.project_id)
        if req.caller.is_admin and req.microversion >= (3, 39):
            project = req.query.get("project_id", req.query.get("tenant_id", project))
        allowed, used = quota.limits(session, self.config, project), quota.usages(session, project)
        most = {ABSOLUTE[name][0]: allowed[name] for name in ABSOLUTE}
        return {"limits": {"rate": [], "absolute": most | {ABSOLUTE[n][1]: used.get(n, 0) for n in ABSOLUTE}}}


def checked(wanted: Values, known: dict[str, int]) -> dict[str, int]:
    """Limits as numbers. Raises BadRequest, InvalidInput."""
    bad = [name for name in wanted if name not in known and name not in NOT_QUOTAS]
    if bad:
        raise e.InvalidInput(reason=f"Bad key(s) in quota set: {', '.join(bad)}")
    values = {name: str(value) for name, value in wanted.items() if name in known}
    for name, value in values.items():
        if not re.fullmatch(r"-?\d{1,10}", value):
            raise exception.BadRequest(f"{name} must be an integer.")
        if not -1 <= int(value) <= schemas.MAX_INT:
            low = int(value) < -1
            raise exception.BadRequest(f"{name} must be {'>=' if low else '<='} {-1 if low else schemas.MAX_INT}")
    return {name: int(value) for name, value in values.items()}
