"""neutron-dhcp-agent: hands each device the address that Neutron chose for it.

Interface: topic `dhcp_agent.<host>`.
Invariants: a network with DHCP has one port for its DHCP server, with an address on each such subnet; a port is
reported ready once the server would answer it.
Upstream: neutron/agent/dhcp/agent.py. Left out: dnsmasq itself, and with it the leases.
"""

from __future__ import annotations

import uuid
from typing import Any

from oslearn.neutron.topics import PLUGIN
from oslearn.oslo.context import RequestContext
from oslearn.oslo.messaging import RPCClient


class DhcpAgent:
    """One host's DHCP agent. It keeps nothing: what it needs it asks for."""

    def __init__(self, host: str, client: RPCClient) -> None:
        self.host, self.client = host, client

    def network_create_end(self, context: RequestContext, payload: dict[str, Any]) -> None:
        """Serve the network's subnets as they are now."""
        network_id = payload["network_id"]
        network = self._call(context, "get_network_info", network_id=network_id)
        if network is None:
            return
        wanted = [{"subnet_id": subnet["id"]} for subnet in network["subnets"] if subnet["enable_dhcp"]]
        mine = next(iter(network["ports"]), None)
        held = [{"subnet_id": ip["subnet_id"]} for ip in mine["fixed_ips"]] if mine else []
        if not wanted:
            self.network_delete_end(context, payload)
        elif mine is None:
            device_id = f"dhcp{uuid.uuid5(uuid.NAMESPACE_DNS, self.host)}-{network_id}"
            port = {"network_id": network_id, "device_id": device_id, "fixed_ips": wanted}
            self._call(context, "create_dhcp_port", port=port)
        elif any(ip not in held for ip in wanted):
            self._call(context, "update_dhcp_port", port_id=mine["id"], port={"fixed_ips": wanted})

    subnet_create_end = subnet_update_end = subnet_delete_end = network_create_end

    def network_delete_end(self, context: RequestContext, payload: dict[str, Any]) -> None:
        """Serve the network no more."""
        self._call(context, "release_dhcp_port", network_id=payload["network_id"])

    def port_create_end(self, context: RequestContext, payload: dict[str, Any]) -> None:
        """Know one more address."""
        if payload["port"]["fixed_ips"]:
            self.client.call(context, PLUGIN, "dhcp_ready_on_ports", port_ids=[payload["port"]["id"]])

    port_update_end = port_create_end

    def port_delete_end(self, context: RequestContext, payload: dict[str, Any]) -> None:
        """Forget its address."""

    def _call(self, context: RequestContext, method: str, **args: Any) -> Any:
        return self.client.call(context, PLUGIN, method, **args, host=self.host)
