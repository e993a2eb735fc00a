"""Weighers: which of the hosts that pass is best?

Interface: `weigh(hosts, spec)` puts them in order, best first.
Invariants: each weigher's values are normalized to 0..1 among the hosts, multiplied and summed, so no unit dominates;
hosts of equal weight keep their order.
Upstream: nova/weights.py, nova/scheduler/weights/. Left out: I/O, PCI, build failures, metrics, traits.
"""

from __future__ import annotations

from collections.abc import Callable

from oslearn.core.nova.scheduler.filters import HostState, RequestSpec


def ram(host: HostState, spec: RequestSpec) -> float:
    return host.node.free_ram_mb


def cpu(host: HostState, spec: RequestSpec) -> float:
    return host.node.vcpus - host.node.vcpus_used


def disk(host: HostState, spec: RequestSpec) -> float:
    return host.node.local_gb - host.node.local_gb_used


def group(host: HostState, spec: RequestSpec) -> float:
    """Members of the server group, for the policies that prefer and do not insist."""
    sign = {"soft-affinity": 1, "soft-anti-affinity": -1}.get(spec.group.get("policy", ""), 0)
    return sign * len(host.instances.intersection(spec.group["members"])) if sign else 0


WEIGHERS: dict[str, tuple[Callable[[HostState, RequestSpec], float], float]] = {
    "RAMWeigher": (ram, 1.0),
    "CPUWeigher": (cpu, 1.0),
    "DiskWeigher": (disk, 1.0),
    "ServerGroupSoftAffinityWeigher": (group, 1.0),
}
"""Each with its multiplier."""


def weigh(hosts: list[HostState], spec: RequestSpec) -> list[HostState]:
    """Hosts in order, best first."""
    totals = [0.0] * len(hosts)
    for weigher, multiplier in WEIGHERS.values():
        values = [weigher(host, spec) for host in hosts]
        low, high = min(values, default=0), max(values, default=0)
        for n, value in enumerate(values):
            totals[n] += multiplier * (value - low) / (high - low) if high > low else 0
    return [host for _, host in sorted(zip(totals, hosts, strict=True), key=lambda pair: -pair[0])]
