"""What a list of servers may ask for, and what the database is asked in turn.

Interface: `LIST_QUERY`, the query that is allowed; `asked(req)` → `Listing`; `moment(text)`,
`check_order(since, before)`.
Invariants: what only an admin may filter by is ignored when others ask for it; nobody sees another project's servers
without asking for all projects' and being allowed to.
Upstream: nova/api/openstack/compute/servers.py, `_get_servers`; schemas/servers.py, `index_query`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from oslearn.core.nova.api.validation import FORMATS, V, given_query, text
from oslearn.core.nova.objects import Values
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, Forbidden
from oslearn.core.oslo.http import Request, Version
from oslearn.core.oslo.strutils import bool_from_string
from oslearn.extensions.nova.api.common import PAGING, limit, many, query
from oslearn.extensions.nova.api.server_fields import STATUS
from oslearn.extensions.oslo.patterns import compiled
from oslearn.extensions.oslo.strutils import strict_bool

PATTERNS = (
    "kernel_id", "ramdisk_id", "hostname", "key_name", "power_state", "node", "flavor", "reservation_id",
    "launched_at", "terminated_at", "availability_zone", "name", "display_name", "description",
    "display_description", "locked_by", "root_device_name", "config_drive", "access_ip_v4", "access_ip_v6",
    "auto_disk_config", "progress", "ip", "ip6", "created_at",
)  # fmt: skip
WORDS = (
    "user_id", "project_id", "tenant_id", "launch_index", "image_ref", "image", "vm_state", "task_state", "host",
    "uuid", "sort_dir", "all_tenants", "soft_deleted", "deleted", "status",
)  # fmt: skip
JOINED = (
    "block_device_mapping", "services", "metadata", "system_metadata", "info_cache", "security_groups", "pci_devices",
)  # fmt: skip
SORT_KEYS = [
    "access_ip_v4", "access_ip_v6", "auto_disk_config", "availability_zone", "config_drive", "created_at",
    "display_description", "display_name", "host", "hostname", "image_ref", "instance_type_id", "kernel_id",
    "key_name", "launch_index", "launched_at", "locked_by", "node", "power_state", "progress", "project_id",
    "ramdisk_id", "root_device_name", "task_state", "terminated_at", "updated_at", "user_id", "uuid", "vm_state",
]  # fmt: skip
IGNORED_SORT_KEYS = [
    "architecture", "cell_name", "cleaned", "default_ephemeral_device", "default_swap_device", "deleted",
    "deleted_at", "disable_terminate", "ephemeral_gb", "ephemeral_key_uuid", "id", "key_data", "launched_on",
    "memory_mb", "os_type", "reservation_id", "root_gb", "shutdown_terminate", "user_data", "vcpus", "vm_mode",
]  # fmt: skip
TAGS = ("tags", "tags-any", "not-tags", "not-tags-any")


PATTERN = {"type": "string", "format": "regex"}
FORMATS["regex"] = (text(lambda value: value and compiled(value)), re.error)
MOMENT = {"type": "string", "format": "date-time"}
LIST_QUERY = query(
    {name: many() for name in (*WORDS, *JOINED)}
    | {name: many(PATTERN) for name in PATTERNS}
    | {name: V(many(PATTERN), 26) for name in TAGS}
    | PAGING
    | {
        "sort_key": (
            V(many({"type": "string", "enum": [*SORT_KEYS, *IGNORED_SORT_KEYS, "locked"]}), until=74),
            V(many({"type": "string", "enum": [*SORT_KEYS, "locked"]})),
        ),
        "changes-since": many(MOMENT),
        "changes-before": V(many(MOMENT), 66),
        "locked": V(many(), 73),
    }
)
EVERYBODYS: dict[str, int] = {
    **dict.fromkeys(("reservation_id", "name", "status", "image", "flavor", "ip", "changes-since", "all_tenants"), 1),
    "ip6": 5,
    **dict.fromkeys(TAGS, 26),
    "changes-before": 66,
    "locked": 73,
    **dict.fromkeys(
        ("availability_zone", "config_drive", "key_name", "created_at", "launched_at", "terminated_at",
         "power_state", "task_state", "vm_state", "progress", "user_id"),
        83,
    ),
    "hostname": 90,
}  # fmt: skip
"""What others than an admin may filter by, and since which minor version."""

COLUMNS = {
    "image": "image_ref",
    "name": "display_name",
    "tenant_id": "project_id",
    "description": "display_description",
}


@dataclass
class Listing:
    """What is asked of the database; no filters at all if nothing can match."""

    filters: Values | None
    sort: list[tuple[str, str]]
    limit: int
    marker: str | None
    everyone: bool


def asked(req: Request) -> Listing:
    """What the query asks for. Raises BadRequest, Forbidden."""
    fields = given_query(req)
    paging = ("sort_key", "sort_dir", "limit", "marker")
    given = {name: values[-1] for name, values in fields.items() if name not in paging}
    if not req.caller.is_admin:
        given = {name: value for name, value in given.items() if EVERYBODYS.get(name, 999) <= req.microversion[1]}
    for name in given:
        if name in JOINED or name.startswith("_"):
            raise BadRequest(f"Invalid filter field: {name}.")
    everyone = truth(given.pop("all_tenants", "false") or "true")
    if not everyone:
        given.pop("tenant_id", None)
        given["project_id"] = req.caller.project_id or ""
    filters = _filters(req, given, fields.get("status", []))
    return Listing(filters, _sort(req, fields), limit(req), req.query.get("marker"), everyone)


def truth(text: str) -> bool:
    """A word that must mean one of the two. Raises BadRequest."""
    try:
        return strict_bool(text)
    except ValueError as error:
        raise BadRequest(f"Invalid input received: {error}") from None


def _filters(req: Request, given: Values, statuses: list[str]) -> Body | None:
    """The filters by column; None if no server can have the status."""
    given.pop("status", None)
    if statuses and not _by_status(req.microversion, given, {status.upper() for status in statuses}):
        return None
    given |= {name: moment(given[name]) for name in ("changes-since", "changes-before") if name in given}
    check_order(given.get("changes-since"), given.get("changes-before"))
    if "deleted" in given:
        given["deleted"] = bool_from_string(given["deleted"])
    elif "changes-since" not in given and "changes-before" not in given:
        given["deleted"] = False
    if given.get("vm_state") == ["deleted"]:
        if not req.caller.is_admin:
            raise Forbidden("Only administrators may list deleted instances")
        given["deleted"] = True
    given |= {name: given[name].split(",") for name in TAGS if name in given}
    if "locked" in given:
        given["locked"] = truth(given["locked"])
    return {COLUMNS.get(name, name): value for name, value in given.items()}


def check_order(since: datetime | None, before: datetime | None) -> None:
    """Nothing changes before it begins: raises BadRequest if a time between the two cannot be."""
    if since and before and before < since:
        raise BadRequest("The value of changes-since must be less than or equal to changes-before.")


def _by_status(version: Version, given: Values, wanted: set[str]) -> bool:
    """Ask for the states that make the statuses; False if there are none."""
    found = [(vm, task) for vm, tasks in STATUS.items() for task, status in tasks.items() if status in wanted]
    if not found:
        if version >= (2, 38):
            raise BadRequest("Invalid status value")
        return False
    given["vm_state"] = sorted({vm for vm, _ in found})
    tasks = sorted({task or "" for _, task in found})
    if "" not in tasks:
        given["task_state"] = tasks
    return True


def moment(text: str) -> datetime:
    """A time as the database keeps it: UTC, without a zone."""
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _sort(req: Request, query: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Keys and directions; the newest first, if none is asked for."""
    keys = [key.strip() for key in query.get("sort_key", [])] or ["created_at"]
    ways = [way.strip() for way in query.get("sort_dir", [])] or ["desc"]
    if len(ways) > len(keys):
        raise BadRequest("Invalid input received: Sort direction size exceeds sort key size")
    if set(ways) - {"asc", "desc"}:
        raise BadRequest("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'")
    ways += [ways[0]] * (len(keys) - len(ways))
    ignored = [*IGNORED_SORT_KEYS, *(["locked"] if req.microversion < (2, 73) else [])]
    for key in keys:
        if key in ("host", "node") and not req.caller.is_admin:
            raise Forbidden(f"Only administrators can sort servers by {key}")
    return [(key, way) for key, way in zip(keys, ways, strict=True) if key not in ignored]
