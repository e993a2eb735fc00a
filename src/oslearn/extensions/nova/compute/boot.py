"""What only some boots ask for: a zone or a host to go to, a key and files in the guest, a server group.

Interface: `BootOptions`, whose methods a boot's checks and the API call; `Places`, the compute hosts and their zones.
Upstream: nova/compute/api.py, `_check_injected_file_quota`, `_validate_host_or_node`, `parse_availability_zone`,
`HostAPI`; nova/availability_zones.py.
"""

from __future__ import annotations

from base64 import b64decode
from typing import cast

from oslearn.core.nova.compute.api_request import ServerRequest
from oslearn.core.nova.objects import RequestSpec, ServerGroup
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, NotFound, OverQuota
from oslearn.core.oslo.policy import over
from oslearn.extensions.nova.db.api import ExtendedDB

TOO_MUCH = {
    "injected_files": "Personality file limit exceeded",
    "injected_file_path_bytes": "Personality file path exceeds maximum {}",
    "injected_file_content_bytes": "Personality file content exceeds maximum {}",
}


class Places:
    """Where an instance can be asked to go."""

    def __init__(self, db: ExtendedDB, default_zone: str) -> None:
        """`default_zone` has who is in no other."""
        self.db, self.default_zone = db, default_zone

    def check_host(self, host: str) -> None:
        """Raises BadRequest if there is no such compute host."""
        if host not in {node.host for node in self.db.hosts.get_all()}:
            raise BadRequest(f"Compute host {host} could not be found.")

    def zone(self, host: str) -> str:
        """The zone of a host."""
        return self.db.hosts.zones().get(host, self.default_zone)

    def zones(self) -> set[str]:
        """The availability zones that have hosts."""
        zones = self.db.hosts.zones()
        return {zones.get(node.host, self.default_zone) for node in self.db.hosts.get_all()}


class BootOptions:
    """Looks at them before nova-api accepts."""

    def __init__(self, db: ExtendedDB, places: Places) -> None:
        self.db, self.places = db, places

    def check_place(self, context: RequestContext, server: ServerRequest) -> None:
        """The zone and the host that are asked for are there. Raises BadRequest."""
        zone, forced = server["availability_zone"], server["forced_host"] or server["forced_node"]
        for host in filter(None, (server["host"], server["hypervisor_hostname"], forced)):
            self.places.check_host(host)
        if zone and not forced and zone not in self.places.zones():
            raise BadRequest("The requested availability zone is not available")

    def check_files(self, context: RequestContext, server: ServerRequest) -> None:
        """How many files, how long a path, how much in one. Raises OverQuota."""
        files = server["personality"]
        if not files:
            return
        limits = self.db.quotas.limits(context.project_id, context.user_id or "")
        sizes = {
            "injected_files": len(files),
            "injected_file_path_bytes": max(len(file["path"]) for file in files),
            "injected_file_content_bytes": max(len(b64decode(file["contents"])) for file in files),
        }
        for name, size in sizes.items():  # in this order, of which upstream names the first that is too much
            if over(limits, {}, {name: size}):
                raise OverQuota(TOO_MUCH[name].format(limits[name]))

    def find_key(self, context: RequestContext, name: str | None) -> str | None:
        """The public half of one of the caller's key pairs. Raises BadRequest."""
        try:
            return self.db.key_pairs.get(context.user_id, name).public_key if name else None
        except NotFound:
            raise BadRequest("Invalid key_name provided.") from None

    def find_group(self, context: RequestContext, uuid: str | None, count: int) -> ServerGroup:
        """The group that the hint names; it takes that many more. Raises BadRequest, OverQuota."""
        if not uuid:
            return {}
        try:
            group = self.db.groups.get(uuid, context.project_id)
        except NotFound as error:
            raise BadRequest(str(error)) from None
        members = {"server_group_members": len(group["members"])}
        limits = self.db.quotas.limits(context.project_id, context.user_id or "")
        if over(limits, members, dict.fromkeys(members, count)):
            raise OverQuota("Quota exceeded, too many servers in group")
        return cast(ServerGroup, {key: group[key] for key in ("uuid", "policy", "rules", "members")} | {"hosts": []})

    def join_group(self, spec: RequestSpec, uuids: list[str]) -> None:
        """Instances that were accepted are members of their group. Raises InstanceGroupNotFound."""
        if group := spec["group"]:
            self.db.groups.add_members(group["uuid"], uuids)
