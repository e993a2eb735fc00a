"""neutron-rpc-server: what the agents ask, and what they report.

Interface: topics `q-plugin` (DHCP and Open vSwitch agents) and `q-l3-plugin` (L3 agents); their methods are upstream's.
Invariants: an agent has no database: whatever it knows, it was told; a report about what is gone changes nothing.
Upstream: neutron/api/rpc/handlers/dhcp_rpc.py, l3_rpc.py, neutron/plugins/ml2/rpc.py. Left out: versions of messages.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.neutron import exceptions as e
from oslearn.neutron.addresses import change
from oslearn.neutron.binding import DHCP, L2, PORT
from oslearn.neutron.floatingips import FLOATINGIP
from oslearn.neutron.models import FloatingIP, Network, Port, Router
from oslearn.neutron.networks import NETWORK
from oslearn.neutron.plugin import Plugin
from oslearn.neutron.routers import ROUTER
from oslearn.neutron.subnets import SUBNET
from oslearn.oslo.context import RequestContext


class Callbacks:
    """The RPC server's methods."""

    def __init__(self, plugin: Plugin) -> None:
        self.plugin = plugin

    def get_network_info(self, context: RequestContext, network_id: str, host: str) -> dict[str, Any] | None:
        """A network with its subnets and its DHCP ports on a host; None if it is gone."""
        with self.plugin.transaction() as session:
            network = session.get(Network, network_id)
            if network is None:
                return None
            subnets = [SUBNET.view(subnet, True) for subnet in network.subnets]
            ports = [PORT.view(port, True) for port in self._dhcp_ports(session, network_id, host)]
            return NETWORK.view(network, True) | {"subnets": subnets, "ports": ports}

    def create_dhcp_port(self, context: RequestContext, port: dict[str, Any], host: str) -> dict[str, Any] | None:
        """The port of a DHCP server; None if the network has no address left for it."""
        try:
            with self.plugin.transaction() as session:
                network = session.get(Network, port["network_id"])
                if network is None:
                    return None
                owned = (network.id, network.project_id, "network:dhcp", port["device_id"])
                made = self.plugin.system_port(session, context, *owned, port["fixed_ips"], host)
                return PORT.view(made, True)
        except e.IpAddressGenerationFailure:
            return None

    def update_dhcp_port(self, context: RequestContext, port_id: str, port: dict[str, Any], host: str) -> None:
        """Other addresses, for subnets that came or went."""
        with self.plugin.transaction() as session:
            row = session.get(Port, port_id)
            if row is not None:
                network = session.get_one(Network, row.network_id)
                change(session, row, network.subnets, port["fixed_ips"])
                self.plugin.touch(row)

    def release_dhcp_port(self, context: RequestContext, network_id: str, host: str) -> None:
        """The DHCP server is gone."""
        with self.plugin.transaction() as session:
            for port in self._dhcp_ports(session, network_id, host):
                self.plugin.drop_port(session, port)

    def dhcp_ready_on_ports(self, context: RequestContext, port_ids: list[str]) -> None:
        """DHCP knows these ports."""
        with self.plugin.transaction() as session:
            for port in session.scalars(select(Port).where(Port.id.in_(port_ids))).all():
                self.plugin.provisioned(session, port, DHCP)

    def update_device_up(self, context: RequestContext, device: str, host: str) -> None:
        """The bridge of a host has connected the port."""
        with self.plugin.transaction() as session:
            port = session.get(Port, device)
            if port is not None and port.host_id == host:
                self.plugin.provisioned(session, port, L2)

    def update_device_down(self, context: RequestContext, device: str, host: str) -> None:
        """The bridge has disconnected it."""
        with self.plugin.transaction() as session:
            port = session.get(Port, device)
            if port is not None and port.host_id == host:
                self.plugin.set_status(session, port, "DOWN")

    def sync_routers(self, context: RequestContext, router_ids: list[str], host: str) -> list[dict[str, Any]]:
        """Routers with their ports, which are bound to the agent's host, and their floating addresses."""
        with self.plugin.transaction() as session:
            found = session.scalars(select(Router).where(Router.id.in_(router_ids)).order_by(Router.id)).all()
            return [self._synced(session, router, host) for router in found]

    def update_floatingip_statuses(self, context: RequestContext, router_id: str, fip_statuses: dict[str, str]) -> None:
        """What a router translates now is ACTIVE; what it did before is DOWN."""
        known = (FloatingIP.router_id == router_id) | (FloatingIP.last_known_router_id == router_id)
        with self.plugin.transaction() as session:
            for floating in session.scalars(select(FloatingIP).where(known)).all():
                status = fip_statuses.get(floating.id, "DOWN" if floating.router_id is None else floating.status)
                if status != floating.status:
                    floating.status = status
                    self.plugin.touch(floating)

    def _dhcp_ports(self, session: Session, network_id: str, host: str) -> list[Port]:
        mine = [Port.network_id == network_id, Port.device_owner == "network:dhcp", Port.host_id == host]
        return list(session.scalars(select(Port).where(*mine)))

    def _synced(self, session: Session, router: Router, host: str) -> dict[str, Any]:
        ports = self.plugin.ports_of(session, router)
        for port in ports:
            if port.host_id != host:
                port.host_id = host
                self.plugin.bind(session, port)
                network = session.get_one(Network, port.network_id)
                self.plugin.tell_agents(session, port, network, "")
        floating = session.scalars(select(FloatingIP).where(FloatingIP.router_id == router.id)).all()
        lists = {"_interfaces": [PORT.view(port, True) for port in ports]}
        return ROUTER.view(router, True) | lists | {"_floatingips": [FLOATINGIP.view(row, True) for row in floating]}
