"""Where a port is bound, and when it is ACTIVE: first neutron-server, then neutron-rpc-server, which hears of agents.

Interface: `Binding`: `bind`, `wait_for_dhcp`, `provisioned`, `set_status`, `tell_nova`, `tell_agents`; `plugged(port)`.
`RpcCallbacks`, topic `q-plugin`; the methods are upstream's.
Invariants: a port is bound only to a host whose Open vSwitch agent runs; it is ACTIVE once every agent that serves it
has reported; agents and Nova hear of a change once it is committed.
Upstream: neutron/plugins/ml2/plugin.py (`_bind_port_if_needed`), neutron/plugins/ml2/drivers/mech_agent.py,
neutron/plugins/ml2/rpc.py, neutron/db/provisioning_blocks.py. Left out: other mechanism drivers.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron import notifiers as n
from oslearn.core.neutron.agent import Agents
from oslearn.core.neutron.base import Resource, Stamps, dhcp_hosts
from oslearn.core.neutron.models import Network, Port, ProvisioningBlock
from oslearn.core.neutron.notifiers import Notifier, Outbox
from oslearn.core.oslo.context import RequestContext as Context

PORT: Resource[Port] = Resource("port", Port, e.PortNotFound, freed=True, shared=lambda project: [
    Port.network_id.in_(select(Network.id).where(Network.project_id == project))
])  # fmt: skip
DHCP, L2 = "DHCP", "L2"
"""Who has to report before a port is ACTIVE."""
HERE = Port.id.in_(bindparam("ids", expanding=True)), Port.host_id == func.coalesce(bindparam("host"), Port.host_id)
"""Ports that are reported, on that host if one is named: what is bound elsewhere by now is not its concern."""
REPORTED = delete(ProvisioningBlock).where(
    ProvisioningBlock.entity == bindparam("who"), ProvisioningBlock.port_id.in_(select(Port.id).where(*HERE))
)
FREE = select(Port).where(*HERE, Port.id.not_in(select(ProvisioningBlock.port_id)))


def plugged(port: Port) -> bool:
    """Whether the port can carry packets."""
    return port.vif_type == "ovs"


def unblock(session: Session, port: Port, who: str) -> None:
    """This one will not report any more."""
    mine = (ProvisioningBlock.port_id == port.id) & (ProvisioningBlock.entity == who)
    session.execute(delete(ProvisioningBlock).where(mine))


class Binding:
    """The state of ports. `is_plugged` is what a port has to be besides what agents report."""

    def __init__(
        self, outbox: Outbox, notifier: Notifier, stamps: Stamps, agents: Agents, is_plugged: Callable[[Port], bool]
    ) -> None:
        self.outbox, self.notifier, self.stamps, self.agents = outbox, notifier, stamps, agents
        self.is_plugged = is_plugged

    def bind(self, session: Session, port: Port, before: str = "") -> None:
        """Bind the port to its host, if the host's Open vSwitch agent runs; without a host it is unbound.

        `before` is the host that it was bound to: nobody there is to report any more.
        """
        with session.no_autoflush:  # one UPDATE writes all of it
            self.set_status(session, port, "DOWN")
            port.vif_type = "unbound"
            if port.host_id:
                alive = self.agents.alive(session, "Open vSwitch agent", port.host_id)
                port.vif_type = "ovs" if alive else "binding_failed"
                self.stamps.touch(port, 2)  # upstream counts the binding and its level
            if before:
                unblock(session, port, L2)
            if port.host_id:
                session.add(ProvisioningBlock(port=port, entity=L2))

    def wait_for_dhcp(self, session: Session, port: Port, network: Network, *, again: bool = True) -> None:
        """The port is not ACTIVE before a DHCP agent knows its addresses; `again` if it may have to wait already."""
        served = {subnet.id for subnet in network.subnets if subnet.enable_dhcp}
        if served & {held.subnet_id for held in port.allocations} and dhcp_hosts(network):
            if again:
                unblock(session, port, DHCP)
            session.add(ProvisioningBlock(port=port, entity=DHCP))

    def provisioned(self, who: str, ports: list[str], host: str | None = None) -> None:
        """One has reported of these ports. Once all have, a port that is plugged is ACTIVE."""
        which = {"ids": ports, "host": host}
        self.outbox.handle.write(REPORTED, which | {"who": who})
        # Another transaction: of two who report at once, each still sees the other's block until both are committed.
        with self.outbox.transaction() as session:
            for port in session.scalars(FREE, which).unique():
                if self.is_plugged(port) and port.admin_state_up:
                    self.set_status(session, port, "ACTIVE")

    def set_status(self, session: Session, port: Port, status: str) -> None:
        """Note what an agent reported, and tell Nova of a server's port."""
        if port.status != status:
            port.status = status
            self.stamps.touch(port)
            event = "network-vif-plugged" if status == "ACTIVE" else "network-vif-unplugged"
            self.tell_nova(session, event, port, status="completed")

    def tell_nova(self, session: Session, event: str, port: Port, **more: str) -> None:
        """Only a server's port concerns Nova."""
        if port.device_id and port.device_owner.startswith("compute:"):
            self.outbox.later(session, self.notifier.nova_event, event, port.device_id, port.id, **more)

    def tell_agents(self, session: Session, port: Port, network: Network, method: str = "") -> None:
        """DHCP agents hear of `method`, Open vSwitch agents of a bound port and of groups with other members."""
        gone, shown = method == "port_delete_end", PORT.view(port)
        if method and port.device_owner != "network:floatingip":
            payload = {"port_id": port.id, "network_id": network.id} if gone else {"port": shown}
            self.outbox.later(session, self.notifier.dhcp, dhcp_hosts(network), method, **payload)
        if port.security_groups and method in ("port_create_end", "port_delete_end"):
            told = (n.SECURITY_GROUP_UPDATE, "security_groups_member_updated")
            self.outbox.later(session, self.notifier.l2, *told, security_groups=port.security_groups)
        if gone and port.host_id:
            self.outbox.later(session, self.notifier.l2, n.PORT_DELETE, "port_delete", port_id=port.id)
        elif port.vif_type == "ovs":
            args = {name: getattr(network, name) for name in ("network_type", "physical_network", "segmentation_id")}
            self.outbox.later(session, self.notifier.l2, n.PORT_UPDATE, "port_update", port=shown, **args)


class RpcCallbacks:
    """What Open vSwitch and DHCP agents report of ports; a report about what is gone changes nothing."""

    def __init__(self, outbox: Outbox, binding: Binding) -> None:
        self.outbox, self.binding = outbox, binding

    def dhcp_ready_on_ports(self, context: Context, port_ids: list[str]) -> None:
        self.binding.provisioned(DHCP, port_ids)

    def update_device_up(self, context: Context, device: str, host: str) -> None:
        self.binding.provisioned(L2, [device], host)

    def update_device_down(self, context: Context, device: str, host: str) -> None:
        with self.outbox.transaction() as session:
            port = session.get(Port, device)
            if port is not None and port.host_id == host:
                self.binding.set_status(session, port, "DOWN")
