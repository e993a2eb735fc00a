"""What a boot asks for: everything that it names is looked up, checked and put into the form that instances have.

Interface: `BootChecks.check` makes `Wanted` of a `ServerRequest`: `instances` (the first columns of each), `devices`,
`networks`, `image`, and `spec`, what the scheduler is asked for.
Invariants: nothing is written here.
Upstream: nova/compute/api.py: `_validate_and_build_base_options`, `_checks_for_create_and_rebuild`.
Left out: NUMA, PCI, accelerators, encrypted disks, QoS of ports; hints of filters that are not enabled
(`build_near_host_ip`, `different_cell`, `target_cell`, `query`); `virtual_name`, which upstream forgets, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypedDict, cast

from oslearn.core.nova import exception
from oslearn.core.nova.compute.api_devices import DeviceChecks
from oslearn.core.nova.compute.api_request import ServerRequest
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.db.models import as_dict
from oslearn.core.nova.image.glance import ImageAPI, system_metadata
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.objects import (
    Flavor,
    ImageMeta,
    RequestedNetwork,
    RequestSpec,
    SecurityGroupName,
    ServerGroup,
    Values,
)
from oslearn.core.nova.quota import check_num_instances_quota
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, OverQuota
from oslearn.core.oslo.policy import over


class Wanted(TypedDict):
    """A boot that can be: rows, and what goes along with them."""

    instances: list[Values]
    devices: list[Values]
    networks: list[RequestedNetwork]
    image: ImageMeta
    spec: RequestSpec


@dataclass
class Found:
    """What a request names, looked up; `most` instances can have such ports."""

    flavor: Flavor
    image: ImageMeta
    groups: list[SecurityGroupName]
    networks: list[RequestedNetwork]
    devices: list[Values]
    most: int


class BootChecks:
    def __init__(
        self, db: NovaDB, devices: DeviceChecks, image_api: ImageAPI, network_api: NetworkAPI, ids: Ids
    ) -> None:
        self.db, self.devices, self.ids = db, devices, ids
        self.image_api, self.network_api = image_api, network_api
        self.more: list[Callable[[RequestContext, ServerRequest], None]] = []
        """Checks of what few boots ask for; each raises BadRequest or OverQuota."""
        self.find_key: Callable[[RequestContext, str | None], str | None] = lambda context, name: None
        """The public half of one of the caller's key pairs. Raises BadRequest."""
        self.find_group: Callable[[RequestContext, str | None, int], ServerGroup] = lambda context, uuid, count: {}
        """The server group that a hint names; it takes that many more. Raises BadRequest, OverQuota."""

    def check(self, context: RequestContext, server: ServerRequest) -> Wanted:
        """Everything that a boot needs. Raises BadRequest, Conflict, Forbidden."""
        flavor = self.find_flavor(context, server["flavorRef"])
        for look in self.more:
            look(context, server)
        self.check_metadata(context, server["metadata"])
        image = self.devices.image(context, server, flavor)
        groups = self.network_api.security_groups(context, server["security_groups"])
        networks, most = self.network_api.validate_networks(context, server["networks"], server["max_count"])
        devices = self.devices.check(context, server, image)
        found = Found(flavor, image, groups, networks, devices, most)
        # So late, because what is counted is what would really start.
        count = self._count(context, server, found)
        group = self.find_group(context, server["scheduler_hints"].get("group"), count)
        values = self._values(context, server, found)
        named = [values | self._names(server, number, count) for number in range(count)]
        spec = self._spec(context, server, found, group, count)
        if ports := [network["port_id"] for network in networks if network.get("port_id")]:
            spec["requested_ports"] = ports
        return {"instances": named, "devices": devices, "networks": networks, "image": image, "spec": spec}

    def find_flavor(self, context: RequestContext, flavor_id: str) -> Flavor:
        """A flavor that the caller may use, as an instance keeps it. Raises BadRequest."""
        try:
            flavor = self.db.flavors.get(flavor_id, None if context.is_admin else context.project_id)
        except exception.FlavorNotFound as error:
            raise BadRequest(str(error)) from None
        return cast(Flavor, as_dict(flavor) | {"extra_specs": flavor.extra_specs})

    def check_metadata(self, context: RequestContext, metadata: Mapping[str, str]) -> None:
        """Whether so many items may be noted on an instance. Raises OverQuota."""
        limits = self.db.quotas.limits(context.project_id) if metadata else {}
        if over(limits, {}, {"metadata_items": len(metadata)}):
            raise OverQuota(f"Maximum number of metadata items exceeds {limits['metadata_items']}")

    def _count(self, context: RequestContext, server: ServerRequest, found: Found) -> int:
        """How many start: as many as quotas leave, but what there is one of cannot be had twice."""
        least, wanted = server["min_count"], server["max_count"]
        if wanted > 1:
            if any(device["volume_id"] for device in found.devices):
                raise BadRequest("Cannot attach one or more volumes to multiple instances")
            if any(network.get("port_id") for network in found.networks):
                raise BadRequest(
                    "Failed to launch multiple instances with a single configured port ID. Please launch your "
                    "instance one by one with different ports."
                )
            if any(network.get("fixed_ip") for network in found.networks):
                raise BadRequest(
                    "Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified."
                )
        if found.most < least:
            raise exception.PortLimitExceeded()
        # Two requests at once may both pass: the conductor counts again once the rows are written.
        scopes = self.db.quotas.scopes(context.project_id or "", context.user_id or "", asked=True)
        return check_num_instances_quota(scopes, found.flavor, least, min(wanted, found.most))

    def _values(self, context: RequestContext, server: ServerRequest, found: Found) -> Values:
        """The first columns, the same for all instances of a request."""
        key, flavor = self.find_key(context, server["key_name"]), found.flavor
        return {
            "project_id": context.project_id,
            "user_id": context.user_id,
            "display_description": server["description"],
            "image_ref": server["imageRef"],
            "flavor": flavor,
            "memory_mb": flavor["memory_mb"],
            "vcpus": flavor["vcpus"],
            "root_gb": flavor["root_gb"],
            "availability_zone": server["availability_zone"],
            "pinned_availability_zone": server["availability_zone"] or "",
            "metadata": server["metadata"],
            "system_metadata": system_metadata(found.image, flavor) | server["owner"],
            "security_groups": found.groups,
            "key_name": server["key_name"],
            "key_data": key,
            "user_data": server["user_data"],
            "config_drive": "True" if server["config_drive"] else "",
            "access_ip_v4": server["accessIPv4"],
            "access_ip_v6": server["accessIPv6"],
            "auto_disk_config": server["disk_config"] == "AUTO",
            "trusted_certs": server["trusted_image_certificates"],
            "scheduler_hints": server["scheduler_hints"],
            "tags": server["tags"],
            "reservation_id": f"r-{self.ids.hex()[:8]}",
            "root_device_name": "/dev/vda",
            "vm_state": "building",
            "task_state": "scheduling",
        }

    def _names(self, server: ServerRequest, number: int, count: int) -> Values:
        """What tells the instances of one request apart."""
        uuid, suffix = self.ids.uuid(), f"-{number + 1}" if count > 1 else ""
        hostname = server["hostname"] or sanitize_hostname(server["name"], f"Server-{uuid}")
        return {
            "uuid": uuid,
            "display_name": server["name"] + suffix,
            "hostname": hostname + suffix,
            "launch_index": number,
        }

    def _spec(
        self, context: RequestContext, server: ServerRequest, found: Found, group: ServerGroup, count: int
    ) -> RequestSpec:
        """What the scheduler is asked for. Upstream: nova/objects/request_spec.py."""
        flavor, forced = found.flavor, server["forced_host"] or server["forced_node"]
        root: Values = next((device for device in found.devices if device["boot_index"] == 0), {})
        hints = {k: v if isinstance(v, list) else [v] for k, v in server["scheduler_hints"].items() if k != "group"}
        return {
            "memory_mb": flavor["memory_mb"],
            "vcpus": flavor["vcpus"],
            "root_gb": flavor["root_gb"],
            "ephemeral_gb": flavor["ephemeral_gb"],
            "swap": flavor["swap"],
            "extra_specs": flavor["extra_specs"],
            "project_id": context.project_id or "",
            "user_id": context.user_id or "",
            "num_instances": count,
            "is_bfv": root.get("destination_type") == "volume",
            "availability_zone": server["availability_zone"],
            "image_properties": self.image_api.properties(found.image),
            "forced": bool(forced),
            "destination": forced or server["host"] or server["hypervisor_hostname"],
            "hints": hints,
            "group": group,
        }


def sanitize_hostname(name: str, default: str) -> str:
    """A server's name as its guest may use it. Upstream: nova/utils.py."""
    latin = name.encode("latin-1", "ignore").decode("latin-1")[:63]
    return re.sub(r"[^\w-]+", "", re.sub(r"[ _.]", "-", latin)).lower().strip(".-") or default
