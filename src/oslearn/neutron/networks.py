"""Networks: `/v2.0/networks`.

Invariants: only an admin shares a network, makes it external or chooses its physical side; a segment is one network's.
Upstream: neutron/plugins/ml2/plugin.py, neutron/plugins/ml2/drivers/type_*.py, neutron/db/external_net_db.py.
Left out: VLAN ranges, several segments, address scopes, DNS.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from oslearn.neutron import attributes as a
from oslearn.neutron import exceptions as e
from oslearn.neutron.attributes import Attribute
from oslearn.neutron.base import Resource, assign
from oslearn.neutron.models import FloatingIP, Network, Port
from oslearn.neutron.securitygroups import SecurityGroups
from oslearn.oslo.context import RequestContext

NETWORK = Resource(
    "network",
    Network,
    a.STANDARD
    | {
        "admin_state_up": Attribute(a.boolean, True),
        "status": a.shown(),
        "subnets": a.shown("subnet_ids"),
        "shared": Attribute(a.boolean, False, admin=True),
        "router:external": Attribute(a.boolean, False, column="external", admin=True),
        "is_default": Attribute(a.boolean, False, admin=True),
        "port_security_enabled": Attribute(a.boolean, True),
        "mtu": Attribute(a.integer),
        "provider:network_type": Attribute(a.text, put=False, column="network_type", admin=True, secret=True),
        "provider:physical_network": Attribute(
            a.optional(a.text), put=False, column="physical_network", admin=True, secret=True
        ),
        "provider:segmentation_id": Attribute(
            a.optional(a.integer), put=False, column="segmentation_id", admin=True, secret=True
        ),
        "availability_zone_hints": Attribute(a.array(a.text), [], put=False),
        "availability_zones": a.shown(),
        "ipv4_address_scope": a.shown(),
        "ipv6_address_scope": a.shown(),
    },
    "NetworkNotFound",
    lambda caller: [Network.shared, Network.external],
    born=lambda network: {"is_default": network.is_default},
)
AUTO_DELETE_OWNERS = ("network:dhcp", "network:floatingip")
"""Owners of ports that go when their network goes."""
TYPES: dict[str, tuple[Any, str, str]] = {
    "flat": ("physical_network", "FlatNetworkInUse", "physical_network"),
    "vlan": ("segmentation_id", "VlanIdInUse", "vlan_id"),
    "vxlan": ("segmentation_id", "TunnelIdInUse", "tunnel_id"),
    "local": (None, "", ""),
}
"""Type drivers: the column that no two networks may share, and the refusal with its word for it."""


class Networks(SecurityGroups):
    """Networks."""

    def create_network(self, session: Session, context: RequestContext, values: dict[str, Any]) -> Network:
        """Make one. Raises InvalidInput, FlatNetworkInUse, TunnelIdInUse."""
        self.default_group(session, values["project_id"])
        network = Network(**self._segment(session, values), revision_number=1, **self.stamp())
        session.add(network)
        return network

    def update_network(
        self, session: Session, context: RequestContext, network: Network, values: dict[str, Any]
    ) -> None:
        """Raises ExternalNetworkInUse, InvalidSharedSetting."""
        on = select(Port.id).where(Port.network_id == network.id)
        if values.get("external") is False and session.scalar(on.where(Port.device_owner == "network:router_gateway")):
            raise e.ExternalNetworkInUse(net_id=network.id)
        strangers = on.where(Port.project_id.not_in([network.project_id, ""]))
        if network.shared and values.get("shared") is False and session.scalar(strangers.limit(1)):
            raise e.InvalidSharedSetting(network=network.id)
        assign(network, values)

    def delete_network(self, session: Session, context: RequestContext, network: Network) -> None:
        """Its subnets, DHCP ports and unused floating addresses go with it. Raises NetworkInUse."""
        used = select(FloatingIP.floating_port_id).where(FloatingIP.fixed_port_id.is_not(None))
        free = Port.device_owner.in_(AUTO_DELETE_OWNERS) & Port.id.not_in(used)
        ports = session.scalars(select(Port.id).where(Port.network_id == network.id, ~free).limit(10)).all()
        if ports:
            raise e.NetworkInUse(net_id=network.id, ports=", ".join(ports))
        session.execute(delete(Port).where(Port.network_id == network.id))
        self.later(session, self.notifier.dhcp, dhcp_hosts(network), "network_delete_end", network_id=network.id)
        session.execute(delete(Network).where(Network.id == network.id))

    def _segment(self, session: Session, values: dict[str, Any]) -> dict[str, Any]:
        """Choose what the project did not: a VXLAN segment, and an MTU that leaves room for its header."""
        kind = values.setdefault("network_type", "vxlan")
        if kind not in TYPES:
            raise e.InvalidInput(error_message=f"Invalid value for network type: {kind}")
        if kind in ("flat", "vlan") and not values.get("physical_network"):
            raise e.InvalidInput(error_message=f"physical_network required for {kind} provider network")
        column, error, word = TYPES[kind]
        if column and values.get(column) is not None:
            same = [getattr(Network, column) == values[column], Network.network_type == kind]
            if session.scalar(select(Network.id).where(*same)):
                raise getattr(e, error)(**{"physical_network": values.get("physical_network"), word: values[column]})
        elif kind != "local":
            highest = session.scalar(select(func.max(Network.segmentation_id)).where(Network.network_type == kind))
            values["segmentation_id"] = (highest or 0) + 1
        values["mtu"] = values.get("mtu") or (1450 if kind == "vxlan" else 1500)
        return values


def dhcp_hosts(network: Network) -> list[str]:
    """The hosts whose DHCP agents serve a network."""
    return [agent.host for agent in network.agents if agent.admin_state_up]
