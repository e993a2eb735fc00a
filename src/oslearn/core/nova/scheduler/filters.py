"""Filters: may this instance go to that host? Each answers with nothing, or with why not.

Interface: `ENABLED`, in the order in which they run, and `RESOURCES`, which ran before them in 2013, when no Placement
reckoned with resources; `HostState`. The others: `oslearn.extensions.nova.scheduler.filters`.
Upstream: nova/scheduler/filters/. Left out: NUMA, PCI, aggregates' extra specs, compute capabilities.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from oslearn.core.config import Config
from oslearn.core.nova.objects import RequestSpec


@dataclass(eq=False)
class HostState:
    """A host as the scheduler sees it; what comes first is how the database has it. `zone` is its availability zone,
    and an operator has `disabled` it, or said that it is down.
    """

    host: str
    uuid: str
    vcpus: int
    vcpus_used: int
    free_ram_mb: int
    local_gb: int
    local_gb_used: int
    supported_instances: str
    zone: str
    disabled: bool
    forced_down: bool
    is_up: bool = False
    instances: set[str] = field(default_factory=set)
    """Who is there, if a filter asks: of the core's none does."""


parsed = lru_cache(json.loads)  # what the hosts of a cloud can run is written in few texts


def compute_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """Its nova-compute serves and is not disabled."""
    if host.disabled:
        return "nova-compute is disabled"
    return None if host.is_up else "nova-compute is down"


def availability_zone_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """It is in the zone that was asked for."""
    wanted = spec.get("availability_zone")
    return None if wanted in (None, host.zone) else f"is in zone {host.zone}, not {wanted}"


def ram_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """It has the memory."""
    free = host.free_ram_mb
    return None if free >= spec["memory_mb"] else f"{spec['memory_mb']} MiB asked, {free} MiB free"


def disk_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """It has the disk."""
    free = host.local_gb - host.local_gb_used
    return None if free >= spec["root_gb"] else f"{spec['root_gb']} GiB of disk asked, {free} GiB free"


def core_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """It has the vCPUs; `cpu_allocation_ratio` says how often a core may be given."""
    free = int(host.vcpus * config.cpu_allocation_ratio) - host.vcpus_used
    if spec["vcpus"] > host.vcpus:
        return f"{spec['vcpus']} vCPUs asked, the host has {host.vcpus}"
    return None if free >= spec["vcpus"] else f"{spec['vcpus']} vCPUs asked, {free} free"


def image_properties_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """It can run what the image was made for: architecture, hypervisor type."""
    properties = spec.get("image_properties", {})
    arch = properties.get("hw_architecture") or properties.get("architecture")
    kind = properties.get("img_hv_type") or properties.get("hypervisor_type")
    for can_arch, can_kind, _ in parsed(host.supported_instances):
        if arch in (None, can_arch) and kind in (None, can_kind):
            return None
    return f"cannot run an image for {' '.join(filter(None, (arch, kind)))}"


Filter = Callable[[HostState, RequestSpec, Config], str | None]
ENABLED: dict[str, Filter] = {
    "ComputeFilter": compute_filter,
    "AvailabilityZoneFilter": availability_zone_filter,
    "ImagePropertiesFilter": image_properties_filter,
}
RESOURCES: dict[str, Filter] = {"RamFilter": ram_filter, "DiskFilter": disk_filter, "CoreFilter": core_filter}
