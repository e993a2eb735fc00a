"""nova-api: lists of servers, what a server says of itself, what users note on it, and its end.

Interface: `ServerLists`, `ServerUpdates`, `ServerMetadata`, `ServerTags`, `ServerEnds`; `columns(given)`, which a
rebuild needs as well; `RULES`.
Upstream: nova/api/openstack/compute/servers.py, server_metadata.py, server_tags.py.
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
from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.nova.api import common, listing
from oslearn.extensions.nova.api.server_fields import changed
from oslearn.extensions.nova.compute.actions import CHANGE_METADATA, InstanceActions
from oslearn.extensions.nova.compute.deletion import Deletion, check_instance_lock
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.exception import InstanceInvalidState

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


MAX_TAGS = 50
RULES |= {
    f"os_compute_api:{what}:{verb}": rule
    for what, verbs in {
        "server-metadata": ("create", "update", "update_all", "delete"),
        "os-server-tags": ("update", "update_all", "delete", "delete_all"),
    }.items()
    for rule, names in ((policy.project_member, verbs), (policy.project_reader, ("index", "show")))
    for verb in names
}


class ServerMetadata:
    """Words with values, in the database as a user gives them."""

    def __init__(self, access: ServerAccess, actions: InstanceActions) -> None:
        self.access, self.actions = access, actions

    def index(self, req: Request, server_id: str) -> Body:
        """All that is noted on a server. 200, 401, 404."""
        return {"metadata": self.access.instance(req, server_id, "server-metadata:index")["metadata"]}

    def add(self, req: Request, server_id: str, wanted: Body) -> Body:
        """Add or change some. 200, 400, 401, 403, 404, 409."""
        instance = self.access.instance(req, server_id, "server-metadata:create")
        return {"metadata": self._update(req, instance, instance["metadata"] | wanted["metadata"])}

    def replace(self, req: Request, server_id: str, wanted: Body) -> Body:
        """Replace all of it. 200, 400, 401, 403, 404, 409."""
        instance = self.access.instance(req, server_id, "server-metadata:update_all")
        return {"metadata": self._update(req, instance, wanted["metadata"])}

    def show(self, req: Request, server_id: str, key: str) -> Body:
        """The value of one word. 200, 401, 404."""
        return {"meta": {key: self._item(self.access.instance(req, server_id, "server-metadata:show"), key)}}

    def update(self, req: Request, server_id: str, key: str, wanted: Body) -> Body:
        """Add or change one. 200, 400, 401, 403, 404, 409."""
        given = wanted["meta"]
        instance = self.access.instance(req, server_id, "server-metadata:update")
        if key not in given:
            raise BadRequest("Request body and URI mismatch")
        self._update(req, instance, instance["metadata"] | given)
        return {"meta": given}

    def delete(self, req: Request, server_id: str, key: str) -> None:
        """Take one word and its value away. 204, 401, 403, 404, 409."""
        instance = self.access.instance(req, server_id, "server-metadata:delete")
        self._item(instance, key)
        left = {k: v for k, v in instance["metadata"].items() if k != key}
        self._update(req, instance, left, "delete metadata")

    def _item(self, instance: Instance, key: str) -> str:
        if key not in instance["metadata"]:
            raise NotFound("Metadata item was not found")
        return str(instance["metadata"][key])

    def _update(
        self, req: Request, instance: Instance, metadata: dict[str, str], word: str = "update metadata"
    ) -> dict[str, str]:
        self.actions.update_metadata(req.caller, instance, metadata, word)
        return metadata


class ServerTags:
    """Words alone, by which servers can be found."""

    def __init__(self, access: ServerAccess, db: ExtendedDB) -> None:
        self.access, self.db = access, db

    def index(self, req: Request, server_id: str) -> Body:
        """All the tags of a server. 200, 401, 404."""
        return {"tags": self._tags(req, server_id, "index")}

    def replace(self, req: Request, server_id: str, wanted: Body) -> Body:
        """Replace all of them. 200, 400, 401, 403, 404, 409."""
        tags = wanted["tags"]
        self._tags(req, server_id, "update_all", "update tags")
        self.db.instances.set_tags(server_id, tags)
        return {"tags": sorted(set(tags))}

    def delete_all(self, req: Request, server_id: str) -> None:
        """Take all of them away. 204, 401, 403, 404, 409."""
        self._tags(req, server_id, "delete_all", "delete tags")
        self.db.instances.set_tags(server_id, [])

    def show(self, req: Request, server_id: str, tag: str) -> None:
        """Whether a server has it. 204, 401, 404."""
        if tag not in self._tags(req, server_id, "show"):
            raise NotFound(f"Server {server_id} has no tag '{tag}'")

    def update(self, req: Request, server_id: str, tag: str) -> Reply:
        """Add a tag; it may be there already. 201, 204, 400, 401, 403, 404, 409."""
        tags = self._tags(req, server_id, "update", "update tag")
        fault = "" if re.search("^[^,/]+$", tag) else f"'{tag}' does not match '^[^,/]*$'"
        if len(tag) > 60:
            fault = f"'{tag}' is too long"
        if fault:
            raise BadRequest(
                f"Tag '{tag}' is invalid. It must be a non empty string without characters '/' and ','. Validation "
                f"error message: {fault}"
            )
        if len(tags) >= MAX_TAGS:
            raise BadRequest(f"The number of tags exceeded the per-server limit {MAX_TAGS}")
        if tag in tags:
            return Reply(204)
        self.db.instances.set_tags(server_id, [*tags, tag])
        return Reply(201, None, {"Location": f"{req.prefix}/v2.1/servers/{server_id}/tags/{tag}"})

    def delete(self, req: Request, server_id: str, tag: str) -> None:
        """Take a tag away. 204, 401, 403, 404, 409."""
        tags = self._tags(req, server_id, "delete", "delete tag")
        if tag not in tags:
            raise NotFound(f"Instance {server_id} has no tag '{tag}'")
        self.db.instances.set_tags(server_id, [known for known in tags if known != tag])

    def _tags(self, req: Request, server_id: str, rule: str, word: str | None = None) -> list[str]:
        """The tags there are; `word` says what is to change them, which not every state allows."""
        instance = self.access.instance(req, server_id, f"os-server-tags:{rule}")
        if word and instance["vm_state"] not in CHANGE_METADATA:
            raise InstanceInvalidState(
                method=word, instance_uuid=server_id, attr="vm_state", state=instance["vm_state"]
            )
        return self.db.instances.tags([server_id]).get(server_id, [])
