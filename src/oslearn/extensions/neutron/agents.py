"""The API of agents: which there are, and which of them run: `/v2.0/agents`.

Upstream: neutron/db/agents_db.py, neutron/db/availability_zone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import Resource, assign
from oslearn.core.neutron.models import Agent
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.attributes import RESOURCES

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
    for zone in wanted or ():
        if zone not in known:
            raise e.AvailabilityZoneNotFound(availability_zone=zone)
