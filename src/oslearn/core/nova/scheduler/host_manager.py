"""What the scheduler knows of hosts, and which of them is best.

Interface: `HostManager`: `query`, what Placement is asked; `states` of the hosts that Placement named, `passing`, those
of them that filters let pass, and `weighed`, best first; the RPC endpoint `InstanceInfo`, which hosts tell what they
have.
Invariants: each weigher's values are normalized to 0..1 among the hosts and summed, so no unit dominates; hosts of
equal weight keep their order.
Upstream: nova/scheduler/host_manager.py, nova/scheduler/utils.py (`ResourceRequest`), nova/weights.py,
nova/scheduler/weights/. Left out: the periodic `sync_instance_info`; multipliers; weighers by I/O, PCI, build failures,
metrics, traits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from oslearn.core.config import Config
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.objects import RequestSpec, Values
from oslearn.core.nova.scheduler.filters import Filter, HostState
from oslearn.core.nova.scheduler.report import DISABLED
from oslearn.core.oslo.messaging import RPCContext

OWNER = "OWNER_NOVA"
"""The trait by which Nova knows its own providers."""
Weigher = Callable[[HostState, RequestSpec], float]
WEIGHERS: dict[str, Weigher] = {
    "RAMWeigher": lambda host, spec: host.free_ram_mb,
    "CPUWeigher": lambda host, spec: host.vcpus - host.vcpus_used,
    "DiskWeigher": lambda host, spec: host.local_gb - host.local_gb_used,
}


class HostManager:
    """Which hosts there are, which pass the filters, and which is best: first Placement is asked, then the database."""

    weighers = WEIGHERS

    def __init__(self, db: NovaDB, is_up: Callable[[str], bool], config: Config, enabled: Mapping[str, Filter]) -> None:
        self.db, self.is_up, self.config, self.filters = db, is_up, config, enabled

    def query(self, spec: RequestSpec) -> dict[str, str | int]:
        """What Placement is asked for: hosts with so much room that nobody disabled."""
        amounts = self.resources(spec)
        return {
            "limit": self.config.max_placement_results,
            "root_required": f"{OWNER},!{DISABLED}",
            "resources": ",".join(f"{name}:{amounts[name]}" for name in sorted(amounts)),
        }

    @staticmethod
    def resources(spec: RequestSpec) -> dict[str, int]:
        """What an instance takes of a host, by resource class."""
        disk = (0 if spec["is_bfv"] else spec["root_gb"]) + spec["ephemeral_gb"] + math.ceil(spec["swap"] / 1024)
        amounts = {"VCPU": spec["vcpus"], "MEMORY_MB": spec["memory_mb"], "DISK_GB": disk}
        return {name: amount for name, amount in amounts.items() if amount}

    def states(self, uuids: Sequence[str], spec: RequestSpec) -> list[HostState]:
        """The hosts of those providers, in the providers' order."""
        zones, zone = self.zones(), self.config.availability_zone
        found = {state.uuid: state for state in map(self.state, self.db.hosts.get(uuids))}
        for state in found.values():
            state.zone = zones.get(state.host, zone)
        return [found[uuid] for uuid in uuids if uuid in found]

    def state(self, row: Sequence[Any]) -> HostState:
        """A host of which the database has this row."""
        state = HostState(*row)
        state.is_up = self.is_up(state.host) and not state.forced_down
        return state

    def zones(self) -> Mapping[str, str]:
        """The zone of every host that is in one other than the default: of none, for only aggregates make zones."""
        return {}

    def reason(self, host: HostState, spec: RequestSpec) -> str | None:
        """Why the host is dropped, with the filter's name; None if it passes."""
        found = ((name, passes(host, spec, self.config)) for name, passes in self.filters.items())
        return next((f"{name}: {why}" for name, why in found if why), None)

    def passing(self, states: list[HostState], spec: RequestSpec, dropped: dict[str, str]) -> list[HostState]:
        """Those that pass; `dropped` is filled with the others' reasons."""
        dropped |= {state.host: why for state in states if (why := self.reason(state, spec))}
        return [state for state in states if state.host not in dropped]

    def weighed(self, hosts: list[HostState], spec: RequestSpec) -> list[HostState]:
        """Hosts in order, best first."""
        totals = [0.0] * len(hosts)
        for weigher in self.weighers.values():
            values = [weigher(host, spec) for host in hosts]
            low, high = min(values, default=0), max(values, default=0)
            for n, value in enumerate(values):
                totals[n] += (value - low) / (high - low) if high > low else 0
        return [host for _, host in sorted(zip(totals, hosts, strict=True), key=lambda pair: -pair[0])]

    def consume(self, host: HostState, spec: RequestSpec, uuid: str) -> None:
        """Reckon with an instance that this request has put there."""
        host.free_ram_mb -= spec["memory_mb"]
        host.vcpus_used += spec["vcpus"]
        host.local_gb_used += spec["root_gb"]


class InstanceInfo:
    """What hosts tell every scheduler, so that it need not ask the database who is where.

    Here nobody asks; a filter of the extensions does.
    """

    def __init__(self, db: NovaDB) -> None:
        self.db = db

    @cached_property
    def hosts(self) -> dict[str, str]:
        """Each instance's host: from the database at first, then kept up to date by what the hosts tell."""
        return dict(self.db.instances.hosts())

    def update_instance_info(self, context: RPCContext, host_name: str, instance_info: Values) -> None:
        """A host has an instance, so no other has it."""
        self.hosts[instance_info["uuid"]] = host_name
