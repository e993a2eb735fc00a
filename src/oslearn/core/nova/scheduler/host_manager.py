"""What the scheduler knows of hosts.

Interface: `HostManager.states(uuids)`, the hosts that Placement named, and `passing`, those of them that filters let
pass; the RPC endpoint `InstanceInfo`, which hosts tell what they have.
Upstream: nova/scheduler/host_manager.py. Left out: the periodic `sync_instance_info`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from oslearn.core.config import Config
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.objects import Values
from oslearn.core.nova.scheduler import filters
from oslearn.core.nova.scheduler.filters import Filter, HostState
from oslearn.core.oslo.messaging import RPCContext


class HostManager:
    def __init__(self, db: NovaDB, is_up: Callable[[str], bool], config: Config, enabled: Mapping[str, Filter]) -> None:
        self.db, self.is_up, self.config, self.filters = db, is_up, config, enabled
        self._instances: dict[str, set[str]] | None = None

    def states(self, uuids: Sequence[str]) -> list[HostState]:
        """The hosts of those providers, in the providers' order."""
        zones, zone = self.db.hosts.zones(), self.config.availability_zone
        found = {known[0].uuid: known for known in self.db.hosts.get(uuids)}
        return [
            HostState(node, self.is_up(node.host) and not down, disabled, zones.get(node.host, zone))
            for node, disabled, down in (found[uuid] for uuid in uuids if uuid in found)
        ]

    def add_instances(self, states: list[HostState], spec: filters.RequestSpec) -> None:
        """Who is on each host, which filters ask about if there is a server group or a hint."""
        for state in states:
            state.instances |= self.instances.get(state.node.host, set())
        if spec.group:
            members = set(spec.group["members"])
            spec.group["hosts"] = [host for host, uuids in self.instances.items() if uuids & members]

    @property
    def instances(self) -> dict[str, set[str]]:
        """Instances by host: from the database at first, then kept up to date by what the hosts tell."""
        if self._instances is None:
            self._instances = {}
            for uuid, host in self.db.instances.hosts():
                self._instances.setdefault(host, set()).add(uuid)
        return self._instances

    def update_instance_info(self, host: str, uuid: str) -> None:
        """A host has an instance, so no other has it."""
        self.delete_instance_info(uuid)
        self.instances.setdefault(host, set()).add(uuid)

    def delete_instance_info(self, uuid: str) -> None:
        """No host has that instance any more."""
        for uuids in self.instances.values():
            uuids.discard(uuid)

    def passing(self, states: list[HostState], spec: filters.RequestSpec, dropped: dict[str, str]) -> list[HostState]:
        """Those that pass, or all if an operator forces a host; `dropped` is filled with the others' reasons."""
        kept = []
        for state in states:
            why = None if spec.forced else filters.reason(state, spec, self.config, self.filters)
            if why is None:
                kept.append(state)
            else:
                dropped[state.node.host] = why
        return kept


class InstanceInfo:
    """What hosts tell every scheduler, so that it need not ask the database who is where."""

    def __init__(self, hosts: HostManager) -> None:
        self.hosts = hosts

    def update_instance_info(self, context: RPCContext, host_name: str, instance_info: Values) -> None:
        self.hosts.update_instance_info(host_name, instance_info["uuid"])

    def delete_instance_info(self, context: RPCContext, host_name: str, instance_uuid: str) -> None:
        self.hosts.delete_instance_info(instance_uuid)
