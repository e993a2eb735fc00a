"""nova-scheduler: answers `run_instance` with a host, then casts the build to it.

Interface: the RPC endpoint `SchedulerManager`.
Invariants: the reply comes before the cast; a host's resources are taken before the reply, so two requests never
get the same ones; if the cast fails they are given back.
Upstream: nova/scheduler/manager.py and filter_scheduler.py of 2013 (Grizzly). Left out: retries, hints.
"""

from __future__ import annotations

import logging
from typing import Any

from oslearn.nova.compute.rpcapi import ComputeAPI
from oslearn.nova.db.api import NovaDB
from oslearn.nova.exception import NoValidHost
from oslearn.nova.fault import as_fault
from oslearn.nova.scheduler.filters import RequestSpec
from oslearn.nova.scheduler.host_manager import HostManager
from oslearn.oslo.messaging import RPCContext

LOG = logging.getLogger(__name__)


class SchedulerManager:
    """The RPC endpoint."""

    def __init__(self, db: NovaDB, hosts: HostManager, compute: ComputeAPI) -> None:
        self.db, self.hosts, self.compute = db, hosts, compute

    def run_instance(
        self, context: RPCContext, instance_uuid: str, request_spec: dict[str, Any], requested_networks: list[Any]
    ) -> None:
        """Choose a host, answer with the updated instance, cast the build. Raises NoValidHost to the caller."""
        instance = self._schedule(instance_uuid, RequestSpec(**request_spec))
        try:
            context.reply(instance)
            self.compute.run_instance(context, instance["host"], instance_uuid, requested_networks)
        except Exception as error:
            LOG.warning("Instance %s was scheduled but not handed on: %s", instance_uuid, error)
            self.db.instance_error(instance_uuid, as_fault(error))

    def _schedule(self, uuid: str, spec: RequestSpec) -> dict[str, Any]:
        dropped: dict[str, str] = {}
        for host in self.hosts.select(spec, dropped):
            instance = self.db.compute_node_claim(uuid, host)
            if instance is not None:
                return instance
        for host, why in dropped.items():
            LOG.info("%s: %s dropped by %s", uuid, host, why)
        raise NoValidHost(reason="", dropped=dropped)
