"""neutron-rpc-server: what the agents ask, and what they report.

Interface: topics `q-plugin` (DHCP and Open vSwitch agents) and `q-l3-plugin` (L3 agents); their methods are upstream's.
Invariants: a report about what is gone changes nothing.
Upstream: neutron/api/rpc/handlers/dhcp_rpc.py, l3_rpc.py, neutron/plugins/ml2/rpc.py. Left out: versions of messages.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.neutron import exceptions as e
from oslearn.neutron.addresses import change
from oslearn.neutron.base import Values
from oslearn.neutron.binding import DHCP, L2, PORT
from oslearn.neutron.floatingips import FLOATINGIP, Plugin
from oslearn.neutron.models import Network, Port
from oslearn.neutron.models_l3 import FloatingIP, Router
from oslearn.neutron.networks import NETWORK
from oslearn.neutron.routers import ROUTER
from oslearn.neutron.subnets import SUBNET
from oslearn.oslo.context import RequestContext as Context


class Callbacks:
    """The RPC server's methods."""

    def __init__(self, plugin: Plugin) -> None:
        self.plugin = plugin

    def get_network_info(self, context: Context, network_id: str, host: str) -> Values | None:
        """A network with its subnets and its DHCP ports on a host; None if it is gone."""
        with self.plugin.transaction() as session:
            network = session.get(Network, network_id)
            if network is None:
                return None
            ports = [PORT.view(port) for port in _dhcp_ports(session, network_id, host)]
            return NETWORK.view(network) | {"subnets": list(map(SUBNET.view, network.subnets)), "ports": ports}

    def create_dhcp_port(self, context: Context, port: Values, host: str) -> Values | None:
        """The port of a DHCP server; None if the network has no address left for it, or is gone."""
        given = {"network_id": port["network_id"], "device_id": port["device_id"], "binding:host_id": host}
        try:
            with self.plugin.transaction() as session:
                network = session.get(Network, port["network_id"])
                given |= {"device_owner": "network:dhcp"}
                project = network.project_id if network else ""
                return PORT.view(self.plugin.system_port(session, context, given, project, port["fixed_ips"]))
        except (e.IpAddressGenerationFailure, e.NetworkNotFound):
            return None

    def update_dhcp_port(self, context: Context, port_id: str, port: Values, host: str) -> None:
        """Other addresses, for subnets that came or went."""
        with self.plugin.transaction() as session:
            if row := session.get(Port, port_id):
                change(session, row, session.get_one(Network, row.network_id).subnets, port["fixed_ips"])
                self.plugin.touch(row)

    def release_dhcp_port(self, context: Context, network_id: str, host: str) -> None:
        """The DHCP server is gone."""
        with self.plugin.transaction() as session:
            for port in _dhcp_ports(session, network_id, host):
                self.plugin.drop_port(session, port)

    def dhcp_ready_on_ports(self, context: Context, port_ids: list[str]) -> None:
        """DHCP knows these ports."""
        with self.plugin.transaction() as session:
            for port in session.scalars(select(Port).where(Port.id.in_(port_ids))).unique():
                self.plugin.provisioned(session, port, DHCP)

    def update_device_up(self, context: Context, device: str, host: str) -> None:
        """The bridge of a host has connected the port."""
        with self.plugin.transaction() as session:
            port = session.get(Port, device)
            if port is not None and port.host_id == host:
                self.plugin.provisioned(session, port, L2)

    def update_device_down(self, context: Context, device: str, host: str) -> None:
        """The bridge has disconnected it."""
        with self.plugin.transaction() as session:
            port = session.get(Port, device)
            if port is not None and port.host_id == host:
                self.plugin.set_status(session, port, "DOWN")

    def sync_routers(self, context: Context, router_ids: list[str], host: str) -> list[Values]:
        """Routers with their ports, which are bound to the agent's host, and their floating addresses."""
        with self.plugin.transaction() as session:
            found = session.scalars(select(Router).where(Router.id.in_(router_ids)).order_by(Router.id)).all()
            return [self._synced(session, router, host) for router in found]

    def update_floatingip_statuses(self, context: Context, router_id: str, fip_statuses: dict[str, str]) -> None:
        """What a router translates now is ACTIVE; what it did before is DOWN."""
        known = (FloatingIP.router_id == router_id) | (FloatingIP.last_known_router_id == router_id)
        with self.plugin.transaction() as session:
            for floating in session.scalars(select(FloatingIP).where(known)).all():
                status = fip_statuses.get(floating.id, floating.status if floating.router_id else "DOWN")
                if status != floating.status:
                    floating.status = status
                    self.plugin.touch(floating)

    def _synced(self, session: Session, router: Router, host: str) -> Values:
        ports = self.plugin.ports_of(session, router)
        for port in ports:
            if port.host_id != host:
                port.host_id = host
                self.plugin.bind(session, port)
                self.plugin.tell_agents(session, port, session.get_one(Network, port.network_id))
        floating = session.scalars(select(FloatingIP).where(FloatingIP.router_id == router.id))
        lists = {"_interfaces": list(map(PORT.view, ports)), "_floatingips": list(map(FLOATINGIP.view, floating))}
        return ROUTER.view(router) | lists


def _dhcp_ports(session: Session, network_id: str, host: str) -> list[Port]:
    mine = [Port.network_id == network_id, Port.device_owner == "network:dhcp", Port.host_id == host]
    return list(session.scalars(select(Port).where(*mine)).unique())
