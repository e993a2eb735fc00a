"""nova-api: how long which servers ran, by project; and migrations, on which servers change their host.

Upstream: nova/api/openstack/compute/{simple_tenant_usage,migrations,server_migrations}.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from oslearn.core.nova.api.base import Controller
from oslearn.core.nova.api.listing import moment
from oslearn.core.nova.api.paging import PAGING, limit, links, many, query, within
from oslearn.core.nova.api.validation import V, check_query
from oslearn.core.nova.api.views import micro
from oslearn.core.nova.db.models import Migration
from oslearn.core.nova.exception import InstanceNotFound
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.db import compare
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.route import Entry

ROUTES: list[Entry] = [
    ("GET", "/v2.1/os-simple-tenant-usage", "list_usages"),
    ("GET", "/v2.1/os-simple-tenant-usage/{project_id}", "show_usage"),
    ("GET", "/v2.1/os-migrations", "list_migrations"),
    ("GET", "/v2.1/servers/{server_id}/migrations", "list_server_migrations"),
    ("GET", "/v2.1/servers/{server_id}/migrations/{migration_id}", "show_server_migration"),
]


def manager(context: RequestContext, target: Mapping[str, Any]) -> bool:
    """The role admin, or manager in its own project."""
    return policy.owner(context, target) and bool({"manager", "admin"} & set(context.roles))


RULES: dict[str, policy.Rule] = {
    "os_compute_api:os-simple-tenant-usage:list": policy.admin,
    "os_compute_api:os-simple-tenant-usage:show": policy.project_reader,
    "os_compute_api:os-migrations:index": manager,
    "os_compute_api:os-migrations:index:all_projects": policy.admin,
    "os_compute_api:servers:migrations:index": manager,
    "os_compute_api:servers:migrations:show": manager,
}
FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f")
PAGED = {name: V(schema, 40) for name, schema in PAGING.items()}
USAGE_QUERY = query({"start": many(), "end": many(), "detailed": many()} | PAGED)
DATE = many({"type": "string", "format": "date-time"})
FILTERS = ("hidden", "host", "instance_uuid", "source_compute", "status", "migration_type")
MIGRATIONS_QUERY = query(
    dict.fromkeys(FILTERS, many())
    | {name: V(schema, 59) for name, schema in PAGING.items()}
    | {"changes-since": V(DATE, 59), "changes-before": V(DATE, 66)}
    | {"user_id": V(many(), 80), "project_id": V(many(), 80)},
    strict_since=59,
)
SINCE = {"migration_type": 23, "uuid": 59, "user_id": 80, "project_id": 80}
SHOWN = (
    "created_at", "dest_compute", "dest_host", "dest_node", "id", "instance_uuid", "new_instance_type_id",
    "old_instance_type_id", "source_compute", "source_node", "status", "updated_at", "migration_type", "uuid",
    "user_id", "project_id",
)  # fmt: skip
HIDDEN = {"instance_uuid", "new_instance_type_id", "old_instance_type_id", "migration_type"}
"""What a live migration under way does not show."""

LIVE = ("queued", "preparing", "running", "post-migrating")
PROGRESS = dict.fromkeys(
    ("memory_total_bytes", "memory_processed_bytes", "memory_remaining_bytes", "disk_total_bytes",
     "disk_processed_bytes", "disk_remaining_bytes"), 0
)  # fmt: skip


class Usage(Controller):
    """Handlers."""

    def list_usages(self, req: Request) -> dict[str, Any]:
        """What all projects used. 200, 400, 401, 403."""
        self.allow(req, "os-simple-tenant-usage:list")
        rows, page = self._usages(req, "tenant_usages", None, req.query.get("detailed") == "1")
        return {"tenant_usages": rows} | page

    def show_usage(self, req: Request, project_id: str) -> dict[str, Any]:
        """What one project used. 200, 400, 401, 403."""
        self.allow(req, "os-simple-tenant-usage:show", {"project_id": project_id})
        rows, page = self._usages(req, "tenant_usage", project_id, True)
        return {"tenant_usage": rows[0] if rows else {}} | page

    def _usages(
        self, req: Request, name: str, project_id: str | None, detailed: bool
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        check_query(req, USAGE_QUERY)
        start, end = (time(req.query.get(name), self.db.databases.clock.now()) for name in ("start", "end"))
        now = self.db.databases.clock.now()
        if start >= end and ("start" in req.query or "end" in req.query):  # else it is the moment between two looks
            raise BadRequest("Invalid start time. The start time cannot occur after the end time.")
        end, paged = min(end, now), req.microversion >= (2, 40)
        marker = req.query.get("marker") if paged else None
        found = self.db.usage.get(start, end, project_id, limit(req) if paged else 1000, marker)
        projects: dict[str, dict[str, Any]] = {}
        for instance in found:
            used = usage(instance, start, end, now)
            total = projects.setdefault(used["tenant_id"], empty(used["tenant_id"], start, end, detailed))
            for amount in ("local_gb", "vcpus", "memory_mb"):
                total[f"total_{amount}_usage"] += used[amount] * used["hours"]
            total["total_hours"] += used["hours"]
            if detailed:
                total["server_usages"].append(used)
        return list(projects.values()), links(req, name, [one["uuid"] for one in found]) if paged else {}

    def list_migrations(self, req: Request) -> dict[str, Any]:
        """Migrations of all servers. 200, 400, 401, 403."""
        self.allow(req, "os-migrations:index")
        check_query(req, MIGRATIONS_QUERY)
        asked, paged = req.query, req.microversion >= (2, 59)
        if not req.caller.is_admin:
            asked = asked | {"project_id": req.caller.project_id or ""}
        where: list[Any] = [getattr(Migration, k) == asked[k] for k in FILTERS[2:] if k in asked]
        where += [getattr(Migration, k) == asked[k] for k in ("user_id", "project_id") if k in asked]
        if "host" in asked:
            where.append((Migration.source_compute == asked["host"]) | (Migration.dest_compute == asked["host"]))
        times = [moment(asked[k]) if paged and k in asked else None for k in ("changes-since", "changes-before")]
        since, before = times
        if since and before and before < since:
            raise BadRequest("The value of changes-since must be less than or equal to changes-before.")
        where += [compare(Migration.updated_at, "ge", since)] if since else []
        where += [compare(Migration.updated_at, "le", before)] if before else []
        rows = self.db.migrations.page(where, limit(req) if paged else None, asked.get("marker") if paged else None)
        page = {"migrations": [migration(req, row) for row in rows]}
        return page | (links(req, "migrations", [row["uuid"] for row in rows]) if paged else {})

    def list_server_migrations(self, req: Request, server_id: str) -> dict[str, Any]:
        """Live migrations of a server that are under way. 200, 401, 403, 404."""
        within(req, 23)
        return {"migrations": [progress(req, row) for row in self._under_way(req, server_id, "index")]}

    def show_server_migration(self, req: Request, server_id: str, migration_id: str) -> dict[str, Any]:
        """One of them. 200, 401, 403, 404."""
        within(req, 23)
        for row in self._under_way(req, server_id, "show"):
            if migration_id in (str(row["id"]), row["uuid"]):
                return {"migration": progress(req, row)}
        raise NotFound(f"In-progress live migration {migration_id} is not found for server {server_id}.")

    def _under_way(self, req: Request, server_id: str, verb: str) -> list[dict[str, Any]]:
        instance = self.db.instances.find(server_id)
        if instance is None or not (req.caller.is_admin or instance["project_id"] == req.caller.project_id):
            raise InstanceNotFound(instance_id=server_id)
        self.allow(req, f"servers:migrations:{verb}", instance)
        here = Migration.instance_uuid == server_id, Migration.migration_type == "live-migration"
        return self.db.migrations.page([*here, Migration.status.in_(LIVE)], None, None)


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


def usage(instance: dict[str, Any], start: datetime, end: datetime, now: datetime) -> dict[str, Any]:
    """What a server used in a time."""
    launched = datetime.fromisoformat(instance["launched_at"])
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


def empty(project_id: str, start: datetime, end: datetime, detailed: bool) -> dict[str, Any]:
    """The sums of a project, before anything is added."""
    shown: dict[str, Any] = {"tenant_id": project_id} | ({"server_usages": []} if detailed else {})
    names = ("total_local_gb_usage", "total_vcpus_usage", "total_memory_mb_usage", "total_hours")
    times = {"start": start.isoformat(timespec="microseconds"), "stop": end.isoformat(timespec="microseconds")}
    return shown | dict.fromkeys(names, 0.0) | times


def migration(req: Request, row: dict[str, Any]) -> dict[str, Any]:
    """A migration."""
    shown = {key: row[key] for key in SHOWN if req.microversion[1] >= SINCE.get(key, 1)}
    if req.microversion >= (2, 23) and row["migration_type"] == "live-migration" and row["status"] in LIVE:
        place = f"servers/{row['instance_uuid']}/migrations/{row['id']}"
        ends = {"self": f"{req.prefix}/v2.1/{place}", "bookmark": f"{req.prefix}/{place}"}
        shown["links"] = [{"rel": rel, "href": href} for rel, href in ends.items()]
    return shown | {key: micro(row[key]) for key in ("created_at", "updated_at")}


def progress(req: Request, row: dict[str, Any]) -> dict[str, Any]:
    """A live migration under way. A hypervisor that runs nothing copies nothing."""
    names = [key for key in SHOWN if key not in HIDDEN]
    shown = {key: row[key] for key in names if req.microversion[1] >= SINCE.get(key, 1)}
    times = {key: micro(row[key]) for key in ("created_at", "updated_at")}
    return shown | times | {"server_uuid": row["instance_uuid"]} | PROGRESS
