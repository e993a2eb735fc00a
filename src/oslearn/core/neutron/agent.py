"""Agents: the processes on hosts that do what the API was asked for, and which of them run. Of the processes two:
neutron-dhcp-agent on the network host, and neutron-openvswitch-agent on every host.

Interface: `Agents.alive`; `register` writes them down. `DhcpAgent`, topic `dhcp_agent.<host>`; `OVSAgents`, the fanouts
of notifiers.py. What serves networks and routers is in the extensions.
Invariants: an agent is alive while its process listens on the bus (upstream: while its heartbeat is younger than 75 s);
it has no database and keeps nothing: what it needs it asks; it reports what it has done.
Upstream: neutron/db/agents_db.py, neutron/agent/dhcp/agent.py, neutron/plugins/ml2/drivers/openvswitch/agent.
Left out: load, rescheduling, dnsmasq, bridges, flows.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import TypedDict

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from oslearn.core.config import Config
from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.models import Agent
from oslearn.core.neutron.notifiers import PLUGIN
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.messaging import RPCClient

OVS = "neutron-openvswitch-agent"
IN_SERVICE = select(Agent).where(Agent.agent_type == bindparam("kind"), Agent.admin_state_up).order_by(Agent.host)
ON_HOST = IN_SERVICE.where(Agent.host == bindparam("host"))
KINDS = tomllib.loads((Path(__file__).parent / "agents.toml").read_text("utf-8"))["agent"]


class Agents:
    """Which agents can be given work; `is_up(binary, host)` tells whether one runs."""

    def __init__(self, is_up: Callable[[str, str], bool]) -> None:
        self.is_up = is_up

    def alive(self, session: Session, kind: str, host: str | None = None) -> list[Agent]:
        """The agents of a kind that run and are in service, on one host if named."""
        agents = session.scalars(ON_HOST if host else IN_SERVICE, {"kind": kind, "host": host})
        return [agent for agent in agents if self.is_up(agent.binary, agent.host)]


def register(handle: Handle, ids: Ids, clock: Clock, config: Config) -> list[tuple[str, str]]:
    """Write down the agents that are not there yet; returns the program and host of each.

    Upstream each agent does this itself, with the RPC `report_state`.
    """
    places = {config.network_host: 11} | {f"compute{n}": 30 + n for n in range(1, config.hosts + 1)}
    rows: list[Values] = []
    for kind in KINDS:
        names = ("agent_type", "binary", "topic", "availability_zone")
        shared = {name: kind.get(name) for name in names} | {"started_at": clock.now(), "admin_state_up": True}
        for host, number in places.items() if kind["hosts"] == "all" else [(config.network_host, None)]:
            tunnel = {"tunneling_ip": str(ip_address("10.0.0.0") + number)} if number else {}
            rows.append(shared | {"host": host, "id": ids.uuid(), "configurations": kind["configurations"] | tunnel})
    with handle.session() as session:
        known = {(row.binary, row.host) for row in session.execute(select(Agent.binary, Agent.host))}
        new = [row for row in rows if (row["binary"], row["host"]) not in known]
        session.execute(insert(Agent), new) if new else None
    return [(row["binary"], row["host"]) for row in rows]


PortInfo = TypedDict(
    "PortInfo",
    {"id": str, "network_id": str, "fixed_ips": list[dict[str, str]], "admin_state_up": bool, "binding:host_id": str},
)
"""What an agent looks at of a port; all that an admin sees of it crosses."""


class DhcpAgent:
    """Hands each device the address that Neutron chose for it."""

    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def port_create_end(self, context: Context, payload: dict[str, PortInfo]) -> None:
        """Know one more address."""
        if payload["port"]["fixed_ips"]:
            self.client.call(context, PLUGIN, "dhcp_ready_on_ports", port_ids=[payload["port"]["id"]])

    port_update_end = port_create_end

    def port_delete_end(self, context: Context, payload: dict[str, str]) -> None:
        """Give the address to nobody else from now on; dnsmasq would drop its lease."""


class OVSAgents:
    """Connect ports to the bridges of their hosts, and guard them.

    One object answers for the agents of all hosts: what a fanout tells concerns one host, and the others ignore it.
    Upstream each host gets it, from RabbitMQ; here a cloud of 10,000 hosts would pay 10,000 deliveries for each port.
    """

    def __init__(self, client: RPCClient, is_up: Callable[[str, str], bool]) -> None:
        self.client, self._is_up = client, is_up

    def port_update(self, context: Context, port: PortInfo, **network: object) -> None:
        """Connect the port, or disconnect it, and report."""
        host = port["binding:host_id"]
        if self._is_up(OVS, host):
            method = "update_device_up" if port["admin_state_up"] else "update_device_down"
            self.client.call(context, PLUGIN, method, device=port["id"], host=host)

    def port_delete(self, context: Context, port_id: str) -> None:
        """Take the port off the bridge."""

    def security_groups_member_updated(self, context: Context, security_groups: list[str]) -> None:
        """Rewrite the rules that name these groups as the remote side."""

    security_groups_rule_updated = security_groups_member_updated
