"""Ports: `/v2.0/ports`. What nova-compute asks for when a server needs a network.

Invariants: a MAC address is unique on its network, an address in its subnet; a port that was not made has taken no
address (all of it is one transaction); a deleted port gives its addresses back.
Upstream: neutron/plugins/ml2/plugin.py, neutron/db/portsecurity_db.py, neutron/db/allowedaddresspairs_db.py.
Left out: several bindings of a port, QoS, trunks, DNS names.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.addresses import allocate, change, release, write
from oslearn.core.neutron.attributes import NOT_GIVEN, Values
from oslearn.core.neutron.base import NETWORK, Stamps, assign, refuse
from oslearn.core.neutron.binding import Binding
from oslearn.core.neutron.models import Network, Port, SecurityGroupPortBinding
from oslearn.core.neutron.notifiers import Outbox
from oslearn.core.neutron.securitygroups import SecurityGroups
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import RequestContext as Context

OWNERS_ONLY = ("mac_address", "port_security_enabled", "allowed_address_pairs")
"""Only the network's owner may choose these on a port of its network."""
L3_OWNERS = ("network:router_interface", "network:router_gateway", "network:floatingip")
MAC_TRIES = 16
MAC_TAKEN = select(Port.id).where(Port.network_id == bindparam("network"), Port.mac_address == bindparam("mac"))


BeforeWrite = Callable[[Session, Context, Port | None, Values], None]
"""Looks at the values of a port, which is none yet if it is new; what it puts into them is written."""
BeforeDelete = Callable[[Session, Port], None]
"""Lets go of a port that will be gone."""


class Ports:
    """What makes ports, changes and deletes them. `new_mac` draws an address.

    Attributes: `before_write`, who looks at a port's values before they are written; `before_delete`, who has to let go
    of it. Both are empty until an extension such as layer 3 subscribes (`neutron_lib.callbacks` upstream).
    """

    def __init__(
        self, outbox: Outbox, stamps: Stamps, groups: SecurityGroups, binding: Binding, new_mac: Callable[[], str]
    ) -> None:
        self.outbox, self.stamps, self.groups, self.binding, self.new_mac = outbox, stamps, groups, binding, new_mac
        self.before_write: list[BeforeWrite] = []
        self.before_delete: list[BeforeDelete] = []

    def create(self, session: Session, context: Context, values: Values) -> Port:
        """Raises NetworkNotFound, SecurityGroupNotFound, MacAddressInUse and what `allocate` raises."""
        network = NETWORK.find(session, context, values["network_id"])
        if not policy.owner(context, {"project_id": network.project_id}):
            _check_guest(values)
        self._tell_before_write(session, context, None, values)
        wanted, groups = values.pop("fixed_ips", None), values.pop("security_groups", None)
        trusted = values["device_owner"].startswith("network:")
        values.setdefault("port_security_enabled", network.port_security_enabled and not trusted)
        if groups is None and values["port_security_enabled"]:
            groups = list(filter(None, [self.groups.default(session, values["project_id"])]))
        elif groups:
            self.groups.check(session, context, groups)
        values["mac_address"] = values.get("mac_address") or self.free_mac(session, network.id)
        fresh: Values = {"vif_type": "unbound", "status": "DOWN", "allocations": [], "bindings": []}
        port = Port(**values, **fresh, revision_number=1, **self.stamps.new())
        with session.no_autoflush:  # a question in between must not write half a port
            session.add(port)
            allocate(session, port, network.subnets, wanted)
            _guard(port, groups or [])
            if port.host_id:
                self.binding.bind(session, port)
            self.binding.wait_for_dhcp(session, port, network, again=False)
        write(session, port)
        self.binding.tell_agents(session, port, network, "port_create_end")
        return port

    def update(self, session: Session, context: Context, port: Port, values: Values) -> None:
        """Raises as create does."""
        self._tell_before_write(session, context, port, values)
        network = session.get_one(Network, port.network_id)
        wanted, groups = values.pop("fixed_ips", None), values.pop("security_groups", NOT_GIVEN)
        before = port.host_id
        told = "port_update_end" if wanted is not None or "extra_dhcp_opts" in values else ""
        assign(port, values)
        if groups is not NOT_GIVEN and groups:
            self.groups.check(session, context, groups)
        _guard(port, None if groups is NOT_GIVEN else groups or [])
        if wanted is not None:
            change(session, port, network.subnets, wanted)
            self.binding.wait_for_dhcp(session, port, network)
        if port.host_id != before:
            self.binding.bind(session, port, before)
        self.binding.tell_agents(session, port, network, told)
        self.binding.tell_nova(session, "network-changed", port)

    def delete(self, session: Session, context: Context, port: Port) -> None:
        """Its addresses are free again. Raises ServicePortInUse for a router's and a floating address's port."""
        if port.device_owner in L3_OWNERS and port.allocations:
            raise e.ServicePortInUse(port_id=port.id, owner=port.device_owner)
        self.drop(session, port)

    def drop(self, session: Session, port: Port) -> None:
        """Delete a port, whatever it is for; who has to let go of it does so while it is still there."""
        for let_go in self.before_delete:
            let_go(session, port)
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

    def _tell_before_write(self, session: Session, context: Context, port: Port | None, values: Values) -> None:
        for look in self.before_write:
            look(session, context, port, values)


def _check_guest(values: Values) -> None:
    """A guest on a shared network may not choose everything. Raises PolicyNotAuthorized."""
    asked = [name for name in OWNERS_ONLY if values.get(name)]
    asked += ["fixed_ips"] if any("ip_address" in ip for ip in values.get("fixed_ips") or ()) else []
    asked += ["device_owner"] if values["device_owner"].startswith("network:") else []
    if asked:
        raise refuse("create_port", *asked)


def _guard(port: Port, asked: list[str] | None) -> None:
    """Bind the groups that are asked for, and address pairs.

    Raises AddressPairAndPort..., PortSecurityAndIPRequired..., PortSecurityPort..., DuplicateAddressPair...
    """
    groups = port.security_groups if asked is None else asked
    kept = [binding for binding in port.bindings if binding.security_group_id in groups]
    new = [group for group in dict.fromkeys(groups) if group not in port.security_groups]
    if new or len(kept) < len(port.bindings):
        port.bindings = kept + [SecurityGroupPortBinding(security_group_id=group) for group in new]
    pairs = [{"mac_address": port.mac_address} | pair for pair in port.allowed_address_pairs]
    if pairs and not port.port_security_enabled:
        raise e.AddressPairAndPortSecurityRequired()
    if groups and not port.port_security_enabled:
        raise e.PortSecurityAndIPRequiredForSecurityGroups() if asked else e.PortSecurityPortHasSecurityGroup()
    if double := next((pair for pair in pairs if pairs.count(pair) > 1), None):
        raise e.DuplicateAddressPairInRequest(**double)
    port.allowed_address_pairs = pairs
