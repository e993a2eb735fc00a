"""neutron-openvswitch-agent: connects the ports of its host to the bridge, and guards them.

Interface: the fanout topics of `notifiers`. One object answers for the agents of all hosts, because each message
concerns one host and the others ignore it.
Invariants: a port is reported up by the agent of the host that it is bound to, if that agent runs.
Upstream: neutron/plugins/ml2/drivers/openvswitch/agent/ovs_neutron_agent.py. Left out: bridges, flows, the firewall.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oslearn.neutron.topics import PLUGIN
from oslearn.oslo.context import RequestContext
from oslearn.oslo.messaging import RPCClient

BINARY = "neutron-openvswitch-agent"


class OVSAgents:
    """The Open vSwitch agents."""

    def __init__(self, client: RPCClient, is_up: Callable[[str, str], bool]) -> None:
        self.client, self.is_up = client, is_up

    def port_update(self, context: RequestContext, port: dict[str, Any], **network: Any) -> None:
        """Connect the port, or disconnect it, and report."""
        host = port["binding:host_id"]
        if self.is_up(BINARY, host):
            method = "update_device_up" if port["admin_state_up"] else "update_device_down"
            self.client.call(context, PLUGIN, method, device=port["id"], host=host)

    def port_delete(self, context: RequestContext, port_id: str) -> None:
        """Disconnect it."""

    def security_groups_member_updated(self, context: RequestContext, security_groups: list[str]) -> None:
        """Rewrite the rules that name these groups as the remote side."""

    security_groups_rule_updated = security_groups_member_updated
