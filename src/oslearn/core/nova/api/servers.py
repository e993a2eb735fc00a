"""nova-api: servers over HTTP. What can be done with one is in `actions`.

Upstream: nova/api/openstack/compute/servers.py.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import Any

from oslearn.core.nova.api import listing, paging, schemas, server_create, server_views, views
from oslearn.core.nova.api.common import ServerController
from oslearn.core.nova.api.validation import check_body
from oslearn.core.oslo import policy
from oslearn.core.oslo.exception import BadRequest, Conflict
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.route import Entry

ROUTES: list[Entry] = [
    ("POST", "/v2.1/servers", "create_server"),
    ("GET", "/v2.1/servers", "list_servers"),
    ("GET", "/v2.1/servers/detail", "list_servers_detail"),
    ("GET", "/v2.1/servers/{server_id}", "show_server"),
    ("PUT", "/v2.1/servers/{server_id}", "update_server"),
    ("DELETE", "/v2.1/servers/{server_id}", "delete_server"),
]
RULES: dict[str, policy.Rule] = {
    f"os_compute_api:servers:{name}": rule
    for rule, names in {
        policy.project_reader: ("index", "detail", "show", "show:flavor-extra-specs"),
        policy.project_member: (
            "create", "create:attach_volume", "create:attach_network", "create:trusted_certs", "delete", "update",
        ),
        policy.admin: (
            "index:get_all_tenants", "detail:get_all_tenants", "create:forced_host",
        ),
    }.items()
    for name in names
}  # fmt: skip
RULES["compute:servers:create:requested_destination"] = policy.admin
COLUMNS = {
    "name": "display_name",
    "description": "display_description",
    "hostname": "hostname",
    "accessIPv4": "access_ip_v4",
    "accessIPv6": "access_ip_v6",
    "metadata": "metadata",
}


def columns(given: dict[str, Any]) -> dict[str, Any]:
    """What a body says of a server, by column."""
    found = {column: given[key] for key, column in COLUMNS.items() if key in given}
    if "access_ip_v6" in found:
        found["access_ip_v6"] = str(IPv6Address(found["access_ip_v6"]))
    if "OS-DCF:diskConfig" in given:
        found["auto_disk_config"] = given["OS-DCF:diskConfig"] == "AUTO"
    return found


class Servers(ServerController):
    """Handlers."""

    def create_server(self, req: Request) -> Reply:
        """Accept a new server. 202, 400, 401, 403, 409."""
        body = check_body(req, schemas.CREATE_SERVER)
        self.allow(req, "servers:create")
        wanted = server_create.read(req, body, self.ids.password())
        self._allow_parts(req, wanted)
        instance = self.compute.create(req.caller, wanted)[0]
        if listing.is_true(wanted.get("return_reservation_id", False)):
            return Reply(202, {"reservation_id": instance["reservation_id"]})
        links = views.links(req, "servers", instance["uuid"])
        shown = {
            "id": instance["uuid"],
            "links": links,
            "OS-DCF:diskConfig": wanted.get("OS-DCF:diskConfig", "MANUAL"),
            "security_groups": body["server"].get("security_groups", [{"name": "default"}]),
            "adminPass": wanted["adminPass"],
        }
        return Reply(202, {"server": shown}, {"Location": links[0]["href"]})

    def _allow_parts(self, req: Request, wanted: dict[str, Any]) -> None:
        """What is asked for besides a server may need more."""
        needs = {
            "create:trusted_certs": wanted.get("trusted_image_certificates"),
            "create:forced_host": wanted["forced_host"] or wanted["forced_node"],
            "create:attach_volume": wanted["block_device_mapping_v2"],
            "create:attach_network": wanted.get("networks") not in (None, "none", []),
        }
        for rule, asked in needs.items():
            if asked:
                self.allow(req, f"servers:{rule}")
        if wanted.get("host") or wanted.get("hypervisor_hostname"):
            self.policy.enforce(req.caller, "compute:servers:create:requested_destination")
            if wanted["forced_host"] or wanted["forced_node"]:
                raise BadRequest(
                    "One mechanism with host and/or hypervisor_hostname and another mechanism with zone:host:node are "
                    "mutually exclusive."
                )

    def list_servers(self, req: Request) -> dict[str, Any]:
        """Servers, short. 200, 400, 401, 403."""
        instances, links = self._page(req, "index")
        return {"servers": [server_views.basic(req, instance) for instance in instances]} | links

    def list_servers_detail(self, req: Request) -> dict[str, Any]:
        """Servers, whole. 200, 400, 401, 403."""
        instances, links = self._page(req, "detail")
        extras = self.extras(req, instances)
        shown = [server_views.server(req, instance, extras) for instance in instances]
        for server in shown:
            server.pop("server_groups", None)  # too many queries
        return {"servers": shown} | links

    def show_server(self, req: Request, server_id: str) -> dict[str, Any]:
        """One server. 200, 401, 403, 404."""
        self.instance(req, server_id, "servers:show")
        return {"server": self.show(req, server_id)}

    def update_server(self, req: Request, server_id: str) -> dict[str, Any]:
        """Rename a server, or change what it says of itself. 200, 400, 401, 403, 404, 409."""
        given = check_body(req, schemas.UPDATE_SERVER)["server"]
        instance = self.instance(req, server_id, "servers:update")
        changes = columns(given)
        if "pinned_availability_zone" in given:
            changes["pinned_availability_zone"] = pinned(instance, given["pinned_availability_zone"])
        self.db.instances.update(server_id, changes)
        return {"server": server_views.changed(req, self.show(req, server_id))}

    def delete_server(self, req: Request, server_id: str) -> None:
        """Delete a server. 204, 401, 403, 404, 409."""
        instance = self.instance(req, server_id, "servers:delete")
        self.compute.check_lock(req.caller, instance)
        self.compute.delete(req.caller, instance)

    def _page(self, req: Request, rule: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """The servers that the query asks for, and where the next ones are."""
        self.allow(req, f"servers:{rule}")
        wanted = listing.asked(req)
        if wanted.everyone:
            self.allow(req, f"servers:{rule}:get_all_tenants")
        if wanted.filters is None or wanted.limit == 0:
            return [], {}
        patterns = [wanted.filters.pop(name, None) for name in ("ip", "ip6")]
        limit = None if any(patterns) else wanted.limit
        rows = self.db.lists.page(wanted.filters, wanted.sort, limit, wanted.marker)
        rows = [row for row in rows if has_address(row, *patterns)][: wanted.limit]
        return rows, paging.links(req, "servers", [row["uuid"] for row in rows])


def pinned(instance: dict[str, Any], asked: str | None) -> str | None:
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


def has_address(instance: dict[str, Any], ip: str | None, ip6: str | None) -> bool:
    """Whether an address begins with what the patterns say; without a pattern every instance does."""
    found = [address for vif in instance["network_info"] for address in vif["fixed_ips"]]
    for pattern, mark in ((ip, "."), (ip6, ":")):
        if pattern and any(mark in address and re.match(pattern, address) for address in found):
            return True
    return not (ip or ip6)
