"""neutron-rpc-server: what agents ask besides what a boot needs, and what DHCP and L3 agents report.

Interface: topics `q-plugin` (DHCP and Open vSwitch agents) and `q-l3-plugin` (L3 agents); their methods are upstream's.
Invariants: a report about what is gone changes nothing.
Upstream: neutron/api/rpc/handlers/dhcp_rpc.py, l3_rpc.py.
"""

from __future__ import annotations

from sqlalchemy import and_, case, select
from sqlalchemy.orm import Session

from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import NETWORK, SUBNET, Stamps
from oslearn.core.neutron.binding import DHCP, PORT, Binding
from oslearn.core.neutron.models import Agent, Network, Port, ProvisioningBlock
from oslearn.core.neutron.notifiers import Outbox
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.floatingips import FLOATINGIP
from oslearn.extensions.neutron.ipam import change
from oslearn.extensions.neutron.models import FloatingIP, Router
from oslearn.extensions.neutron.ports import Ports
from oslearn.extensions.neutron.routers import ROUTER, ports_of


class OVSRpcCallback:
    """What Open vSwitch agents ask when they start."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox

    def get_devices_details_list(self, context: Context) -> list[Values]:
        """The bound ports that are not as they are to be: connected, or disconnected."""
        settled = case((Port.admin_state_up, "ACTIVE"), else_="DOWN")
        with self.outbox.transaction() as session:
            found = session.scalars(select(Port).where(Port.vif_type == "ovs", Port.status != settled)).unique()
            return [PORT.view(port) for port in found]


class DhcpRpcCallback:
    """What DHCP agents ask to serve networks as they are."""

    def __init__(self, outbox: Outbox, stamps: Stamps, ports: Ports) -> None:
        self.outbox, self.stamps, self.ports = outbox, stamps, ports

    def get_network_info(self, context: Context, network_id: str, host: str) -> Values | None:
        """A network with its subnets and its DHCP ports on a host; None if it is gone."""
        with self.outbox.transaction() as session:
            network = session.get(Network, network_id)
            if network is None:
                return None
            return _served(session, network, host)

    def get_active_networks_info(self, context: Context, host: str) -> list[Values]:
        """The networks that the host's agent serves, each with the ports that wait for it."""
        with self.outbox.transaction() as session:
            served = Network.agents.any(and_(Agent.host == host, Agent.agent_type == "DHCP agent"))
            networks = session.scalars(select(Network).where(served)).unique().all()
            waiting: dict[str, list[str]] = {}
            blocked = select(Port.network_id, Port.id).join(ProvisioningBlock).where(ProvisioningBlock.entity == DHCP)
            for network_id, port_id in session.execute(blocked):
                waiting.setdefault(network_id, []).append(port_id)
            return [_served(session, network, host) | {"waiting": waiting.get(network.id, [])} for network in networks]

    def create_dhcp_port(self, context: Context, port: Values, host: str) -> Values | None:
        """The port of a DHCP server; None if the network has no address left for it, or is gone."""
        given = {"network_id": port["network_id"], "device_id": port["device_id"], "binding:host_id": host}
        try:
            with self.outbox.transaction() as session:
                network = session.get(Network, port["network_id"])
                given |= {"device_owner": "network:dhcp"}
                project = network.project_id if network else ""
                return PORT.view(self.ports.system_port(session, context, given, project, port["fixed_ips"]))
        except (e.IpAddressGenerationFailure, e.NetworkNotFound):
            return None

    def update_dhcp_port(self, context: Context, port_id: str, port: Values, host: str) -> None:
        """Other addresses, for subnets that came or went."""
        with self.outbox.transaction() as session:
            if row := session.get(Port, port_id):
                change(session, row, session.get_one(Network, row.network_id).subnets, port["fixed_ips"])
                self.stamps.touch(row)

    def release_dhcp_port(self, context: Context, network_id: str, host: str) -> None:
        """The DHCP server is gone."""
        with self.outbox.transaction() as session:
            for port in _dhcp_ports(session, network_id, host):
                self.ports.drop(session, context, port)


class L3RpcCallback:
    """What L3 agents ask, and report of floating addresses."""

    def __init__(self, outbox: Outbox, stamps: Stamps, binding: Binding) -> None:
        self.outbox, self.stamps, self.binding = outbox, stamps, binding

    def get_router_ids(self, context: Context, host: str) -> list[str]:
        """The routers of a host's agent."""
        mine = Router.agents.any(and_(Agent.host == host, Agent.agent_type == "L3 agent"))
        with self.outbox.transaction() as session:
            return list(session.scalars(select(Router.id).where(mine).order_by(Router.id)))

    def sync_routers(self, context: Context, router_ids: list[str], host: str) -> list[Values]:
        """Routers with their ports, which are bound to the agent's host, and their floating addresses."""
        with self.outbox.transaction() as session:
            found = session.scalars(select(Router).where(Router.id.in_(router_ids)).order_by(Router.id)).all()
            return [self._synced(session, router, host) for router in found]

    def update_floatingip_statuses(self, context: Context, router_id: str, fip_statuses: dict[str, str]) -> None:
        """What a router translates now is ACTIVE; what it did before is DOWN."""
        known = (FloatingIP.router_id == router_id) | (FloatingIP.last_known_router_id == router_id)
        with self.outbox.transaction() as session:
            for floating in session.scalars(select(FloatingIP).where(known)).all():
                status = fip_statuses.get(floating.id, floating.status if floating.router_id else "DOWN")
                if status != floating.status:
                    floating.status = status
                    self.stamps.touch(floating)

    def _synced(self, session: Session, router: Router, host: str) -> Values:
        ports = ports_of(session, router)
        for port in ports:
            if port.host_id != host:
                before, port.host_id = port.host_id, host
                self.binding.bind(session, port, before)
                self.binding.tell_agents(session, port, session.get_one(Network, port.network_id))
        floating = session.scalars(select(FloatingIP).where(FloatingIP.router_id == router.id))
        lists = {"_interfaces": list(map(PORT.view, ports)), "_floatingips": list(map(FLOATINGIP.view, floating))}
        return ROUTER.view(router) | lists


def _served(session: Session, network: Network, host: str) -> Values:
    """A network as a DHCP agent needs it."""
    ports = [PORT.view(port) for port in _dhcp_ports(session, network.id, host)]
    return NETWORK.view(network) | {"subnets": list(map(SUBNET.view, network.subnets)), "ports": ports}


def _dhcp_ports(session: Session, network_id: str, host: str) -> list[Port]:
    mine = [Port.network_id == network_id, Port.device_owner == "network:dhcp", Port.host_id == host]
    return list(session.scalars(select(Port).where(*mine)).unique())
