"""What neutron-server tells others after a change: its agents over the bus, Nova over HTTP.

Interface: `Notifier(client, nova)`: `dhcp`, `l2`, `l3`, `nova_event`; the topics.
Invariants: Nova's silence or refusal breaks nothing here.
Upstream: neutron/api/rpc/agentnotifiers/, neutron/plugins/ml2/rpc.py (`AgentNotifierApi`), neutron/notifiers/nova.py,
neutron_lib/agent/topics.py. Left out: the objects that are pushed to every agent, the batches of events.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from oslearn.core.oslo import adapter
from oslearn.core.oslo import context as oslo_context
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCClient, Target

LOG = logging.getLogger(__name__)
PLUGIN, L3_PLUGIN = Target("q-plugin"), Target("q-l3-plugin")
"""neutron-rpc-server: what DHCP and Open vSwitch agents ask, and what L3 agents ask."""
DHCP_AGENT, L3_AGENT = "dhcp_agent", "l3_agent"
"""One host's agent."""
PORT_UPDATE, PORT_DELETE = "q-agent-notifier-port-update", "q-agent-notifier-port-delete"
SECURITY_GROUP_UPDATE = "q-agent-notifier-security_group-update"
"""Every Open vSwitch agent."""


class Notifier:
    """One process's messages to the others. Without `nova` Nova hears nothing, as in 2013."""

    def __init__(self, client: RPCClient, nova: adapter.Client | None) -> None:
        self.client, self.nova = client, nova

    def dhcp(self, hosts: Iterable[str], method: str, **payload: object) -> None:
        """Tell the DHCP agents on these hosts: `port_create_end` and its like."""
        for host in hosts:
            self.client.cast(context(), Target(DHCP_AGENT, host), method, payload=payload)

    def l3(self, hosts: Iterable[str], method: str, **args: object) -> None:
        """Tell the L3 agents on these hosts: `routers_updated`, `router_deleted`."""
        for host in hosts:
            self.client.cast(context(), Target(L3_AGENT, host), method, **args)

    def l2(self, topic: str, method: str, **args: object) -> None:
        """Tell every Open vSwitch agent."""
        self.client.fanout(context(), topic, method, **args)

    def nova_event(self, name: str, server: str, port: str, **more: str) -> None:
        """`network-changed`, `network-vif-plugged`, ... of a server's port."""
        if self.nova is None:
            return
        event = {"server_uuid": server, "name": name, "tag": port} | more
        try:
            self.nova.request("POST", "/v2.1/os-server-external-events", body={"events": [event]})
        except adapter.TransportError as error:
            LOG.warning("Failed to notify nova on event %s: %s", event, error)


def context() -> RequestContext:
    """On whose behalf this process acts now."""
    serving = oslo_context.current.get()
    assert serving is not None, "a message is caused by a request or a message"
    return serving
