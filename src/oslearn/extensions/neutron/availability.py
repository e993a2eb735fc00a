"""How full networks are, which zones there are, and who provides routers.

Interface: `/v2.0/network-ip-availabilities`, `/v2.0/availability_zones`, `/v2.0/service-providers`.
Upstream: neutron/db/network_ip_availability_db.py, neutron/db/availability_zone, neutron/db/servicetype_db.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import NETWORK
from oslearn.core.neutron.models import Agent, IPAllocation, Network
from oslearn.core.neutron.notifiers import Outbox
from oslearn.core.oslo.http import Request

PROVIDERS = ("dvrha", "dvr", "ha", "single_node")
ZONES = {"L3 agent": "router", "DHCP agent": "network"}
"""What is in the zones of these agents."""


class IpAvailability:
    """How many addresses the pools of networks have, and how many are taken."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox

    def index(self, req: Request) -> Values:
        """200, 403: of all networks, or of those that the query names."""
        columns = {"network_id": Network.id, "network_name": Network.name, "project_id": Network.project_id}
        wanted = [column == req.query[name] for name, column in columns.items() if name in req.query]
        with self.outbox.transaction() as session:
            networks = session.scalars(select(Network).where(*wanted).order_by(Network.id)).unique()
            rows = _counted(session, list(networks), req.query.get("ip_version"))
        return {"network_ip_availabilities": rows}

    def show(self, req: Request, id: str) -> Values:
        """200, 403, 404: of one network."""
        with self.outbox.transaction() as session:
            network = NETWORK.find(session, req.caller, id)
            return {"network_ip_availability": _counted(session, [network])[0]}


class Places:
    """Where and by whom networks and routers are served."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox

    def list_availability_zones(self, req: Request) -> Values:
        """200: the zones of routers and of networks."""
        with self.outbox.transaction() as session:
            agents = session.scalars(select(Agent).where(Agent.availability_zone.is_not(None)))
            found = sorted({(agent.agent_type, agent.availability_zone) for agent in agents}, reverse=True)
        rows = [{"state": "available", "name": zone, "resource": ZONES[kind]} for kind, zone in found]
        return {"availability_zones": rows}

    def list_service_providers(self, req: Request) -> Values:
        """200: the kinds of routers that somebody could ask for."""
        rows = [{"service_type": "L3_ROUTER_NAT", "name": name, "default": False} for name in PROVIDERS]
        return {"service_providers": rows}


def _counted(session: Session, networks: list[Network], version: str | None = None) -> list[Values]:
    ids = [subnet.id for network in networks for subnet in network.subnets]
    counts = select(IPAllocation.subnet_id, func.count()).where(IPAllocation.subnet_id.in_(ids))
    used = {row[0]: row[1] for row in session.execute(counts.group_by(IPAllocation.subnet_id))}
    return [_availability(network, used, version) for network in networks]


def _availability(network: Network, used: Mapping[str, int], version: str | None) -> Values:
    rows: list[Values] = [
        {"subnet_id": subnet.id, "subnet_name": subnet.name, "cidr": subnet.cidr, "ip_version": subnet.ip_version}
        | {"total_ips": sum(map(_size, subnet.allocation_pools)), "used_ips": used.get(subnet.id, 0)}
        for subnet in network.subnets
        if version in (None, str(subnet.ip_version))
    ]
    sums = {key: sum(row[key] for row in rows) for key in ("total_ips", "used_ips")}
    named = {"network_id": network.id, "network_name": network.name, "subnet_ip_availability": rows}
    return named | sums | {"project_id": network.project_id, "tenant_id": network.project_id}


def _size(pool: dict[str, str]) -> int:
    return int(ip_address(pool["end"])) - int(ip_address(pool["start"])) + 1
