"""nova-scheduler in 2013: it chooses a host, answers the caller, and casts the build to that host itself.

Interface: `ClassicHostManager.select` yields hosts, best first; the RPC endpoint `ClassicSchedulerManager`.
Invariants: a host's resources are taken before the reply, so two requests never get the same ones. A host that fits is
found if there is one, and the cost does not grow with the number of hosts as long as the best ones fit: the database
keeps them in the weighers' order, and they are read page by page until one passes.
Upstream: nova/scheduler/manager.py and filter_scheduler.py of 2013 (Grizzly).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.exception import NoValidHost, as_fault
from oslearn.core.nova.objects import Instance, RequestedNetwork, RequestSpec
from oslearn.core.nova.scheduler.host_manager import HostManager
from oslearn.core.oslo.messaging import RPCContext

LOG = logging.getLogger(__name__)
FIRST_PAGE = 16
MAX_PAGE = 1024


class ClassicHostManager(HostManager):
    def select(self, spec: RequestSpec, dropped: dict[str, str]) -> Iterator[str]:
        """Host names that pass, best first; `dropped` is filled with the others' reasons on the way."""
        offset, size = 0, FIRST_PAGE
        while page := self.db.hosts.page(offset, size):
            for state in map(self.state, page):
                why = self.reason(state, spec)
                if why is None:
                    yield state.host
                else:
                    dropped[state.host] = why
            if len(page) < size:
                return
            offset, size = offset + len(page), min(size * 4, MAX_PAGE)


class ClassicSchedulerManager:
    def __init__(self, db: NovaDB, hosts: ClassicHostManager, compute: ComputeAPI) -> None:
        self.db, self.hosts, self.compute = db, hosts, compute

    def run_instance(
        self, context: RPCContext, instance_uuid: str, request_spec: RequestSpec,
        requested_networks: list[RequestedNetwork],
    ) -> None:  # fmt: skip
        """Choose a host, answer with the updated instance, cast the build. Raises NoValidHost to the caller."""
        host, instance = self._schedule(instance_uuid, request_spec)
        try:
            context.reply(instance)
            self.compute.run_instance(context, host, instance_uuid, requested_networks)
        except Exception as error:  # the caller has its answer, so nobody else would end this build
            LOG.warning("Instance %s was scheduled but not handed on: %s", instance_uuid, error)
            self.db.instances.fail(instance_uuid, as_fault(error))

    def _schedule(self, uuid: str, spec: RequestSpec) -> tuple[str, Instance]:
        dropped: dict[str, str] = {}
        for host in self.hosts.select(spec, dropped):
            instance = self.db.hosts.claim(uuid, host)
            if instance is not None:
                return host, instance
        for host, why in dropped.items():
            LOG.info("%s: %s dropped by %s", uuid, host, why)
        raise NoValidHost(reason="", dropped=dropped)
