"""What a project may have: `/v3/os-quota-sets`, `/v3/os-quota-class-sets`, `/v3/limits`.

Upstream: cinder/api/contrib/quotas.py, quota_classes.py, used_limits.py, cinder/api/v3/limits.py.
"""

from __future__ import annotations

import re

from sqlalchemy import delete
from sqlalchemy.orm import Session

from oslearn.core.config import Config
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.extensions.cinder import exceptions as e
from oslearn.extensions.cinder import quota
from oslearn.extensions.cinder.api import schemas
from oslearn.extensions.cinder.api.common import boolean
from oslearn.extensions.cinder.models import Quota, QuotaClass

ABSOLUTE = {
    "volumes": ("maxTotalVolumes", "totalVolumesUsed"),
    "snapshots": ("maxTotalSnapshots", "totalSnapshotsUsed"),
    "gigabytes": ("maxTotalVolumeGigabytes", "totalGigabytesUsed"),
    "backups": ("maxTotalBackups", "totalBackupsUsed"),
    "backup_gigabytes": ("maxTotalBackupGigabytes", "totalBackupGigabytesUsed"),
}
NOT_QUOTAS = ("tenant_id", "id")


class Quotas:
    """Shows and sets limits."""

    def __init__(self, config: Config, policy: Enforcer) -> None:
        self.config, self.policy = config, policy

    def show_quotas(self, req: Request, session: Session, id: str) -> Body:
        """200, 400, 403 for another project."""
        self.policy.enforce(req.caller, "volume_extension:quotas:show", {"project_id": id})
        found: Body = quota.limits(session, self.config, id)
        if boolean("usage", req.query.get("usage")):
            used = quota.usages(session, id)
            found = {k: {"limit": v, "in_use": used.get(k, 0), "reserved": 0} for k, v in found.items()}
        return {"quota_set": found | {"id": id}}

    def show_default_quotas(self, req: Request, session: Session, id: str) -> Body:
        """What a project has that has no limits of its own. 200."""
        return {"quota_set": {**quota.class_limits(session, self.config), "id": id}}

    def update_quotas(self, req: Request, session: Session, id: str, wanted: Body) -> Body:
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

    def delete_quotas(self, req: Request, session: Session, id: str) -> Reply:
        """200: the defaults hold again."""
        session.execute(delete(Quota).where(Quota.project_id == id))
        return Reply(200)

    def show_quota_class(self, req: Request, session: Session, id: str) -> Body:
        """The defaults; no other class has limits of its own unless somebody sets them. 200."""
        return {"quota_class_set": {**quota.class_limits(session, self.config, id), "id": id}}

    def update_quota_class(self, req: Request, session: Session, id: str, wanted: Body) -> Body:
        """Other defaults. 200, 400."""
        for name, value in checked(wanted, quota.class_limits(session, self.config, id)).items():
            session.merge(QuotaClass(class_name=id, resource=name, hard_limit=value))
        session.flush()
        return {"quota_class_set": quota.class_limits(session, self.config, id)}

    def show_limits(self, req: Request, session: Session) -> Body:
        """200. An admin may ask for another project's."""
        project = str(req.caller.project_id)
        if req.caller.is_admin and req.microversion >= (3, 39):
            project = req.query.get("project_id", req.query.get("tenant_id", project))
        allowed, used = quota.limits(session, self.config, project), quota.usages(session, project)
        most = {ABSOLUTE[name][0]: allowed[name] for name in ABSOLUTE}
        return {"limits": {"rate": [], "absolute": most | {ABSOLUTE[n][1]: used.get(n, 0) for n in ABSOLUTE}}}


def checked(wanted: Body, known: dict[str, int]) -> dict[str, int]:
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
