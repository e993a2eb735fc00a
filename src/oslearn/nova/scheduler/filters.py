"""Filters: may this instance go to that host? Each answers with nothing, or with why not.

Interface: `FILTERS`, in the order in which they run; `RequestSpec` is what is asked for.
Upstream: nova/scheduler/filters/. Left out: affinity, aggregates, NUMA, PCI, instance type extra specs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from oslearn.config import Config
from oslearn.nova.db.models import ComputeNode


@dataclass(frozen=True)
class RequestSpec:
    """What an instance needs. Memory in MiB, disk in GiB."""

    memory_mb: int
    vcpus: int
    root_gb: int
    availability_zone: str | None = None
    image_properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HostState:
    """A host as the scheduler sees it."""

    node: ComputeNode
    is_up: bool
    disabled: bool


def compute_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """Its nova-compute serves and is not disabled."""
    if host.disabled:
        return "nova-compute is disabled"
    return None if host.is_up else "nova-compute is down"


def availability_zone_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """It is in the zone that was asked for."""
    if spec.availability_zone in (None, host.node.availability_zone):
        return None
    return f"is in zone {host.node.availability_zone}, not {spec.availability_zone}"


def ram_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """It has the memory."""
    free = host.node.free_ram_mb
    return None if free >= spec.memory_mb else f"{spec.memory_mb} MiB asked, {free} MiB free"


def disk_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """It has the disk."""
    free = host.node.local_gb - host.node.local_gb_used
    return None if free >= spec.root_gb else f"{spec.root_gb} GiB of disk asked, {free} GiB free"


def core_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """It has the vCPUs; `cpu_allocation_ratio` says how often a core may be given."""
    free = int(host.node.vcpus * config.cpu_allocation_ratio) - host.node.vcpus_used
    if spec.vcpus > host.node.vcpus:
        return f"{spec.vcpus} vCPUs asked, the host has {host.node.vcpus}"
    return None if free >= spec.vcpus else f"{spec.vcpus} vCPUs asked, {free} free"


def image_properties_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """It can run what the image was made for: architecture, hypervisor type."""
    arch = spec.image_properties.get("hw_architecture") or spec.image_properties.get("architecture")
    kind = spec.image_properties.get("img_hv_type") or spec.image_properties.get("hypervisor_type")
    for can_arch, can_kind, _ in host.node.supported_instances:
        if arch in (None, can_arch) and kind in (None, can_kind):
            return None
    return f"cannot run an image for {' '.join(filter(None, (arch, kind)))}"


Filter = Callable[[HostState, RequestSpec, Config], str | None]
FILTERS: dict[str, Filter] = {
    "ComputeFilter": compute_filter,
    "AvailabilityZoneFilter": availability_zone_filter,
    "RamFilter": ram_filter,
    "DiskFilter": disk_filter,
    "CoreFilter": core_filter,
    "ImagePropertiesFilter": image_properties_filter,
}


def reason(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """Why the host is dropped, with the filter's name; None if it passes."""
    for name, passes in FILTERS.items():
        if why := passes(host, spec, config):
            return f"{name}: {why}"
    return None
