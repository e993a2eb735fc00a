"""What the scheduler asks of who is on a host already, of its aggregates, and of flavors, images and operators.

Interface: `FILTERS`, in the order in which they run behind the core's; `GroupHostManager`, which knows who is where,
and asks Placement for traits, `resources:...` and one named host; the RPC endpoint `InstanceEnds`.
Upstream: nova/scheduler/filters/affinity_filter.py, nova/scheduler/weights/affinity.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from oslearn.core.config import Config
from oslearn.core.nova.exception import NoValidHost
from oslearn.core.nova.objects import RequestSpec, ServerGroup
from oslearn.core.nova.scheduler.filters import Filter, HostState
from oslearn.core.nova.scheduler.host_manager import WEIGHERS, HostManager, InstanceInfo
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.db.api import ExtendedDB


def group_of(spec: RequestSpec) -> ServerGroup:
    """The server group that the instance is to be in, if any."""
    return spec.get("group", {})


def anti_affinity_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """It has not yet as many members of the server group as may share a host."""
    group = group_of(spec)
    if group.get("policy") != "anti-affinity":
        return None
    most = int(group["rules"].get("max_server_per_host", 1))
    here = len(host.instances.intersection(group["members"]))
    return None if here < most else "has a member of the server group"


def affinity_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """It is where the members of the server group are, if there are any yet."""
    group = group_of(spec)
    if group.get("policy") != "affinity" or host.host in (group["hosts"] or [host.host]):
        return None
    return "has no member of the server group"


def same_host_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """The hint `same_host`: it has one of those instances."""
    wanted = spec.get("hints", {}).get("same_host")
    return None if not wanted or host.instances.intersection(wanted) else "has none of the instances to be with"


def different_host_filter(host: HostState, spec: RequestSpec, config: Config) -> str | None:
    """The hint `different_host`: it has none of those instances."""
    unwanted = spec.get("hints", {}).get("different_host", [])
    return "has an instance to be away from" if host.instances.intersection(unwanted) else None


FILTERS: dict[str, Filter] = {
    "ServerGroupAntiAffinityFilter": anti_affinity_filter,
    "ServerGroupAffinityFilter": affinity_filter,
    "SameHostFilter": same_host_filter,
    "DifferentHostFilter": different_host_filter,
}


def soft_affinity(host: HostState, spec: RequestSpec) -> float:
    """Members of the server group, for the policies that prefer and do not insist."""
    group = group_of(spec)
    sign = {"soft-affinity": 1, "soft-anti-affinity": -1}.get(group.get("policy", ""), 0)
    return sign * len(host.instances.intersection(group["members"])) if sign else 0


class GroupHostManager(HostManager):
    """Hosts with their zones, and with who is there if there is a server group or a hint.

    Besides: traits and resources that extra specs name, one host that is asked for or forced, and hosts to be ignored.
    """

    weighers = WEIGHERS | {"ServerGroupSoftAffinityWeigher": soft_affinity}

    def __init__(
        self, db: ExtendedDB, is_up: Callable[[str], bool], config: Config, enabled: Mapping[str, Filter],
        info: InstanceInfo,
    ) -> None:  # fmt: skip
        super().__init__(db, is_up, config, enabled)
        self.more, self.info = db.hosts, info

    def query(self, spec: RequestSpec) -> dict[str, str | int]:
        """With traits that are required or forbidden, and of one host alone if it is named. Raises NoValidHost."""
        query, properties = super().query(spec), spec["image_properties"].items()
        given = {**{k: v for k, v in properties if k.startswith("trait:")}, **spec["extra_specs"]}
        traits = sorted(
            ("" if value == "required" else "!") + name.removeprefix("trait:")
            for name, value in given.items()
            if name.startswith("trait:") and value in ("required", "forbidden")
        )
        if traits:
            query["required"] = ",".join(traits)
        if host := spec["destination"]:
            node = self.more.find(host)
            if node is None:
                raise NoValidHost(reason=f"No such host - host: {host} node: {host}")
            query["in_tree"] = node.uuid
        return query

    @staticmethod
    def resources(spec: RequestSpec) -> dict[str, int]:
        """Extra specs `resources:...` have the last word."""
        told = {k.removeprefix("resources:"): v for k, v in spec["extra_specs"].items() if k.startswith("resources:")}
        amounts = HostManager.resources(spec) | {name: int(value) for name, value in told.items() if value.isdecimal()}
        return {name: amount for name, amount in amounts.items() if amount}

    def reason(self, host: HostState, spec: RequestSpec) -> str | None:
        """Why the host is dropped; if an operator forces a host, none is."""
        if spec.get("forced"):
            return None
        ignored = host.host in spec.get("ignore_hosts", ())
        return "it is to be ignored" if ignored else super().reason(host, spec)

    def zones(self) -> Mapping[str, str]:
        """The zone of every host that is in one other than the default."""
        return self.more.zones()

    def states(self, uuids: Sequence[str], spec: RequestSpec) -> list[HostState]:
        """The hosts of those providers, each with its instances if a filter asks."""
        states, group = super().states(uuids, spec), group_of(spec)
        if group or spec.get("hints"):
            for state in states:
                state.instances |= {uuid for uuid, host in self.info.hosts.items() if host == state.host}
        if group:
            group["hosts"] = [host for uuid, host in self.info.hosts.items() if uuid in group["members"]]
        return states

    def consume(self, host: HostState, spec: RequestSpec, uuid: str) -> None:
        """The next instance of this request finds this one there, and in its group."""
        super().consume(host, spec, uuid)
        host.instances.add(uuid)
        if group := group_of(spec):
            group["members"].append(uuid)
            group["hosts"].append(host.host)


class InstanceEnds:
    """What hosts tell every scheduler of an instance that is gone."""

    def __init__(self, info: InstanceInfo) -> None:
        self.info = info

    def delete_instance_info(self, context: RPCContext, host_name: str, instance_uuid: str) -> None:
        """No host has that instance any more."""
        self.info.hosts.pop(instance_uuid, None)
