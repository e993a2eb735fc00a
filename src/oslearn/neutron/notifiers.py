"""What neutron-server tells others after a change: its agents over the bus, Nova over HTTP.

Interface: `Notifier(client, nova)`: `dhcp`, `l2`, `l3`, `nova_event`.
Invariants: Nova's silence or refusal breaks nothing here.
Upstream: neutron/api/rpc/agentnotifiers/, neutron/plugins/ml2/rpc.py (`AgentNotifierApi`), neutron/notifiers/nova.py.
Left out: the versioned objects that are pushed to every agent, and the batches of events that wait two seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from oslearn.neutron import topics
from oslearn.oslo import adapter
from oslearn.oslo import context as oslo_context
from oslearn.oslo.context import RequestContext
from oslearn.oslo.messaging import RPCClient, Target

LOG = logging.getLogger(__name__)


class Notifier:
    """One process's messages to the others. Without `nova` Nova hears nothing, as in 2013."""

    def __init__(self, client: RPCClient, nova: adapter.Client | None) -> None:
        self.client, self.nova = client, nova

    def dhcp(self, hosts: Iterable[str], method: str, **payload: Any) -> None:
        """Tell the DHCP agents on these hosts: `port_create_end` and its like."""
        for host in hosts:
            self.client.cast(context(), Target(topics.DHCP_AGENT, host), method, payload=payload)

    def l3(self, hosts: Iterable[str], method: str, **args: Any) -> None:
        """Tell the L3 agents on these hosts: `routers_updated`, `router_deleted`."""
        for host in hosts:
            self.client.cast(context(), Target(topics.L3_AGENT, host), method, **args)

    def l2(self, topic: str, method: str, **args: Any) -> None:
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
