"""What other services tell nova-compute of its instances.

Interface: `InstanceEvents`, waiting for one; `InfoCache`, what is known of an instance's ports; the RPC endpoint
`ExternalEvents`.
Invariants: an event comes on a topic of its own, so it is heard while a build waits for it; who waits began to listen
before the port was bound, so a quick answer is not missed.
Upstream: nova/compute/manager.py: `InstanceEvents`, `external_instance_event`, `wait_for_instance_event`.
Left out: events of volumes, power, devices and accelerators.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from oslearn.core.config import Config
from oslearn.core.nova.conductor.rpcapi import ConductorAPI
from oslearn.core.nova.exception import InstanceNotFound, VirtualInterfaceCreateException
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.objects import ExternalEvent, Instance, NetworkInfo, RequestedNetwork
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import Bus, RPCContext

LOG = logging.getLogger(__name__)
PLUGGED = "network-vif-plugged"


class InstanceEvents:
    """Ports that were plugged, by instance, for as long as somebody listens."""

    def __init__(self, bus: Bus, config: Config) -> None:
        self.bus, self.config = bus, config
        self.plugged: dict[str, set[str]] = {}

    @contextmanager
    def prepare(self, uuid: str) -> Iterator[None]:
        """Listen. Neutron may say that a port is plugged as soon as it is bound, so this comes before."""
        self.plugged[uuid] = set()
        try:
            yield
        finally:
            del self.plugged[uuid]

    def wait_for_vifs(self, uuid: str, network_info: NetworkInfo) -> None:
        """Let others work until Neutron says that all ports are plugged. Raises VirtualInterfaceCreateException."""
        if not self.config.vif_plugging_timeout:
            return
        waiting = {port["port_id"] for port in network_info if not port["active"]}
        if not self.bus.wait_for(lambda: waiting <= self.plugged[uuid]) and self.config.vif_plugging_is_fatal:
            raise VirtualInterfaceCreateException()


class InfoCache:
    """What Nova knows of the ports of this host's instances; the conductor keeps it."""

    def __init__(self, conductor: ConductorAPI, network_api: NetworkAPI) -> None:
        self.conductor, self.network_api = conductor, network_api

    def refresh(
        self, context: RequestContext, instance: Instance, requested: Iterable[RequestedNetwork] = ()
    ) -> NetworkInfo:
        """Ask Neutron which ports and addresses the instance has, and keep the answer."""
        uuid = instance["uuid"]
        known = self.conductor.info_cache_refresh(context, uuid)
        found = self.network_api.get_instance_nw_info({**instance, "network_info": known}, requested)
        self.conductor.info_cache_save(context, uuid, found)
        return found

    def forget_port(self, context: RequestContext, uuid: str, port_id: str | None) -> None:
        """Neutron has a port no more."""
        known = self.conductor.info_cache_refresh(context, uuid)
        kept = [port for port in known if port["port_id"] != port_id]
        if kept != known:
            self.conductor.info_cache_save(context, uuid, kept)


class ExternalEvents:
    def __init__(self, events: InstanceEvents, info_cache: InfoCache) -> None:
        self.events, self.info_cache = events, info_cache

    def external_instance_event(
        self, context: RPCContext, instances: list[Instance], events: list[ExternalEvent]
    ) -> None:
        """Neutron says that something happened to a port."""
        by_uuid = {instance["uuid"]: instance for instance in instances}
        for event in events:
            try:
                self._process(context, by_uuid[event["server_uuid"]], event["name"], event.get("tag"))
            except InstanceNotFound:
                LOG.info("Instance %s is gone, so is its %s", event["server_uuid"], event["name"])

    def _process(self, context: RequestContext, instance: Instance, name: str, port_id: str | None) -> None:
        if name == "network-changed":
            self.info_cache.refresh(context, instance)
        elif name == PLUGGED:
            self.events.plugged.get(instance["uuid"], set()).add(str(port_id))
        elif name == "network-vif-deleted":
            self.info_cache.forget_port(context, instance["uuid"], port_id)
