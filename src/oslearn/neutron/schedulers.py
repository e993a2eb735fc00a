"""Which agent serves which network or router, seen from both sides, and an admin's say in it.

Interface: `SCHEDULED`, and the handlers below, each for a resource of it.
Upstream: neutron/extensions/dhcpagentscheduler.py, l3agentscheduler.py, neutron/db/agentschedulers_db.py.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from oslearn.neutron import exceptions as e
from oslearn.neutron.agents import AGENT
from oslearn.neutron.base import Resource
from oslearn.neutron.controller import Controller
from oslearn.neutron.models import Agent
from oslearn.neutron.networks import NETWORK
from oslearn.neutron.routers import ROUTER
from oslearn.oslo.wsgi import Reply, Request

SCHEDULED = {"dhcp": NETWORK, "l3": ROUTER}
ERRORS = {
    "network": ("InvalidDHCPAgent", "NetworkHostedByDHCPAgent", "NetworkNotHostedByDhcpAgent"),
    "router": ("InvalidL3Agent", "RouterHostedByL3Agent", "RouterNotHostedByL3Agent"),
}
"""What is raised for an agent of the wrong kind, for what it serves already, and for what it does not serve."""
KINDS = {"network": "DHCP agent", "router": "L3 agent"}


class Schedulers(Controller):
    """The handlers of both schedulers."""

    def agents_of(self, resource: Resource, req: Request, id: str) -> dict[str, Any]:
        """200, 403, 404."""
        self.policy.enforce(req.caller, "agent_scheduler")
        with self.plugin.transaction() as session:
            row = self.plugin.find(session, resource, req.caller, id)
            return {"agents": [self._shown(req, AGENT, agent) for agent in row.agents]}

    def served_by(self, resource: Resource, req: Request, id: str) -> dict[str, Any]:
        """200, 403: empty for an agent that is not there."""
        self.policy.enforce(req.caller, "agent_scheduler")
        with self.plugin.transaction() as session:
            rows = session.scalars(select(resource.model).where(resource.model.agents.any(Agent.id == id))).unique()
            return {resource.plural: [self._shown(req, resource, row) for row in rows]}

    def serve(self, resource: Resource, req: Request, id: str) -> Reply:
        """201, 403, 404, 409."""
        self.policy.enforce(req.caller, "agent_scheduler")
        key, (invalid, hosted, _) = f"{resource.name}_id", ERRORS[resource.name]
        with self.plugin.transaction() as session:
            agent = self.plugin.find(session, AGENT, req.caller, id)
            if agent.agent_type != KINDS[resource.name] or not agent.admin_state_up:
                raise getattr(e, invalid)(id=id)
            row = self.plugin.find(session, resource, req.caller, req.json_body().get(key))
            if agent in row.agents:
                raise getattr(e, hosted)(agent_id=id, **{key: row.id})
            row.agents = [*row.agents, agent]
            self._tell(session, resource, agent.host, row.id, True)
        return Reply(201)

    def leave(self, resource: Resource, req: Request, id: str, served_id: str) -> None:
        """204, 403, 404, 409."""
        self.policy.enforce(req.caller, "agent_scheduler")
        with self.plugin.transaction() as session:
            agent = self.plugin.find(session, AGENT, req.caller, id)
            row = self.plugin.find(session, resource, req.caller, served_id)
            if agent not in row.agents:
                raise getattr(e, ERRORS[resource.name][2])(agent_id=id, **{f"{resource.name}_id": row.id})
            row.agents = [other for other in row.agents if other is not agent]
            self._tell(session, resource, agent.host, row.id, False)

    def _tell(self, session: Any, resource: Resource, host: str, id: str, served: bool) -> None:
        notifier = self.plugin.notifier
        if resource is NETWORK:
            method = "network_create_end" if served else "network_delete_end"
            self.plugin.later(session, notifier.dhcp, [host], method, network_id=id)
        elif served:
            self.plugin.later(session, notifier.l3, [host], "routers_updated", routers=[id])
        else:
            self.plugin.later(session, notifier.l3, [host], "router_removed_from_agent", router_id=id)
