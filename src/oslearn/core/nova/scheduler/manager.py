"""nova-scheduler: which host?

Interface: the RPC endpoint `SchedulerManager`: `select_destinations` asks Placement, claims there, and only answers.
Invariants: a host's resources are taken before the reply, so two requests never get the same ones; what a failed
request has taken it gives back.
Upstream: nova/scheduler/manager.py.
"""

from __future__ import annotations

import logging

from oslearn.core.config import Config
from oslearn.core.nova.exception import NoValidHost
from oslearn.core.nova.objects import AllocationRequest, RequestSpec, Selection
from oslearn.core.nova.scheduler.filters import HostState
from oslearn.core.nova.scheduler.host_manager import HostManager
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.oslo.messaging import RPCContext

LOG = logging.getLogger(__name__)
REQUEST_VERSION = "1.36"
Candidates = dict[str, AllocationRequest]
"""What could be claimed, by the host's provider."""


class SchedulerManager:
    def __init__(self, hosts: HostManager, placement: SchedulerReportClient, config: Config) -> None:
        self.hosts, self.placement, self.config = hosts, placement, config

    def select_destinations(
        self, context: RPCContext, spec_obj: RequestSpec, instance_uuids: list[str],
        return_objects: bool = True, return_alternates: bool = True,
    ) -> list[list[Selection]]:  # fmt: skip
        """A claimed Selection for each instance, and alternates behind it, if they are wanted. Raises NoValidHost.

        `return_objects` is upstream's: here a Selection is always one.
        """
        requests = self.placement.get_allocation_candidates(self.hosts.query(spec_obj))
        if not requests:
            raise NoValidHost(reason="")
        by_provider: Candidates = {next(iter(one["allocations"])): one for one in requests}
        states = self.hosts.states(list(by_provider), spec_obj)
        claimed: list[tuple[HostState, list[HostState]]] = []
        try:
            for uuid in instance_uuids:
                claimed.append(self._claim_one(spec_obj, states, by_provider, uuid))
        except Exception:
            for uuid in instance_uuids[: len(claimed)]:
                self.placement.delete_allocation_for_instance(uuid)
            raise
        chosen, most = [host for host, _ in claimed], self.config.max_attempts - 1 if return_alternates else 0
        return [
            [selection(one, by_provider) for one in (host, *alternates(rest, chosen)[:most])] for host, rest in claimed
        ]

    def _claim_one(
        self, spec: RequestSpec, states: list[HostState], by_provider: Candidates, uuid: str
    ) -> tuple[HostState, list[HostState]]:
        """The best host whose resources could be taken, and those that come after it. Raises NoValidHost."""
        dropped: dict[str, str] = {}
        hosts = self.hosts.weighed(self.hosts.passing(states, spec, dropped), spec)
        for place, host in enumerate(hosts):
            request = by_provider[host.uuid]
            if self.placement.claim_resources(uuid, request, spec["project_id"], spec["user_id"]):
                self.hosts.consume(host, spec, uuid)
                return host, hosts[place + 1 :]
            dropped[host.host] = "Placement: somebody was quicker"
        for name, why in dropped.items():
            LOG.info("%s: %s dropped by %s", uuid, name, why)
        raise NoValidHost(reason="There are not enough hosts available.", dropped=dropped)


def alternates(rest: list[HostState], chosen: list[HostState]) -> list[HostState]:
    """Where the build may be tried again: hosts that were not chosen themselves."""
    return [host for host in rest if host not in chosen]


def selection(host: HostState, by_provider: Candidates) -> Selection:
    """A chosen host, and what to PUT to claim it. Upstream: nova/objects/selection.py."""
    return {
        "service_host": host.host,
        "nodename": host.host,
        "compute_node_uuid": host.uuid,
        "availability_zone": host.zone,
        "allocation_request": by_provider[host.uuid],
        "allocation_request_version": REQUEST_VERSION,
    }
