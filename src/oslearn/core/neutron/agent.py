"""Two agents: neutron-dhcp-agent on the network host, and neutron-openvswitch-agent on every host.

Interface: topic `dhcp_agent.<host>`, and the fanouts of notifiers.py. What serves networks and routers is in the
extensions.
Invariants: an agent has no database and keeps nothing: what it needs it asks; it reports what it has done.
Upstream: neutron/agent/dhcp/agent.py, neutron/plugins/ml2/drivers/openvswitch/agent.
Left out: dnsmasq, bridges, flows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from oslearn.core.neutron.notifiers import PLUGIN
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.messaging import RPCClient

OVS = "neutron-openvswitch-agent"


class FixedIP(TypedDict):
    """An address of a port, and the subnet that it is of."""

    subnet_id: str
    ip_address: str


PortInfo = TypedDict(
    "PortInfo",
    {"id": str, "network_id": str, "fixed_ips": list[FixedIP], "admin_state_up": bool, "binding:host_id": str},
)
"""What an agent looks at of a port; all that an admin sees of it crosses."""


class PortPayload(TypedDict):
    """What is told of a port that is there."""

    port: PortInfo


class PortGone(TypedDict):
    """What is told of one that is not any more."""

    port_id: str
    network_id: str


class DhcpAgent:
    """Hands each device the address that Neutron chose for it."""

    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def port_create_end(self, context: Context, payload: PortPayload) -> None:
        """Know one more address."""
        if payload["port"]["fixed_ips"]:
            self.client.call(context, PLUGIN, "dhcp_ready_on_ports", port_ids=[payload["port"]["id"]])

    port_update_end = port_create_end

    def port_delete_end(self, context: Context, payload: PortGone) -> None:
        """Give the address to nobody else from now on; dnsmasq would drop its lease."""


class OVSAgents:
    """Connect ports to the bridges of their hosts, and guard them.

    One object answers for the agents of all hosts: what a fanout tells concerns one host, and the others ignore it.
    Upstream each host gets it, from RabbitMQ; here a cloud of 10,000 hosts would pay 10,000 deliveries for each port.
    """

    def __init__(self, client: RPCClient, is_up: Callable[[str, str], bool]) -> None:
        self.client, self.is_up = client, is_up

    def port_update(self, context: Context, port: PortInfo, **network: object) -> None:
        """Connect the port, or disconnect it, and report."""
        host = port["binding:host_id"]
        if self.is_up(OVS, host):
            method = "update_device_up" if port["admin_state_up"] else "update_device_down"
            self.client.call(context, PLUGIN, method, device=port["id"], host=host)

    def port_delete(self, context: Context, port_id: str) -> None:
        """Take the port off the bridge."""

    def security_groups_member_updated(self, context: Context, security_groups: list[str]) -> None:
        """Rewrite the rules that name these groups as the remote side."""

    security_groups_rule_updated = security_groups_member_updated
