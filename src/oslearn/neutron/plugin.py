"""The plug-in, all its floors, and the top one: how many addresses are taken.

Interface: `Plugin`; each floor's module has its resources: `quota`, `agents`, `securitygroups`, `networks`,
`subnetpools`, `subnets`, `binding`, `ports`, `routers`, `floatingips`.
Upstream: neutron/plugins/ml2/plugin.py, neutron/services/l3_router, neutron/db/network_ip_availability_db.py.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oslearn.neutron.floatingips import FloatingIPs
from oslearn.neutron.models import IPAllocation, Network, Subnet


class Plugin(FloatingIPs):
    """What neutron-server and neutron-rpc-server do their work with."""

    def ip_availability(self, session: Session, networks: list[Network], version: str | None) -> list[dict[str, Any]]:
        """How many addresses the networks have and how many of them are taken."""
        ids = [subnet.id for network in networks for subnet in network.subnets]
        counts = select(IPAllocation.subnet_id, func.count()).where(IPAllocation.subnet_id.in_(ids))
        used = {row[0]: row[1] for row in session.execute(counts.group_by(IPAllocation.subnet_id))}
        return [_availability(network, used, version) for network in networks]


def _availability(network: Network, used: dict[str, int], version: str | None) -> dict[str, Any]:
    subnets = [subnet for subnet in network.subnets if version in (None, str(subnet.ip_version))]
    rows: list[dict[str, Any]] = [
        {"subnet_id": subnet.id, "subnet_name": subnet.name, "cidr": subnet.cidr, "ip_version": subnet.ip_version}
        | {"total_ips": _size(subnet), "used_ips": used.get(subnet.id, 0)}
        for subnet in subnets
    ]
    sums = {key: sum(row[key] for row in rows) for key in ("total_ips", "used_ips")}
    named = {"network_id": network.id, "network_name": network.name, "subnet_ip_availability": rows}
    return named | sums | {"project_id": network.project_id, "tenant_id": network.project_id}


def _size(subnet: Subnet) -> int:
    """The addresses of a subnet's pools."""
    spans = [(int(ip_address(pool["start"])), int(ip_address(pool["end"]))) for pool in subnet.allocation_pools]
    return sum(last - first + 1 for first, last in spans)
