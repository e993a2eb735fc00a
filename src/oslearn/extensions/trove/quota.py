"""Quotas: how many database servers and backups a project may have, how much memory and space; their two APIs.

Interface: `Quotas(config)`: `check`, `check_size`, `limits`, `usage`; `QuotaSets`, a part of the API.
Invariants: what is used is counted from the rows, so it cannot drift from them; -1 is no limit; what is exactly full is
not too full.
Upstream: trove/quota/quota.py, trove/limits/service.py, trove/extensions/mgmt/quota/service.py. Left out: reservations,
limits on the rate of requests.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oslearn.core.config import Config
from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Request
from oslearn.extensions.trove.models import Backup, Instance, Quota, Values

RESOURCES = ("instances", "ram", "backups", "volumes")


class Quotas:
    """The limits of projects, and what they use."""

    def __init__(self, config: Config) -> None:
        self._most = config.max_accepted_volume_size
        self._defaults = {name: int(getattr(config, f"max_{name}_per_tenant")) for name in RESOURCES}

    def limits(self, session: Session, project_id: str) -> dict[str, int]:
        """What a project may have."""
        rows = session.execute(select(Quota.resource, Quota.hard_limit).where(Quota.project_id == project_id))
        return self._defaults | {row.resource: row.hard_limit for row in rows}

    def usage(self, session: Session, project_id: str) -> dict[str, int]:
        """What it has: numbers, MiB of memory, GiB of volumes."""
        columns = func.count(), func.sum(Instance.ram), func.sum(Instance.volume_size)
        count, ram, volumes = session.execute(select(*columns).where(Instance.project_id == project_id)).one()
        kept = select(func.count()).where(Backup.project_id == project_id, Backup.state != "DELETED")
        return {"instances": count, "ram": ram or 0, "backups": session.scalar(kept) or 0, "volumes": volumes or 0}

    def check(self, session: Session, project_id: str, **deltas: int) -> None:
        """Whether it may have so much more. Raises RequestEntityTooLarge."""
        limits, used = self.limits(session, project_id), self.usage(session, project_id)
        # Who has too much already may still have less.
        if over := policy.over(limits, used, {name: more for name, more in deltas.items() if more > 0}):
            raise exception.RequestEntityTooLarge(f"Quota exceeded for resources: {over}.")

    def check_size(self, size: int) -> None:
        """Whether one volume may be so large. Raises RequestEntityTooLarge."""
        if size > self._most:
            raise exception.RequestEntityTooLarge(
                f"Volume 'size' cannot exceed maximum of {self._most} GB, {size} cannot be accepted."
            )


class QuotaSets:
    """What a project may have and has: its own limits, and what admins see and set."""

    def __init__(self, handle: Handle, quotas: Quotas) -> None:
        self.handle, self.quotas = handle, quotas

    def limits(self, req: Request) -> Values:
        """The project's own. 200."""
        with self.handle.session() as session:
            limits = self.quotas.limits(session, req.caller.project_id or "")
        return {"limits": [{"verb": "ABSOLUTE"} | {f"max_{name}": most for name, most in limits.items()}]}

    def show(self, req: Request, id: str) -> Values:
        """An admin sees every project's. 200, 403."""
        if id != req.caller.project_id and not req.caller.is_admin:
            text = f"User with tenant ID {req.caller.project_id} cannot access this resource."
            raise exception.Forbidden(text)
        with self.handle.session() as session:
            limits, used = self.quotas.limits(session, id), self.quotas.usage(session, id)
        rows = [{"resource": name, "in_use": used[name], "reserved": 0, "limit": limits[name]} for name in RESOURCES]
        return {"quotas": rows}

    def update(self, req: Request, id: str) -> Values:
        """Set limits; what is null stays as it is. 200, 400, 403, 404 for an unknown resource."""
        if not req.caller.is_admin:
            raise exception.Forbidden("User does not have admin privileges.")
        asked: object = req.json_body().get("quotas")
        if not isinstance(asked, dict):
            raise exception.BadRequest("Invalid request body.")
        given = {name: most for name, most in asked.items() if most is not None}
        for name, most in given.items():
            if name not in RESOURCES:
                raise exception.NotFound(f"Unknown quota resources {name}.")
            if not isinstance(most, int) or isinstance(most, bool) or most < policy.UNLIMITED:
                raise exception.BadRequest(f"Quota limit '{most}' for '{name}' is too small - must be at least '-1'.")
        with self.handle.session() as session:
            for name, most in given.items():
                session.merge(Quota(project_id=id, resource=name, hard_limit=most))
        return {"quotas": given}
