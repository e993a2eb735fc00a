"""What other services tell nova-compute of its instances.

Interface: `InstanceEvents`, a part of `ComputeManager`: `external_instance_event`, and waiting for one.
Invariants: an event comes on a topic of its own, so it is heard while a build waits for it.
Upstream: nova/compute/manager.py: `InstanceEvents`, `external_instance_event`, `wait_for_instance_event`.
Left out: events of volumes, power, devices and accelerators.
"""

from __future__ import annotations

import logging
from typing import Any

from oslearn.core.config import Config
from oslearn.core.nova.conductor.rpcapi import ConductorAPI
from oslearn.core.nova.exception import InstanceNotFound, VirtualInterfaceCreateException
from oslearn.core.nova.network.model import NetworkInfo
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.oslo.bus import Bus
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCContext

LOG = logging.getLogger(__name__)
PLUGGED = "network-vif-plugged"


class InstanceEvents:
    """Events by instance."""

    conductor: ConductorAPI
    network_api: NetworkAPI
    bus: Bus
    config: Config
    awaited: dict[str, set[str]]

    def external_instance_event(
        self, context: RPCContext, instances: list[dict[str, Any]], events: list[dict[str, Any]]
    ) -> None:
        """Neutron says that something happened to a port."""
        by_uuid = {instance["uuid"]: instance for instance in instances}
        for event in events:
            try:
                self._process(context, by_uuid[event["server_uuid"]], event["name"], event.get("tag"))
            except InstanceNotFound:
                LOG.info("Instance %s is gone, so is its %s", event["server_uuid"], event["name"])

    def _process(self, context: RequestContext, instance: dict[str, Any], name: str, port_id: str | None) -> None:
        if name == "network-changed":
            self.refresh_network_info(context, instance)
        elif name == PLUGGED:
            self.awaited.get(instance["uuid"], set()).discard(str(port_id))
        elif name == "network-vif-deleted":
            self._forget_port(context, instance, port_id)

    def refresh_network_info(
        self, context: RequestContext, instance: dict[str, Any], requested: list[dict[str, Any]] | None = None
    ) -> NetworkInfo:
        """Ask Neutron which ports and addresses the instance has, and keep the answer."""
        uuid = instance["uuid"]
        known = self.conductor.call(context, "info_cache_refresh", instance_uuid=uuid)
        found = self.network_api.get_instance_nw_info(instance | {"network_info": known}, requested or [])
        self.conductor.call(context, "info_cache_save", instance_uuid=uuid, network_info=found)
        return found

    def wait_for_vifs(self, uuid: str, network_info: NetworkInfo) -> None:
        """Let others work until Neutron says that all ports are plugged. Raises VirtualInterfaceCreateException."""
        if not self.config.vif_plugging_timeout:
            return
        waiting = {port["port_id"] for port in network_info if not port["active"]}
        self.awaited[uuid] = waiting
        try:
            if not self.bus.wait_for(lambda: not waiting) and self.config.vif_plugging_is_fatal:
                raise VirtualInterfaceCreateException()
        finally:
            del self.awaited[uuid]

    def _forget_port(self, context: RequestContext, instance: dict[str, Any], port_id: str | None) -> None:
        known = self.conductor.call(context, "info_cache_refresh", instance_uuid=instance["uuid"])
        kept = [port for port in known if port["port_id"] != port_id]
        if kept != known:
            self.conductor.call(context, "info_cache_save", instance_uuid=instance["uuid"], network_info=kept)
