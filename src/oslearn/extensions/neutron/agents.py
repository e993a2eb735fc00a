"""The API of agents: which there are, and which of them run: `/v2.0/agents`. Which agent serves which network or
router, seen from both sides, and an admin's say in it.

Interface: `AgentsAdmin`; `check_zones`; `Scheduler`, one for networks and DHCP agents, one for routers and L3 agents.
Upstream: neutron/db/agents_db.py, neutron/db/availability_zone, neutron/extensions/dhcpagentscheduler.py,
l3agentscheduler.py, neutron/db/agentschedulers_db.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import Resource, assign
from oslearn.core.neutron.collection import Collection
from oslearn.core.neutron.models import Agent
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.attributes import RESOURCES
from oslearn.extensions.neutron.collection import made

AGENT: Resource[Agent] = Resource("agent", Agent, e.AgentNotFound, admins=True, declared=RESOURCES)


class AgentsAdmin:
    """An admin's say in agents. `is_up(binary, host)` tells whether one runs."""

    def __init__(self, clock: Clock, is_up: Callable[[str, str], bool]) -> None:
        self.clock, self.is_up = clock, is_up

    def extend(self, agent: Agent) -> Values:
        """What only the bus knows, and times, which the agents' API writes in its own way."""
        alive = self.is_up(agent.binary, agent.host)
        at, now = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (agent.started_at, self.clock.now()))
        times = {"created_at": at, "started_at": at, "heartbeat_timestamp": now if alive else at}
        return {"alive": alive, "resources_synced": None} | times

    def update(self, session: Session, context: Context, agent: Agent, values: Values) -> None:
        """Take an agent out of service, or describe it."""
        assign(agent, values)

    def delete(self, session: Session, context: Context, agent: Agent) -> None:
        """Forget an agent; it comes back with the next start, if it runs."""
        session.delete(agent)


def check_zones(session: Session, kind: str, wanted: Sequence[str] | None) -> None:
    """Raises AvailabilityZoneNotFound if no agent of the kind is in one of the zones."""
    known = set(session.scalars(select(Agent.availability_zone).where(Agent.agent_type == kind))) if wanted else ()
    if unknown := [zone for zone in wanted or () if zone not in known]:
        raise e.AvailabilityZoneNotFound(availability_zone=unknown[0])


REFUSALS = {
    "network": (e.InvalidDHCPAgent, e.NetworkHostedByDHCPAgent, e.NetworkNotHostedByDhcpAgent),
    "router": (e.InvalidL3Agent, e.RouterHostedByL3Agent, e.RouterNotHostedByL3Agent),
}
"""Of an agent of another kind, of what it serves already and of what it does not serve."""
TOLD = {
    "network": (("network_create_end", "network_id"), ("network_delete_end", "network_id")),
    "router": (("routers_updated", "routers"), ("router_removed_from_agent", "router_id")),
}
"""How an agent is told that it serves something, and that it does no more: the message, and what it names."""


class Scheduler:
    """One kind of agent, and what it serves. `rows` and `agents` show them, and `send` tells agents."""

    def __init__(self, kind: str, rows: Collection[Any], agents: Collection[Agent], send: Callable[..., None]) -> None:
        self.kind, self.rows, self.agents, self.send = kind, rows, agents, send
        self.resource, self.outbox = rows.resource, rows.outbox
        self.invalid, self.hosted, self.not_hosted = REFUSALS[rows.resource.name]

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
            self._tell(session, agent, row, 0)
        return made()

    def leave(self, req: Request, id: str, served_id: str) -> None:
        """204, 403, 404, 409: have an agent serve this no more."""
        with self.outbox.transaction() as session:
            agent = AGENT.find(session, req.caller, id)
            row = self.resource.find(session, req.caller, served_id)
            if agent not in row.agents:
                raise self.not_hosted(id=row.id, agent_id=id)
            row.agents = [other for other in row.agents if other is not agent]
            self._tell(session, agent, row, 1)

    def _tell(self, session: Session, agent: Agent, row: Any, which: int) -> None:
        method, named = TOLD[self.resource.name][which]
        args = {named: [row.id] if named == "routers" else row.id}
        self.outbox.later(session, self.send, [agent.host], method, **args)
