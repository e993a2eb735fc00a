"""The network host's neutron-dhcp-agent and neutron-l3-agent; and what the Open vSwitch agents do when they start.

Interface: topics `dhcp_agent.<host>`, `l3_agent.<host>`; `settle_ports`, `DhcpServers.init_host`, `settle_routers`.
Invariants: an agent has no database and keeps nothing: what it needs it asks; it reports what it has done. A network
with DHCP has one port for its DHCP server, with an address on each such subnet.
Upstream: neutron/agent/dhcp/agent.py, neutron/agent/l3/agent.py.
Left out: namespaces, iptables (`reachability` tells their effect).
"""

from __future__ import annotations

import uuid
from typing import Any, NotRequired, TypedDict

from oslearn.core.neutron.agent import OVSAgents, PortInfo
from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.notifiers import L3_PLUGIN, PLUGIN
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.messaging import RPCClient


class NetworkInfo(TypedDict):
    """A network as it is to be served; `waiting` are the ports that are not ACTIVE before that."""

    id: str
    subnets: list[Values]
    ports: list[PortInfo]
    waiting: NotRequired[list[str]]


Payload = dict[str, str]
"""`network_id`, and `subnet_id` if a subnet of it comes, changes or goes: the agent asks for the rest."""


def settle_ports(client: RPCClient, agents: OVSAgents, context: Context) -> None:
    """After a start of the Open vSwitch agents: connect and disconnect what is not yet as it is written down."""
    for port in client.call(context, PLUGIN, "get_devices_details_list"):
        agents.port_update(context, port)


class DhcpServers:
    """What one host does so that networks have a DHCP server. No endpoint: no message can ask for a start."""

    def __init__(self, host: str, client: RPCClient) -> None:
        self.host, self.client = host, client

    def init_host(self, context: Context) -> None:
        """After a start: serve every network as it is now, and report what waits for that (`sync_state` upstream)."""
        for network in (networks := self.call(context, "get_active_networks_info")):
            self.serve(context, network)
        if waiting := [port_id for network in networks for port_id in network["waiting"]]:
            self.client.call(context, PLUGIN, "dhcp_ready_on_ports", port_ids=waiting)

    def serve(self, context: Context, network: NetworkInfo) -> None:
        """Have a port with an address on each subnet that wants DHCP, or none."""
        wanted = [{"subnet_id": subnet["id"]} for subnet in network["subnets"] if subnet["enable_dhcp"]]
        network_id, mine = network["id"], next(iter(network["ports"]), None)
        if not wanted:
            self.call(context, "release_dhcp_port", network_id=network_id)
        elif mine is None:
            device_id = f"dhcp{uuid.uuid5(uuid.NAMESPACE_DNS, self.host)}-{network_id}"
            made = {"network_id": network_id, "device_id": device_id, "fixed_ips": wanted}
            self.call(context, "create_dhcp_port", port=made)
        elif {ip["subnet_id"] for ip in wanted} != {ip["subnet_id"] for ip in mine["fixed_ips"]}:
            self.call(context, "update_dhcp_port", port_id=mine["id"], port={"fixed_ips": wanted})

    def call(self, context: Context, method: str, **args: object) -> Any:
        """Ask neutron-server, as this host."""
        return self.client.call(context, PLUGIN, method, **args, host=self.host)


class DhcpNetworks:
    """What neutron-dhcp-agent does when networks and subnets come, change and go."""

    def __init__(self, servers: DhcpServers) -> None:
        self.servers = servers

    def network_create_end(self, context: Context, payload: Payload) -> None:
        """Serve the network's subnets as they are now."""
        if network := self.servers.call(context, "get_network_info", network_id=payload["network_id"]):
            self.servers.serve(context, network)

    subnet_create_end = subnet_update_end = subnet_delete_end = network_create_end

    def network_delete_end(self, context: Context, payload: Payload) -> None:
        """Serve the network no more."""
        self.servers.call(context, "release_dhcp_port", network_id=payload["network_id"])


def settle_routers(agent: L3Agent, context: Context) -> None:
    """After a start: every router of this host is to be as it is written down."""
    agent.routers_updated(context, agent.client.call(context, L3_PLUGIN, "get_router_ids", host=agent.host))


class L3Agent:
    """Makes routers of namespaces, routes and address translation."""

    def __init__(self, host: str, client: RPCClient) -> None:
        self.host, self.client = host, client

    def routers_updated(self, context: Context, routers: list[str]) -> None:
        """Ask what these routers are now, make them so, and report."""
        for router in self.client.call(context, L3_PLUGIN, "sync_routers", router_ids=routers, host=self.host):
            args = {"router_id": router["id"], "fip_statuses": {ip["id"]: "ACTIVE" for ip in router["_floatingips"]}}
            self.client.call(context, L3_PLUGIN, "update_floatingip_statuses", **args)

    def router_deleted(self, context: Context, router_id: str) -> None:
        """Take its namespace away."""

    router_removed_from_agent = router_deleted
