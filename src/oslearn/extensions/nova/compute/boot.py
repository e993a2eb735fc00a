"""What only some boots ask for: a zone or a host to go to, a key and files in the guest, groups, disks of other kinds.

Interface: `ExtendedBootChecks`, which takes the place of the core's; `Places`, the hosts that there are, and zones;
`ClassicPlaces`, the same in 2013's flow.
Upstream: nova/compute/api.py, `_check_injected_file_quota`, `_validate_host_or_node`, `HostAPI`;
nova/availability_zones.py.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import cast

from oslearn.core.nova.compute.api_create import BootChecks, Found, ServerRequest
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.objects import Flavor, RequestSpec, SecurityGroupName, ServerGroup, Values
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, NotFound, OverQuota
from oslearn.core.oslo.policy import over
from oslearn.core.oslo.strutils import bool_from_string
from oslearn.extensions.nova.compute.boot_devices import DeviceChecks
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.image.glance import system_metadata
from oslearn.extensions.nova.network.requested import RequestedNetworkAPI
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI

NOT_IN_2013 = "In this flow a server goes where there is room: no host, other zone or scheduler hint can be asked for."
TOO_MUCH = {
    "injected_files": "Personality file limit exceeded",
    "injected_file_path_bytes": "Personality file path exceeds maximum {}",
    "injected_file_content_bytes": "Personality file content exceeds maximum {}",
}


@dataclass
class FoundGroups(Found):
    """With the security groups that a request names."""

    groups: list[SecurityGroupName]


class ExtendedBootChecks(BootChecks):
    """Looks at them before nova-api accepts."""

    db: ExtendedDB
    network_api: RequestedNetworkAPI

    def __init__(
        self, db: ExtendedDB, image_api: ImageAPI, network_api: RequestedNetworkAPI, volume_api: ExtendedVolumeAPI,
        ids: Ids, places: Places, devices: DeviceChecks,
    ) -> None:  # fmt: skip
        super().__init__(db, image_api, network_api, volume_api, ids)
        self.places, self.devices = places, devices

    def find(self, context: RequestContext, server: ServerRequest, flavor: Flavor) -> FoundGroups:
        """Everything that a request names. Raises BadRequest, Conflict, Forbidden."""
        given = server["given"]
        self.places.check(given)
        self.check_files(context, given.get("personality", []))
        self.check_metadata(context, given.get("metadata", {}))
        image = self.devices.image(context, server, flavor)
        asked = [group["name"] for group in given.get("security_groups", []) if group.get("name")]
        names = list(dict.fromkeys(asked))
        groups = self.network_api.security_groups(context, names)
        networks, most = self.network_api.validate_networks(context, server["networks"], server["max_count"])
        return FoundGroups(flavor, image, networks, self.devices.check(context, server, image), most, groups)

    def count(self, context: RequestContext, server: ServerRequest, found: Found) -> int:
        if server["max_count"] > 1:
            if any(network.get("port_id") for network in found.networks):
                raise BadRequest(
                    "Failed to launch multiple instances with a single configured port ID. Please launch your "
                    "instance one by one with different ports."
                )
            if any(network.get("fixed_ip") for network in found.networks):
                raise BadRequest(
                    "Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified."
                )
        return super().count(context, server, found)

    def spec(self, context: RequestContext, server: ServerRequest, found: Found, count: int) -> RequestSpec:
        given = server["given"]
        hints, (zone, *names) = given["hints"], given["place"]
        root: Values = next((device for device in found.devices if device["boot_index"] == 0), {})
        more: RequestSpec = {
            "is_bfv": root.get("destination_type") == "volume",
            "availability_zone": zone,
            "forced": any(names),
            "destination": next(filter(None, (*names, given.get("host"), given.get("hypervisor_hostname"))), None),
            "hints": {k: v if isinstance(v, list) else [v] for k, v in hints.items() if k != "group"},
            "group": self.find_group(context, hints.get("group"), count),
        }
        if ports := [network["port_id"] for network in found.networks if network.get("port_id")]:
            more["requested_ports"] = ports
        return super().spec(context, server, found, count) | more

    def values(self, context: RequestContext, server: ServerRequest, found: Found) -> Values:
        given = server["given"]
        key, (zone, *_) = self.find_key(context, given.get("key_name")), given["place"]
        return super().values(context, server, found) | {
            "display_description": given.get("description"),
            "availability_zone": zone,
            "pinned_availability_zone": zone or "",
            "metadata": given.get("metadata", {}),
            "system_metadata": system_metadata(found.image, found.flavor) | given["owner"],
            "security_groups": cast(FoundGroups, found).groups,
            "key_name": given.get("key_name"),
            "key_data": key,
            "user_data": given.get("user_data"),
            "config_drive": "True" if bool_from_string(given.get("config_drive", False)) else "",
            "access_ip_v4": given.get("accessIPv4"),
            "access_ip_v6": str(IPv6Address(given["accessIPv6"])) if "accessIPv6" in given else None,
            "auto_disk_config": given.get("OS-DCF:diskConfig") == "AUTO",
            "trusted_certs": given.get("trusted_image_certificates"),
            "scheduler_hints": given["hints"],
            "tags": given.get("tags", []),
        }

    def names(self, server: ServerRequest, number: int, count: int) -> Values:
        named, hostname = super().names(server, number, count), server["given"].get("hostname")
        return named | ({"hostname": hostname + (f"-{number + 1}" if count > 1 else "")} if hostname else {})

    def check_metadata(self, context: RequestContext, metadata: Mapping[str, str]) -> None:
        """Whether so many items may be noted on an instance. Raises OverQuota."""
        limits = self.db.quotas.limits(context.project_id) if metadata else {}
        if over(limits, {}, {"metadata_items": len(metadata)}):
            raise OverQuota(f"Maximum number of metadata items exceeds {limits['metadata_items']}")

    def check_files(self, context: RequestContext, files: list[Values]) -> None:
        """How many files, how long a path, how much in one. Raises OverQuota."""
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


class Places:
    """Where an instance can be asked to go."""

    def __init__(self, db: ExtendedDB, default_zone: str) -> None:
        """`default_zone` has who is in no other."""
        self.db, self.default_zone = db, default_zone

    def check(self, given: Values) -> None:
        """The zone and the host that a boot asks for are there. Raises BadRequest."""
        zone, host, node = given["place"]
        for name in filter(None, (given.get("host"), given.get("hypervisor_hostname"), host or node)):
            self.check_host(name)
        if zone and not (host or node) and zone not in self.zones():
            raise BadRequest("The requested availability zone is not available")

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


class ClassicPlaces(Places):
    """The same in 2013's flow, whose scheduler here looks at nothing but room."""

    def check(self, given: Values) -> None:
        super().check(given)
        zone, *names = given["place"]
        asked = *names, given.get("host"), given.get("hypervisor_hostname"), given["hints"]
        if any(asked) or zone not in (None, self.default_zone):
            raise BadRequest(NOT_IN_2013)
