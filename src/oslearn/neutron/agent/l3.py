"""neutron-l3-agent: makes routers of namespaces, routes and address translation.

Interface: topic `l3_agent.<host>`.
Invariants: a floating address is reported ACTIVE once its router translates it.
Upstream: neutron/agent/l3/agent.py. Left out: the namespaces and iptables rules (`reachability` tells their effect).
"""

from __future__ import annotations

from oslearn.neutron.topics import L3_PLUGIN
from oslearn.oslo.context import RequestContext
from oslearn.oslo.messaging import RPCClient


class L3Agent:
    """One network host's L3 agent."""

    def __init__(self, host: str, client: RPCClient) -> None:
        self.host, self.client = host, client

    def routers_updated(self, context: RequestContext, routers: list[str]) -> None:
        """Ask what these routers are now, make them so, and report."""
        for router in self.client.call(context, L3_PLUGIN, "sync_routers", router_ids=routers, host=self.host):
            args = {"router_id": router["id"], "fip_statuses": {ip["id"]: "ACTIVE" for ip in router["_floatingips"]}}
            self.client.call(context, L3_PLUGIN, "update_floatingip_statuses", **args)

    def router_deleted(self, context: RequestContext, router_id: str) -> None:
        """Take its namespace away."""

    router_removed_from_agent = router_deleted
