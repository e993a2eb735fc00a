"""Agents: the processes on hosts that do what the API was asked for, and which of them run.

Interface: `Agents.alive`; `register` writes them down.
Invariants: an agent is alive while its process listens on the bus (upstream: while its heartbeat is younger than 75 s).
Upstream: neutron/db/agents_db.py. Left out: load, rescheduling.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.models import Agent
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle

CONTROLLER = "controller"
"""The host of the agents that are there once: the network host."""
KINDS = tomllib.loads((Path(__file__).parent / "agents.toml").read_text("utf-8"))["agent"]


class Agents:
    """Which agents can be given work; `is_up(binary, host)` tells whether one runs."""

    def __init__(self, is_up: Callable[[str, str], bool]) -> None:
        self.is_up = is_up

    def alive(self, session: Session, kind: str, host: str | None = None) -> list[Agent]:
        """The agents of a kind that run and are in service, on one host if named."""
        wanted = select(Agent).where(Agent.agent_type == kind, Agent.admin_state_up)
        wanted = wanted.where(Agent.host == host) if host else wanted.order_by(Agent.host)
        return [agent for agent in session.scalars(wanted) if self.is_up(agent.binary, agent.host)]


def register(handle: Handle, ids: Ids, clock: Clock, compute_hosts: int) -> list[tuple[str, str]]:
    """Write down the agents that are not there yet; returns the program and host of each.

    Upstream each agent does this itself, with the RPC `report_state`.
    """
    places = {CONTROLLER: 11} | {f"compute{n}": 30 + n for n in range(1, compute_hosts + 1)}
    rows: list[Values] = []
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
