"""nova-scheduler in 2013: a host for an instance that moves.

Interface: the RPC endpoint `ClassicDestinations`.
Upstream: nova/scheduler/manager.py and filter_scheduler.py of 2013 (Grizzly).
"""

from __future__ import annotations

from oslearn.core.nova.exception import NoValidHost
from oslearn.core.nova.objects import RequestSpec
from oslearn.core.nova.scheduler.classic import ClassicHostManager
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.db.api import ExtendedDB


class ClassicDestinations:
    """Chooses as a boot does, and claims nothing."""

    def __init__(self, db: ExtendedDB, hosts: ClassicHostManager) -> None:
        self.db, self.hosts = db, hosts

    def select_destinations(
        self, context: RPCContext, spec_obj: RequestSpec, instance_uuids: list[str], **more: bool
    ) -> list[list[dict[str, object]]]:
        """A host for each instance that moves: nobody claims for it. Raises NoValidHost."""
        return [[self._select_unclaimed(spec_obj)] for _ in instance_uuids]

    def _select_unclaimed(self, spec: RequestSpec) -> dict[str, object]:
        dropped: dict[str, str] = {}
        for host in self.hosts.select(spec, dropped):
            node = self.db.hosts.find(host)
            if node and spec["destination"] in (None, host) and host not in spec.get("ignore_hosts", ()):
                return {"service_host": host, "nodename": host, "availability_zone": node.availability_zone}
        raise NoValidHost(reason="", dropped=dropped)
