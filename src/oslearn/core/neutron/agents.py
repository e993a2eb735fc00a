"""Agents: which there are, which of them run, and which serve what: `/v2.0/agents`.

Invariants: an agent is alive while its process listens on the bus (upstream: while its heartbeat is younger than 75 s);
a network with DHCP has one DHCP agent, a router with ports one L3 agent.
Upstream: neutron/db/agents_db.py, agentschedulers_db.py, l3_agentschedulers_db.py. Left out: load, rescheduling.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.base import Resource, Values, assign
from oslearn.core.neutron.models import Agent, Network
from oslearn.core.neutron.quota import Quotas
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.db import Handle

CONTROLLER = "controller"
"""The network host."""
KINDS = tomllib.loads((Path(__file__).parent / "agents.toml").read_text("utf-8"))["agent"]


AGENT = Resource("agent", Agent, "AgentNotFound", verbs=("list", "show", "update", "delete"), admins=True)


class Agents(Quotas):
    """Agents."""

    def extend_agent(self, agent: Agent) -> Values:
        """What only the bus knows, and times, which the agents' API writes in its own way."""
        alive = self.is_up(agent.binary, agent.host)
        at, now = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (agent.started_at, self.clock.now()))
        times = {"created_at": at, "started_at": at, "heartbeat_timestamp": now if alive else at}
        return {"alive": alive, "resources_synced": None} | times

    def update_agent(self, session: Session, context: Context, agent: Agent, values: Values) -> None:
        """Take an agent out of service, or describe it."""
        assign(agent, values)

    def delete_agent(self, session: Session, context: Context, agent: Agent) -> None:
        """Forget an agent."""
        session.delete(agent)

    def alive_agents(self, session: Session, kind: str, host: str | None = None) -> list[Agent]:
        """The agents of a kind that run and are in service, on one host if named."""
        wanted = select(Agent).where(Agent.agent_type == kind, Agent.admin_state_up)
        wanted = wanted.where(Agent.host == host) if host else wanted.order_by(Agent.host)
        return [agent for agent in session.scalars(wanted) if self.is_up(agent.binary, agent.host)]

    def check_zones(self, session: Session, kind: str, wanted: Sequence[str] | None) -> None:
        """Raises AvailabilityZoneNotFound if no agent of the kind is in one of the zones."""
        known = set(session.scalars(select(Agent.availability_zone).where(Agent.agent_type == kind))) if wanted else ()
        for zone in wanted or ():
            if zone not in known:
                raise e.AvailabilityZoneNotFound(availability_zone=zone)

    def schedule_network(self, session: Session, network: Network) -> bool:
        """Give the network a DHCP agent, if it has none; returns whether it got one."""
        if network.agents:
            return False
        network.agents = self.alive_agents(session, "DHCP agent")[:1]
        return bool(network.agents)


def register(handle: Handle, ids: Ids, clock: Clock, compute_hosts: int) -> list[tuple[str, str]]:
    """Write down the agents that are not there yet; returns the program and host of each.

    Upstream each agent does this itself, with the RPC `report_state`.
    """
    places = {CONTROLLER: 11} | {f"compute{n}": 30 + n for n in range(1, compute_hosts + 1)}
    rows: list[dict[str, Any]] = []
    for kind in KINDS:
        names = ("agent_type", "binary", "topic", "availability_zone")
        shared = {name: kind.get(name) for name in names} | {"started_at": clock.now(), "admin_state_up": True}
        for host, number in places.items() if kind["hosts"] == "all" else [(CONTROLLER, None)]:
            tunnel = {"tunneling_ip": str(ip_address("10.0.0.0") + number)} if number else {}
            rows.append(shared | {"host": host, "id": ids.uuid(), "configurations": kind["configurations"] | tunnel})
    with handle.session() as session:
        known = {(row.binary, row.host) for row in session.execute(select(Agent.binary, Agent.host))}
        new = [row for row in rows if (row["binary"], row["host"]) not in known]
        session.execute(insert(Agent), new) if new else None
    return [(row["binary"], row["host"]) for row in rows]
