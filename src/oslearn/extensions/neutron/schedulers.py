"""Which agent serves which network or router, seen from both sides, and an admin's say in it.

Interface: `Scheduler`, one for networks and their DHCP agents, one for routers and their L3 agents.
Upstream: neutron/extensions/dhcpagentscheduler.py, l3agentscheduler.py, neutron/db/agentschedulers_db.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import AnyResource
from oslearn.core.neutron.collection import Collection
from oslearn.core.neutron.models import Agent
from oslearn.core.neutron.notifiers import Notifier, Outbox
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.agents import AGENT
from oslearn.extensions.neutron.tags import made

REFUSALS = {
    "network": (e.InvalidDHCPAgent, e.NetworkHostedByDHCPAgent, e.NetworkNotHostedByDhcpAgent),
    "router": (e.InvalidL3Agent, e.RouterHostedByL3Agent, e.RouterNotHostedByL3Agent),
}
"""Of an agent of another kind, of what it serves already and of what it does not serve."""
Tell = Callable[[Session, str, str], None]
"""Tells the agent on a host of what it is to serve, or no more, by its id."""


class Scheduler:
    """One kind of agent, and what it serves. `rows` and `agents` show them."""

    def __init__(
        self,
        kind: str,
        resource: AnyResource,
        outbox: Outbox,
        rows: Collection[Any],
        agents: Collection[Agent],
        told: tuple[Tell, Tell],
    ) -> None:
        """`told` are how an agent is told that it serves something, and that it does no more."""
        self.kind, self.resource, self.outbox, self.rows, self.agents = kind, resource, outbox, rows, agents
        self.begin, self.end = told
        self.invalid, self.hosted, self.not_hosted = REFUSALS[resource.name]

    def agents_of(self, req: Request, id: str) -> Values:
        """200, 403, 404: the agents that serve this."""
        with self.outbox.transaction() as session:
            row = self.resource.find(session, req.caller, id)
            return {"agents": [self.agents.shown(req, agent) for agent in row.agents]}

    def served_by(self, req: Request, id: str) -> Values:
        """200, 403: empty for an agent that is not there."""
        model = self.resource.model
        with self.outbox.transaction() as session:
            rows = session.scalars(select(model).where(model.agents.any(Agent.id == id))).unique()
            return {self.resource.plural: [self.rows.shown(req, row) for row in rows]}

    def serve(self, req: Request, id: str) -> Reply:
        """201, 403, 404, 409: have an agent serve this, too."""
        with self.outbox.transaction() as session:
            agent = AGENT.find(session, req.caller, id)
            if agent.agent_type != self.kind or not agent.admin_state_up:
                raise self.invalid(agent_id=id)
            row = self.resource.find(session, req.caller, req.json_body().get(f"{self.resource.name}_id"))
            if agent in row.agents:
                raise self.hosted(id=row.id, agent_id=id)
            row.agents = [*row.agents, agent]
            self.begin(session, agent.host, row.id)
        return made()

    def leave(self, req: Request, id: str, served_id: str) -> None:
        """204, 403, 404, 409: have an agent serve this no more."""
        with self.outbox.transaction() as session:
            agent = AGENT.find(session, req.caller, id)
            row = self.resource.find(session, req.caller, served_id)
            if agent not in row.agents:
                raise self.not_hosted(id=row.id, agent_id=id)
            row.agents = [other for other in row.agents if other is not agent]
            self.end(session, agent.host, row.id)


def networks_told(outbox: Outbox, notifier: Notifier) -> tuple[Tell, Tell]:
    """How a DHCP agent is told."""

    def begin(session: Session, host: str, id: str) -> None:
        outbox.later(session, notifier.dhcp, [host], "network_create_end", network_id=id)

    def end(session: Session, host: str, id: str) -> None:
        outbox.later(session, notifier.dhcp, [host], "network_delete_end", network_id=id)

    return begin, end


def routers_told(outbox: Outbox, notifier: Notifier) -> tuple[Tell, Tell]:
    """How an L3 agent is told."""

    def begin(session: Session, host: str, id: str) -> None:
        outbox.later(session, notifier.l3, [host], "routers_updated", routers=[id])

    def end(session: Session, host: str, id: str) -> None:
        outbox.later(session, notifier.l3, [host], "router_removed_from_agent", router_id=id)

    return begin, end
