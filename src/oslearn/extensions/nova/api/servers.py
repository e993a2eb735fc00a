"""nova-api: lists of servers, what a server says of itself, and its end.

Interface: `ServerLists`, `ServerUpdates`, `ServerEnds`; `columns(given)`, which a rebuild needs as well; `RULES`.
Upstream: nova/api/openstack/compute/servers.py.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address

from oslearn.core.nova.api import views
from oslearn.core.nova.api.servers import ServerAccess
from oslearn.core.nova.api.views import ServerReader
from oslearn.core.nova.objects import Instance, Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import Conflict
from oslearn.core.oslo.http import Request
from oslearn.extensions.nova.api import common, listing
from oslearn.extensions.nova.api.server_fields import changed
from oslearn.extensions.nova.compute.deletion import Deletion, check_instance_lock
from oslearn.extensions.nova.db.api import ExtendedDB

RULES: dict[str, policy.Rule] = {
    "os_compute_api:servers:index": policy.project_reader,
    "os_compute_api:servers:index:get_all_tenants": policy.admin,
    "os_compute_api:servers:detail": policy.project_reader,
    "os_compute_api:servers:detail:get_all_tenants": policy.admin,
    "os_compute_api:servers:update": policy.project_member,
    "os_compute_api:servers:delete": policy.project_member,
}
COLUMNS = {
    "name": "display_name",
    "description": "display_description",
    "hostname": "hostname",
    "accessIPv4": "access_ip_v4",
    "accessIPv6": "access_ip_v6",
    "metadata": "metadata",
}


def columns(given: Values) -> Body:
    """What a body says of a server, by column."""
    found = {column: given[key] for key, column in COLUMNS.items() if key in given}
    if "access_ip_v6" in found:
        found["access_ip_v6"] = str(IPv6Address(found["access_ip_v6"]))
    if "OS-DCF:diskConfig" in given:
        found["auto_disk_config"] = given["OS-DCF:diskConfig"] == "AUTO"
    return found


class ServerLists:
    """The servers of a project, or of all."""

    def __init__(self, access: ServerAccess, reader: ServerReader, db: ExtendedDB) -> None:
        self.access, self.reader, self.db = access, reader, db

    def index(self, req: Request) -> Body:
        """Ids and names of servers. 200, 400, 401, 403."""
        instances, links = self._page(req, "index")
        return {"servers": [views.basic(req, instance) for instance in instances]} | links

    def detail(self, req: Request) -> Body:
        """Servers with all that is known of each. 200, 400, 401, 403."""
        instances, links = self._page(req, "detail")
        return {"servers": self.reader.page(req, instances)} | links

    def _page(self, req: Request, rule: str) -> tuple[list[Instance], Values]:
        """The servers that the query asks for, and where the next ones are."""
        wanted = listing.asked(req)
        if wanted.everyone:
            self.access.allow(req, f"servers:{rule}:get_all_tenants")
        if wanted.filters is None or wanted.limit == 0:
            return [], {}
        patterns = [wanted.filters.pop(name, None) for name in ("ip", "ip6")]
        limit = None if any(patterns) else wanted.limit  # the database does not know addresses: cut after looking
        rows = self.db.lists.page(wanted.filters, wanted.sort, limit, wanted.marker)
        rows = [row for row in rows if has_address(row, *patterns)][: wanted.limit]
        return rows, common.links(req, "servers", [row["uuid"] for row in rows])


class ServerUpdates:
    """Changes that no host hears of."""

    def __init__(self, access: ServerAccess, reader: ServerReader, db: ExtendedDB) -> None:
        self.access, self.reader, self.db = access, reader, db

    def update(self, req: Request, server_id: str, wanted: Body) -> Body:
        """Rename a server, or change what it says of itself. 200, 400, 401, 403, 404, 409."""
        given = wanted["server"]
        instance = self.access.instance(req, server_id, "servers:update")
        changes = columns(given)
        if "pinned_availability_zone" in given:
            changes["pinned_availability_zone"] = pinned(instance, given["pinned_availability_zone"])
        self.db.instances.update(server_id, changes)
        return {"server": changed(req, self.reader.show(req, server_id))}


class ServerEnds:
    """Servers that are no longer wanted."""

    def __init__(self, access: ServerAccess, deletion: Deletion) -> None:
        self.access, self.deletion = access, deletion

    def delete(self, req: Request, server_id: str) -> None:
        """Have a server deleted; it is there until its host has done so. 204, 401, 403, 404, 409."""
        instance = self.access.instance(req, server_id, "servers:delete")
        check_instance_lock(req.caller, instance)
        self.deletion.delete(req.caller, instance)


def pinned(instance: Instance, asked: str | None) -> str | None:
    """The zone that a server is not to leave. Raises Conflict."""
    now, current = instance["pinned_availability_zone"], instance["availability_zone"]
    if asked is not None and now is not None and asked != now:
        raise Conflict(
            "Cannot change pinned availability zone directly. Unpin first by setting pinned_availability_zone to null."
        )
    if asked is not None and now is None and asked != current:
        raise Conflict(
            f"Server can only be pinned to its current availability zone '{current}', but '{asked}' was requested."
        )
    return asked


def has_address(instance: Instance, ip: str | None, ip6: str | None) -> bool:
    """Whether an address begins with what the patterns say; without a pattern every instance does."""
    found = [address for vif in instance["network_info"] for address in vif["fixed_ips"]]
    for pattern, mark in ((ip, "."), (ip6, ":")):
        if pattern and any(mark in address and re.match(pattern, address) for address in found):
            return True
    return not (ip or ip6)
