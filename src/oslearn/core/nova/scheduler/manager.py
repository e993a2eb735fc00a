"""nova-scheduler: which host?

Interface: the RPC endpoint `SchedulerManager`: `run_instance` of 2013, which answers with a host and casts the build to
it; `select_destinations` of today, which asks Placement, claims there, and only answers.
Invariants: a host's resources are taken before the reply, so two requests never get the same ones; what a failed
request has taken it gives back.
Upstream: nova/scheduler/manager.py; of 2013 (Grizzly) that and filter_scheduler.py.
"""

from __future__ import annotations

import logging
import math
from typing import Any

from oslearn.core.config import Config
from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.exception import NoValidHost
from oslearn.core.nova.fault import as_fault
from oslearn.core.nova.objects import Instance
from oslearn.core.nova.scheduler import weights
from oslearn.core.nova.scheduler.filters import HostState, RequestSpec
from oslearn.core.nova.scheduler.host_manager import HostManager
from oslearn.core.nova.scheduler.report import DISABLED, SchedulerReportClient
from oslearn.core.oslo.messaging import RPCContext

LOG = logging.getLogger(__name__)
REQUEST_VERSION = "1.36"
OWNER = "OWNER_NOVA"
"""The trait by which Nova knows its own providers."""


class SchedulerManager:
    """The RPC endpoint."""

    def __init__(
        self, db: NovaDB, hosts: HostManager, compute: ComputeAPI, placement: SchedulerReportClient, config: Config
    ) -> None:
        self.db, self.hosts, self.compute, self.placement, self.config = db, hosts, compute, placement, config

    def run_instance(
        self, context: RPCContext, instance_uuid: str, request_spec: dict[str, Any], requested_networks: list[Any]
    ) -> None:
        """Choose a host, answer with the updated instance, cast the build. Raises NoValidHost to the caller."""
        instance = self._schedule(instance_uuid, RequestSpec.of(request_spec))
        try:
            context.reply(instance)
            assert instance["host"]
            self.compute.run_instance(context, instance["host"], instance_uuid, requested_networks)
        except Exception as error:
            LOG.warning("Instance %s was scheduled but not handed on: %s", instance_uuid, error)
            self.db.instances.fail(instance_uuid, as_fault(error))

    def select_destinations(
        self,
        context: RPCContext,
        spec_obj: dict[str, Any],
        instance_uuids: list[str],
        return_objects: bool = True,
        return_alternates: bool = True,
    ) -> list[list[dict[str, Any]]]:
        """A claimed Selection for each instance, and alternates behind it. Raises NoValidHost."""
        if self.config.flow == "classic":
            return [[self._select_unclaimed(spec_obj)] for _ in instance_uuids]
        requests = self.placement.get_allocation_candidates(self._query(spec_obj))
        if not requests:
            raise NoValidHost(reason="")
        by_provider: dict[str, Any] = {next(iter(one["allocations"])): one for one in requests}
        spec, states = RequestSpec.of(spec_obj), self.hosts.states(list(by_provider))
        if spec.group or spec.hints:
            self.hosts.add_instances(states, spec)
        claimed: list[tuple[HostState, list[HostState]]] = []
        try:
            for uuid in instance_uuids:
                claimed.append(self._claim_one(spec_obj, spec, states, by_provider, uuid))
        except Exception:
            for uuid in instance_uuids[: len(claimed)]:
                self.placement.delete_allocation_for_instance(uuid)
            raise
        chosen = [host for host, _ in claimed]
        return [
            [selection(host, by_provider), *(selection(h, by_provider) for h in self._alternates(rest, chosen))]
            if return_alternates
            else [selection(host, by_provider)]
            for host, rest in claimed
        ]

    def update_instance_info(self, context: RPCContext, host_name: str, instance_info: dict[str, Any]) -> None:
        """A host tells that it has an instance."""
        self.hosts.update_instance_info(host_name, instance_info["uuid"])

    def delete_instance_info(self, context: RPCContext, host_name: str, instance_uuid: str) -> None:
        """A host tells that it no longer has an instance."""
        self.hosts.delete_instance_info(instance_uuid)

    def _select_unclaimed(self, spec_obj: dict[str, Any]) -> dict[str, Any]:
        """The best host of 2013, where nobody claims for an instance that moves. Raises NoValidHost."""
        dropped: dict[str, str] = {}
        for host in self.hosts.select(RequestSpec.of(spec_obj), dropped):
            node = self.db.hosts.find(host)
            if node and spec_obj["destination"] in (None, host):
                return {"service_host": host, "nodename": host, "availability_zone": node.availability_zone}
        raise NoValidHost(reason="", dropped=dropped)

    def _claim_one(
        self, spec_obj: dict[str, Any], spec: RequestSpec, states: list[HostState], by_provider: Any, uuid: str
    ) -> tuple[HostState, list[HostState]]:
        """The best host whose resources could be taken, and those that come after it. Raises NoValidHost."""
        dropped: dict[str, str] = {}
        hosts = weights.weigh(self.hosts.passing(states, spec, dropped), spec)
        for place, host in enumerate(hosts):
            request = by_provider[host.node.uuid]
            if self.placement.claim_resources(uuid, request, spec_obj["project_id"], spec_obj["user_id"]):
                host.consume(spec, uuid)
                if spec.group:
                    spec.group["members"].append(uuid)
                    spec.group["hosts"].append(host.node.host)
                return host, hosts[place + 1 :]
            dropped[host.node.host] = "Placement: somebody was quicker"
        for name, why in dropped.items():
            LOG.info("%s: %s dropped by %s", uuid, name, why)
        raise NoValidHost(reason="There are not enough hosts available.", dropped=dropped)

    def _alternates(self, rest: list[HostState], chosen: list[HostState]) -> list[HostState]:
        """Where the build may be tried again: hosts that were not chosen themselves."""
        return [host for host in rest if host not in chosen][: self.config.max_attempts - 1]

    def _query(self, spec: dict[str, Any]) -> dict[str, Any]:
        """The question for Placement."""
        required = [OWNER, f"!{DISABLED}"]
        query: dict[str, Any] = {"limit": self.config.max_placement_results, "root_required": ",".join(required)}
        amounts = resources(spec)
        query["resources"] = ",".join(f"{name}:{amounts[name]}" for name in sorted(amounts))
        given = {**{k: v for k, v in spec["image_properties"].items() if k.startswith("trait:")}, **spec["extra_specs"]}
        traits = sorted(
            ("" if value == "required" else "!") + name.removeprefix("trait:")
            for name, value in given.items()
            if name.startswith("trait:") and value in ("required", "forbidden")
        )
        if traits:
            query["required"] = ",".join(traits)
        if host := spec["destination"]:
            node = self.db.hosts.find(host)
            if node is None:
                raise NoValidHost(reason=f"No such host - host: {host} node: {host}")
            query["in_tree"] = node.uuid
        return query

    def _schedule(self, uuid: str, spec: RequestSpec) -> Instance:
        dropped: dict[str, str] = {}
        for host in self.hosts.select(spec, dropped):
            instance = self.db.hosts.claim(uuid, host)
            if instance is not None:
                return instance
        for host, why in dropped.items():
            LOG.info("%s: %s dropped by %s", uuid, host, why)
        raise NoValidHost(reason="", dropped=dropped)


def resources(spec: dict[str, Any]) -> dict[str, int]:
    """What an instance takes of a host, by resource class; extra specs `resources:...` have the last word."""
    disk = (0 if spec["is_bfv"] else spec["root_gb"]) + spec["ephemeral_gb"] + math.ceil(spec["swap"] / 1024)
    amounts = {"VCPU": spec["vcpus"], "MEMORY_MB": spec["memory_mb"], "DISK_GB": disk}
    for key, value in spec["extra_specs"].items():
        if key.startswith("resources:") and value.isdecimal():
            amounts[key.removeprefix("resources:")] = int(value)
    return {name: amount for name, amount in amounts.items() if amount}


def selection(host: HostState, by_provider: dict[str, Any]) -> dict[str, Any]:
    """A chosen host, and what to PUT to claim it. Upstream: nova/objects/selection.py."""
    return {
        "service_host": host.node.host,
        "nodename": host.node.host,
        "compute_node_uuid": host.node.uuid,
        "availability_zone": host.zone,
        "allocation_request": by_provider[host.node.uuid],
        "allocation_request_version": REQUEST_VERSION,
    }
