"""Ports: `/v2.0/ports`. What nova-compute asks for when a server needs a network.

Interface: `Ports`: `create`, `update`, `delete`, which a collection calls; `make` is for ports whose addresses are
chosen otherwise (`Allocate`).
Invariants: a MAC address is unique on its network, an address in its subnet; a port that was not made has taken no
address (all of it is one transaction); a deleted port gives its addresses back.
Upstream: neutron/plugins/ml2/plugin.py. Left out: several bindings of a port, QoS, trunks, DNS names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.addresses import allocate, release, write
from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import NETWORK, Stamps, assign
from oslearn.core.neutron.binding import Binding
from oslearn.core.neutron.models import Network, Port, Subnet
from oslearn.core.neutron.securitygroups import SecurityGroups
from oslearn.core.oslo.context import RequestContext as Context

MAC_TRIES = 16
MAC_TAKEN = select(Port.id).where(Port.network_id == bindparam("network"), Port.mac_address == bindparam("mac"))
Allocate = Callable[[Session, Port, Sequence[Subnet]], None]
"""Gives a new port its addresses."""


class Ports:
    """What makes ports, changes and deletes them. `new_mac` draws an address."""

    def __init__(self, stamps: Stamps, groups: SecurityGroups, binding: Binding, new_mac: Callable[[], str]) -> None:
        self.stamps, self.groups, self.binding, self.new_mac = stamps, groups, binding, new_mac

    def create(self, session: Session, context: Context, values: Values) -> Port:
        """Raises NetworkNotFound and what `make` raises."""
        return self.make(session, context, NETWORK.find(session, context, values["network_id"]), values, allocate)

    def make(
        self, session: Session, context: Context, network: Network, values: Values, give_addresses: Allocate
    ) -> Port:
        """Raises SecurityGroupNotFound, MacAddressInUse, and why there is no address."""
        values.setdefault("port_security_enabled", network.port_security_enabled)
        if groups := values.pop("security_groups", None):
            self.groups.check(session, context, groups)
        elif groups is None and values["port_security_enabled"]:
            groups = list(filter(None, [self.groups.default(session, values["project_id"])]))
        values["mac_address"] = values.get("mac_address") or self.free_mac(session, network.id)
        fresh: Values = {"vif_type": "unbound", "status": "DOWN", "allocations": [], "bindings": []}
        port = Port(**fresh, **values, security_groups=groups, revision_number=1, **self.stamps.new())
        with session.no_autoflush:  # a question in between must not write half a port
            session.add(port)
            give_addresses(session, port, network.subnets)
            if port.host_id:
                self.binding.bind(session, port)
            self.binding.wait_for_dhcp(session, port, network, again=False)
        write(session, port)
        self.binding.tell_agents(session, port, network, "port_create_end")
        return port

    def update(self, session: Session, context: Context, port: Port, values: Values, told: str = "") -> None:
        """Bind it to another host, guard it by other groups; `told` is what DHCP agents hear.

        Raises SecurityGroupNotFound.
        """
        network, before = session.get_one(Network, port.network_id), port.host_id
        if values.get("security_groups"):
            self.groups.check(session, context, values["security_groups"])
        assign(port, values)
        if port.host_id != before:
            self.binding.bind(session, port, before)
        self.binding.tell_agents(session, port, network, told)
        self.binding.tell_nova(session, "network-changed", port)

    def delete(self, session: Session, context: Context, port: Port) -> None:
        """Its addresses are free again."""
        release(session, port)
        session.execute(delete(Port).where(Port.id == port.id))
        self.binding.tell_agents(session, port, session.get_one(Network, port.network_id), "port_delete_end")
        self.binding.tell_nova(session, "network-vif-deleted", port)

    def free_mac(self, session: Session, network_id: str) -> str:
        """A MAC address that no port of the network has. Raises NetworkMacAddressGenerationFailure."""
        for _ in range(MAC_TRIES):
            made = self.new_mac()
            if session.scalar(MAC_TAKEN, {"network": network_id, "mac": made}) is None:
                return made
        raise e.NetworkMacAddressGenerationFailure(net_id=network_id)
