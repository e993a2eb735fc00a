"""Which agent serves which network or router, seen from both sides, and an admin's say in it.

Interface: `SCHEDULED`, and the handlers below, each for a resource of it.
Upstream: neutron/extensions/dhcpagentscheduler.py, l3agentscheduler.py, neutron/db/agentschedulers_db.py.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.agents import AGENT
from oslearn.core.neutron.base import Resource, Values
from oslearn.core.neutron.controller import NULL, Controller
from oslearn.core.neutron.models import Agent
from oslearn.core.neutron.networks import NETWORK
from oslearn.core.neutron.routers import ROUTER
from oslearn.core.oslo.http import Reply, Request

SCHEDULED = {"dhcp": NETWORK, "l3": ROUTER}
KINDS: dict[str, tuple[str, Any, Any, Any]] = {
    "network": ("DHCP agent", e.InvalidDHCPAgent, e.NetworkHostedByDHCPAgent, e.NetworkNotHostedByDhcpAgent),
    "router": ("L3 agent", e.InvalidL3Agent, e.RouterHostedByL3Agent, e.RouterNotHostedByL3Agent),
}
"""The kind of agent, and the refusals of another kind, of what it serves already and of what it does not serve."""


class Schedulers(Controller):
    """The handlers of both schedulers."""

    def agents_of(self, resource: Resource, req: Request, id: str) -> Values:
        """200, 403, 404."""
        self.policy.enforce(req.caller, "agent_scheduler")
        with self.plugin.transaction() as session:
            row = self.plugin.find(session, resource, req.caller, id)
            return {"agents": [self.shown(req, AGENT, agent) for agent in row.agents]}

    def served_by(self, resource: Resource, req: Request, id: str) -> Values:
        """200, 403: empty for an agent that is not there."""
        self.policy.enforce(req.caller, "agent_scheduler")
        with self.plugin.transaction() as session:
            rows = session.scalars(select(resource.model).where(resource.model.agents.any(Agent.id == id))).unique()
            return {resource.plural: [self.shown(req, resource, row) for row in rows]}

    def serve(self, resource: Resource, req: Request, id: str) -> Reply:
        """201, 403, 404, 409."""
        self.policy.enforce(req.caller, "agent_scheduler")
        kind, invalid, served, _ = KINDS[resource.name]
        with self.plugin.transaction() as session:
            agent = self.plugin.find(session, AGENT, req.caller, id)
            if agent.agent_type != kind or not agent.admin_state_up:
                raise invalid(agent_id=id)
            row = self.plugin.find(session, resource, req.caller, req.json_body().get(f"{resource.name}_id"))
            if agent in row.agents:
                raise served(id=row.id, agent_id=id)
            row.agents = [*row.agents, agent]
            self._tell(session, agent, row.id, "network_create_end", "routers_updated")
        return Reply(201, NULL, {"Content-Type": "application/json"})

    def leave(self, resource: Resource, req: Request, id: str, served_id: str) -> None:
        """204, 403, 404, 409."""
        self.policy.enforce(req.caller, "agent_scheduler")
        with self.plugin.transaction() as session:
            agent = self.plugin.find(session, AGENT, req.caller, id)
            row = self.plugin.find(session, resource, req.caller, served_id)
            if agent not in row.agents:
                raise KINDS[resource.name][3](id=row.id, agent_id=id)
            row.agents = [other for other in row.agents if other is not agent]
            self._tell(session, agent, row.id, "network_delete_end", "router_removed_from_agent")

    def _tell(self, session: Session, agent: Agent, id: str, dhcp: str, l3: str) -> None:
        notifier, hosts = self.plugin.notifier, [agent.host]
        if agent.agent_type == "DHCP agent":
            self.plugin.later(session, notifier.dhcp, hosts, dhcp, network_id=id)
        elif l3 == "routers_updated":
            self.plugin.later(session, notifier.l3, hosts, l3, routers=[id])
        else:
            self.plugin.later(session, notifier.l3, hosts, l3, router_id=id)
