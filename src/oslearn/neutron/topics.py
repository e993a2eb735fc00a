"""Where messages between neutron-server and its agents go.

Upstream: neutron_lib/agent/topics.py.
"""

from __future__ import annotations

from oslearn.oslo.messaging import Target

PLUGIN, L3_PLUGIN = Target("q-plugin"), Target("q-l3-plugin")
"""neutron-rpc-server: what DHCP and Open vSwitch agents ask, and what L3 agents ask."""
DHCP_AGENT, L3_AGENT = "dhcp_agent", "l3_agent"
"""One host's agent."""
PORT_UPDATE = "q-agent-notifier-port-update"
PORT_DELETE = "q-agent-notifier-port-delete"
SECURITY_GROUP_UPDATE = "q-agent-notifier-security_group-update"
"""Every Open vSwitch agent."""
