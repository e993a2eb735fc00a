"""Quotas: how much a project may have, and how much it has.

Interface: `class_limits`, `limits`, `usages`, `check`, `check_size`.
Invariants: usage is counted from what exists, so it cannot drift from it; -1 is no limit; a volume and each of its
snapshots count with the volume's size, both in all and for their type.
Upstream: cinder/quota.py, cinder/quota_utils.py. Left out: reservations.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oslearn.core.cinder.models import Volume, VolumeType
from oslearn.core.config import Config
from oslearn.core.oslo.policy import UNLIMITED, over
from oslearn.extensions.cinder import exceptions as e
from oslearn.extensions.cinder.models import Backup, Quota, QuotaClass, Snapshot

TYPED = ("volumes", "gigabytes", "snapshots")
"""What a type has limits of its own for."""
NUMBER = "Maximum number of {kind} allowed ({limit}) exceeded"
SPACE = "quota. Requested {more}G, quota is {limit}G and {used}G has been consumed."
OVER = {
    "backup_gigabytes": ("VolumeBackupSizeExceedsAvailableQuota", "Requested backup exceeds allowed Backup gigabytes "),
    "backups": ("BackupLimitExceeded", NUMBER),
    "gigabytes": ("VolumeSizeExceedsAvailableQuota", "Requested volume or snapshot exceeds allowed {name} "),
    "snapshots": ("SnapshotLimitExceeded", NUMBER),
    "volumes": ("VolumeLimitExceeded", NUMBER + " for quota '{name}'."),
}


def class_limits(session: Session, config: Config, class_name: str = "default") -> dict[str, int]:
    """The limits of a project that has none of its own."""
    own = ("volumes", "per_volume_gigabytes", "snapshots", "gigabytes", "backups", "backup_gigabytes")
    found = {name: int(getattr(config, f"quota_{name}")) for name in own}
    names = session.scalars(select(VolumeType.name).order_by(VolumeType.created_at))
    found |= {f"{resource}_{name}": UNLIMITED for name in names for resource in TYPED} | {"groups": config.quota_groups}
    rows = session.scalars(select(QuotaClass).where(QuotaClass.class_name == class_name))
    return found | {row.resource: row.hard_limit for row in rows if row.resource in found}


def limits(session: Session, config: Config, project_id: str) -> dict[str, int]:
    """A project's limits."""
    found = class_limits(session, config)
    rows = session.scalars(select(Quota).where(Quota.project_id == project_id))
    return found | {row.resource: row.hard_limit for row in rows if row.resource in found}


def usages(session: Session, project_id: str) -> dict[str, int]:
    """What a project has; a resource that is missing is 0."""
    used: dict[str, int] = {}
    for model, size, resource in ((Volume, Volume.size, "volumes"), (Snapshot, Snapshot.volume_size, "snapshots")):
        statement = select(VolumeType.name, func.count(), func.sum(size)).group_by(VolumeType.name)
        joined = statement.join_from(model, VolumeType, VolumeType.id == model.volume_type_id)
        for kind, count, gigabytes in session.execute(joined.where(model.project_id == project_id)):
            for name, amount in ((resource, count), ("gigabytes", gigabytes)):
                for key in (name, f"{name}_{kind}"):
                    used[key] = used.get(key, 0) + amount
    total = select(func.count(), func.coalesce(func.sum(Backup.size), 0)).where(Backup.project_id == project_id)
    used["backups"], used["backup_gigabytes"] = session.execute(total).one()
    return used


def check(session: Session, config: Config, project_id: str, kind: str = "", **wanted: int) -> None:
    """Whether a project may have so much more; `kind` is the type's name, if there is one. Raises QuotaError."""
    allowed, used = limits(session, config, project_id), usages(session, project_id)
    deltas = wanted | {f"{name}_{kind}": more for name, more in wanted.items() if name in TYPED}
    if "volumes" in wanted:
        check_size(allowed, wanted["gigabytes"])
    for name in over(allowed, used, deltas):
        error, text = next(found for prefix, found in OVER.items() if name.startswith(prefix))
        text += "" if text.startswith("Max") else SPACE
        kind = error.partition("Limit")[0].lower() + "s"
        values = {"name": name, "kind": kind, "limit": allowed[name], "more": deltas[name], "used": used.get(name, 0)}
        raise e.QuotaError(error=error, reason=text.format(**values))


def check_size(allowed: dict[str, int], size: int) -> None:
    """Whether one volume may be so large. Raises QuotaError."""
    limit = allowed["per_volume_gigabytes"]
    if over(allowed, {}, {"per_volume_gigabytes": size}):
        reason = f"Requested volume size {size}G is larger than maximum allowed limit {limit}G."
        raise e.QuotaError(error="VolumeSizeExceedsLimit", reason=reason)
