"""Filters that ask who is on a host already.

Interface: `FILTERS`, in the order in which they run behind the core's.
Upstream: nova/scheduler/filters/affinity_filter.py.
"""

from __future__ import annotations

from oslearn.core.config import Config
from oslearn.core.nova.scheduler.filters import Filter, HostState, RequestSpec


def anti_affinity_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """It has not yet as many members of the server group as may share a host."""
    if spec.group.get("policy") != "anti-affinity":
        return None
    most = int(spec.group["rules"].get("max_server_per_host", 1))
    here = len(host.instances.intersection(spec.group["members"]))
    return None if here < most else "has a member of the server group"


def affinity_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """It is where the members of the server group are, if there are any yet."""
    if spec.group.get("policy") != "affinity" or host.node.host in (spec.group["hosts"] or [host.node.host]):
        return None
    return "has no member of the server group"


def same_host_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """The hint `same_host`: it has one of those instances."""
    wanted = spec.hints.get("same_host")
    return None if wanted is None or host.instances.intersection(wanted) else "has none of the instances to be with"


def different_host_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """The hint `different_host`: it has none of those instances."""
    unwanted = spec.hints.get("different_host", [])
    return "has an instance to be away from" if host.instances.intersection(unwanted) else None


FILTERS: dict[str, Filter] = {
    "ServerGroupAntiAffinityFilter": anti_affinity_filter,
    "ServerGroupAffinityFilter": affinity_filter,
    "SameHostFilter": same_host_filter,
    "DifferentHostFilter": different_host_filter,
}
