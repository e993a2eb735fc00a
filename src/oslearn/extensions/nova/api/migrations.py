"""nova-api: migrations, on which servers change their host; what was asked of a server, by whom, and what came of it.

Upstream: nova/api/openstack/compute/{migrations,server_migrations,instance_actions}.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement

from oslearn.core.nova.api.servers import ServerAccess
from oslearn.core.nova.api.validation import V, given_query
from oslearn.core.nova.api.views import host_id, micro
from oslearn.core.nova.exception import InstanceNotFound
from oslearn.core.nova.objects import Instance
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Request
from oslearn.extensions.nova.api import common
from oslearn.extensions.nova.api.common import PAGING, limit, links, many, project_manager, query
from oslearn.extensions.nova.api.listing import check_order, moment
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.db.models import Migration
from oslearn.extensions.nova.exception import MarkerNotFound
from oslearn.extensions.nova.objects import InstanceActionEvent
from oslearn.extensions.nova.objects import Migration as Row
from oslearn.extensions.oslo.timeutils import compare

RULES: dict[str, policy.Rule] = {
    "os_compute_api:os-migrations:index": project_manager,
    "os_compute_api:os-migrations:index:all_projects": policy.admin,
    "os_compute_api:servers:migrations:index": project_manager,
    "os_compute_api:servers:migrations:show": project_manager,
}
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


class Migrations:
    """The migrations of all servers, those that are over as well."""

    def __init__(self, db: ExtendedDB) -> None:
        self.db = db

    def index(self, req: Request) -> Body:
        """Migrations of all servers. 200, 400, 401, 403."""
        asked, paged = req.query, req.microversion >= (2, 59)
        if not req.caller.is_admin:
            asked = asked | {"project_id": req.caller.project_id or ""}
        where: list[ColumnElement[bool]] = [getattr(Migration, k) == asked[k] for k in FILTERS[2:] if k in asked]
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


class ServerMigrations:
    """The live migrations of one server that are under way."""

    def __init__(self, access: ServerAccess, db: ExtendedDB) -> None:
        self.access, self.db = access, db

    def index(self, req: Request, server_id: str) -> Body:
        """Live migrations of a server that are under way. 200, 401, 403, 404."""
        return {"migrations": [progress(req, row) for row in self._under_way(req, server_id, "index")]}

    def show(self, req: Request, server_id: str, migration_id: str) -> Body:
        """One live migration, by its number or its id. 200, 401, 403, 404."""
        for row in self._under_way(req, server_id, "show"):
            if migration_id in (str(row["id"]), row["uuid"]):
                return {"migration": progress(req, row)}
        raise NotFound(f"In-progress live migration {migration_id} is not found for server {server_id}.")

    def _under_way(self, req: Request, server_id: str, verb: str) -> list[Row]:
        """Those of a server that the caller may see. Raises InstanceNotFound, PolicyNotAuthorized."""
        instance = self.db.instances.find(server_id)
        if instance is None or not (req.caller.is_admin or instance["project_id"] == req.caller.project_id):
            raise InstanceNotFound(instance_id=server_id)
        self.access.allow(req, f"servers:migrations:{verb}", instance)
        here = Migration.instance_uuid == server_id, Migration.migration_type == "live-migration"
        return self.db.migrations.page([*here, Migration.status.in_(LIVE)], None, None)


def migration(req: Request, row: Mapping[str, Any]) -> Body:
    """A migration, whichever way it went."""
    shown = {key: row[key] for key in SHOWN if req.microversion[1] >= SINCE.get(key, 1)}
    if req.microversion >= (2, 23) and row["migration_type"] == "live-migration" and row["status"] in LIVE:
        place = f"servers/{row['instance_uuid']}/migrations/{row['id']}"
        ends = {"self": f"{req.prefix}/v2.1/{place}", "bookmark": f"{req.prefix}/{place}"}
        shown["links"] = [{"rel": rel, "href": href} for rel, href in ends.items()]
    return shown | {key: micro(row[key]) for key in ("created_at", "updated_at")}


def progress(req: Request, row: Mapping[str, Any]) -> Body:
    """A live migration under way. A hypervisor that runs nothing copies nothing."""
    names = [key for key in SHOWN if key not in HIDDEN]
    shown = {key: row[key] for key in names if req.microversion[1] >= SINCE.get(key, 1)}
    times = {key: micro(row[key]) for key in ("created_at", "updated_at")}
    return shown | times | {"server_uuid": row["instance_uuid"]} | PROGRESS


RULES |= {
    "os_compute_api:os-instance-actions:list": policy.project_reader,
    "os_compute_api:os-instance-actions:show": policy.project_reader,
    "os_compute_api:os-instance-actions:events": policy.admin,
    "os_compute_api:os-instance-actions:events:details": policy.admin,
}


class ActionLog:
    """The actions of a server, whoever asked for them."""

    def __init__(self, access: ServerAccess, db: ExtendedDB) -> None:
        self.access, self.db = access, db

    def index(self, req: Request, server_id: str) -> Body:
        """Actions, newest first; from 2.21 on of a deleted server too. 200, 400, 401, 404."""
        query = given_query(req)
        self._instance(req, server_id, "list")
        if req.microversion < (2, 58):
            return {"instanceActions": [view(req, action) for action in self.db.actions.get_all(server_id)]}
        since, before = (moment(query[key][0]) if key in query else None for key in ("changes-since", "changes-before"))
        check_order(since, before)
        try:
            rows = self.db.actions.get_all(server_id, common.limit(req), req.query.get("marker"), since, before)
        except MarkerNotFound as error:
            raise BadRequest(f"Marker {error.values['marker']} could not be found.") from None
        links = common.links(req, "instanceActions", [row["request_id"] for row in rows]).get("instanceActions_links")
        return {"instanceActions": [view(req, row) for row in rows]} | ({"links": links} if links else {})

    def show(self, req: Request, server_id: str, request_id: str) -> Body:
        """One action, with what each process did. 200, 401, 404."""
        instance = self._instance(req, server_id, "show")
        found = self.db.actions.get(server_id, request_id)
        if found is None:
            raise NotFound(f"Action {request_id} not found")
        shown, trusted = view(req, found[0]), self._trusted(req, instance)
        if trusted or req.microversion >= (2, 51):
            shown["events"] = [event_view(req, instance, event, trusted) for event in found[1]]
        return {"instanceAction": shown}

    def _trusted(self, req: Request, instance: Instance) -> bool:
        """Whether the caller may see everything of an event."""
        return self.access.policy.rules["os_compute_api:os-instance-actions:events"](req.caller, instance)

    def _instance(self, req: Request, uuid: str, verb: str) -> Instance:
        if req.microversion < (2, 21):
            return self.access.instance(req, uuid, f"os-instance-actions:{verb}")
        own = {} if req.caller.is_admin else {"project_id": req.caller.project_id or ""}
        for instance in self.db.lists.page({"uuid": uuid} | own, [], 1):
            self.access.allow(req, f"os-instance-actions:{verb}", instance)
            return instance
        raise InstanceNotFound(instance_id=uuid)


def view(req: Request, row: Mapping[str, object]) -> Body:
    """An action as the API shows it."""
    keys = ("action", "instance_uuid", "request_id", "user_id", "project_id", "message")
    times = ("start_time", "updated_at") if req.microversion >= (2, 58) else ("start_time",)
    return {key: row[key] for key in keys} | {key: micro(str(row[key])) for key in times}


def event_view(req: Request, instance: Instance, row: InstanceActionEvent, trusted: bool) -> Body:
    """What a process did; which host it was, and why it failed, only those whom an admin trusts may see."""
    minor = req.microversion[1]
    shown: Body = {"event": row["event"], "result": row["result"]}
    shown |= {"start_time": micro(row["start_time"]), "finish_time": micro(row["finish_time"])}
    shown |= {"traceback": row["traceback"]} if trusted else {}
    shown |= {"host": row["host"]} if trusted and minor >= 62 else {}
    shown |= {"hostId": host_id(instance["project_id"], row["host"])} if minor >= 62 else {}
    return shown | ({"details": row["details"]} if trusted and minor >= 84 else {})
