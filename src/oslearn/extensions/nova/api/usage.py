"""nova-api: how long which servers ran, by project.

Upstream: nova/api/openstack/compute/simple_tenant_usage.py.
"""

from __future__ import annotations

from datetime import datetime

from oslearn.core.nova.api.servers import ServerAccess
from oslearn.core.nova.api.validation import V
from oslearn.core.nova.api.views import micro
from oslearn.core.nova.objects import Instance, Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Request
from oslearn.extensions.nova.api.common import PAGING, limit, links, many, query
from oslearn.extensions.nova.db.api import ExtendedDB

RULES: dict[str, policy.Rule] = {
    "os_compute_api:os-simple-tenant-usage:list": policy.admin,
    "os_compute_api:os-simple-tenant-usage:show": policy.project_reader,
}
FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f")
PAGED = {name: V(schema, 40) for name, schema in PAGING.items()}
USAGE_QUERY = query({"start": many(), "end": many(), "detailed": many()} | PAGED)


class Usage:
    """What servers used, summed up by project."""

    def __init__(self, access: ServerAccess, db: ExtendedDB, clock: Clock) -> None:
        self.access, self.db, self.clock = access, db, clock

    def index(self, req: Request) -> Body:
        """What all projects used. 200, 400, 401, 403."""
        rows, page = self._usages(req, "tenant_usages", None, req.query.get("detailed") == "1")
        return {"tenant_usages": rows} | page

    def show(self, req: Request, project_id: str) -> Body:
        """What one project used. 200, 400, 401, 403."""
        self.access.allow(req, "os-simple-tenant-usage:show", {"project_id": project_id})
        rows, page = self._usages(req, "tenant_usage", project_id, True)
        return {"tenant_usage": rows[0] if rows else {}} | page

    def _usages(self, req: Request, name: str, project_id: str | None, detailed: bool) -> tuple[list[Values], Values]:
        start, end = (time(req.query.get(name), self.clock.now()) for name in ("start", "end"))
        now = self.clock.now()
        if start >= end and ("start" in req.query or "end" in req.query):  # else it is the moment between two looks
            raise BadRequest("Invalid start time. The start time cannot occur after the end time.")
        end, paged = min(end, now), req.microversion >= (2, 40)
        marker = req.query.get("marker") if paged else None
        found = self.db.lists.ran(start, end, project_id, limit(req) if paged else 1000, marker)
        projects: dict[str, Values] = {}
        for instance in found:
            used = usage(instance, start, end, now)
            total = projects.setdefault(used["tenant_id"], empty(used["tenant_id"], start, end, detailed))
            for amount in ("local_gb", "vcpus", "memory_mb"):
                total[f"total_{amount}_usage"] += used[amount] * used["hours"]
            total["total_hours"] += used["hours"]
            if detailed:
                total["server_usages"].append(used)
        return list(projects.values()), links(req, name, [one["uuid"] for one in found]) if paged else {}


def time(text: str | None, now: datetime) -> datetime:
    """A time that a query names. Raises BadRequest."""
    for form in FORMATS if text else ():
        try:
            return datetime.strptime(text or "", form)  # noqa: DTZ007 - the database has no zones either
        except ValueError:
            continue
    if text:
        raise BadRequest("Invalid datetime string: Datetime is in invalid format")
    return now


def usage(instance: Instance, start: datetime, end: datetime, now: datetime) -> Body:
    """What a server used in a time."""
    launched = datetime.fromisoformat(str(instance["launched_at"]))
    ended = datetime.fromisoformat(instance["terminated_at"]) if instance["terminated_at"] else None
    ran = min(end, ended or end) - max(start, launched)
    flavor = instance["flavor"]
    return {
        "hours": max(0.0, ran.total_seconds() / 3600),
        "flavor": flavor["name"],
        "instance_id": instance["uuid"],
        "name": instance["display_name"],
        "tenant_id": instance["project_id"],
        "memory_mb": instance["memory_mb"],
        "local_gb": instance["root_gb"] + flavor["ephemeral_gb"],
        "vcpus": instance["vcpus"],
        "started_at": micro(instance["launched_at"]),
        "ended_at": micro(instance["terminated_at"]),
        "state": "terminated" if ended else instance["vm_state"],
        "uptime": int(((ended or now) - launched).total_seconds()),
    }


def empty(project_id: str, start: datetime, end: datetime, detailed: bool) -> Body:
    """The sums of a project, before anything is added."""
    shown: Body = {"tenant_id": project_id} | ({"server_usages": []} if detailed else {})
    names = ("total_local_gb_usage", "total_vcpus_usage", "total_memory_mb_usage", "total_hours")
    times = {"start": start.isoformat(timespec="microseconds"), "stop": end.isoformat(timespec="microseconds")}
    return shown | dict.fromkeys(names, 0.0) | times
