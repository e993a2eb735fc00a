"""Networks are made, changed and deleted: `/v2.0/networks`. How full they are: `/v2.0/network-ip-availabilities`.

Invariants: only an admin shares a network, makes it external or chooses its physical side; a segment is one network's.
Upstream: neutron/plugins/ml2/plugin.py, neutron/plugins/ml2/drivers/type_*.py, neutron/db/external_net_db.py,
neutron/db/network_ip_availability_db.py.
Left out: VLAN ranges, several segments, address scopes, DNS.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import NETWORK, Stamps, assign, dhcp_hosts
from oslearn.core.neutron.models import IPAllocation, Network, Port
from oslearn.core.neutron.notifiers import Notifier, Outbox
from oslearn.core.neutron.securitygroups import SecurityGroups
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.http import Request
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.agents import check_zones
from oslearn.extensions.neutron.models import FloatingIP

PHYSICAL_MTU, VXLAN_OVERHEAD, MAX_VLAN_TAG = 1500, 50, 4094
"""`global_physnet_mtu`, and what a tunnel's header takes of it."""
AUTO_DELETE_OWNERS = ("network:dhcp", "network:floatingip")
"""Owners of ports that go when their network goes."""
IN_USE = {"flat": ("physical_network", e.FlatNetworkInUse), "vlan": ("segmentation_id", e.VlanIdInUse),
          "vxlan": ("segmentation_id", e.TunnelIdInUse), "local": ("", e.TunnelIdInUse)}  # fmt: skip
"""Type drivers: the column that no two networks of a type may share, and the refusal."""


class Networks:
    """What makes networks, changes and deletes them."""

    def __init__(self, outbox: Outbox, notifier: Notifier, stamps: Stamps, groups: SecurityGroups) -> None:
        self.outbox, self.notifier, self.stamps, self.groups = outbox, notifier, stamps, groups

    def create(self, session: Session, context: Context, values: Values) -> Network:
        """Make one. Raises InvalidInput, FlatNetworkInUse, TunnelIdInUse."""
        check_zones(session, "DHCP agent", values.get("availability_zone_hints"))
        self.groups.default(session, values["project_id"])
        network = Network(**self._segment(session, values), revision_number=1, **self.stamps.new())
        session.add(network)
        return network

    def born(self, network: Network) -> Values:
        """A new network tells whether it is the default one; later only an external one does."""
        return {"is_default": network.is_default}

    def update(self, session: Session, context: Context, network: Network, values: Values) -> None:
        """Raises ExternalNetworkInUse, InvalidSharedSetting, InvalidInput."""
        on = select(Port.id).where(Port.network_id == network.id).limit(1)
        if values.get("external") is False and session.scalar(on.where(Port.device_owner == "network:router_gateway")):
            raise e.ExternalNetworkInUse(net_id=network.id)
        strangers = on.where(Port.project_id.not_in([network.project_id, ""]))
        if network.shared and values.get("shared") is False and session.scalar(strangers):
            raise e.InvalidSharedSetting(network=network.id)
        if "mtu" in values:
            values["mtu"] = checked_mtu(network.network_type, values["mtu"])
        assign(network, values)

    def delete(self, session: Session, context: Context, network: Network) -> None:
        """Its subnets, DHCP ports and unused floating addresses go with it. Raises NetworkInUse."""
        used = select(FloatingIP.floating_port_id).where(FloatingIP.fixed_port_id.is_not(None))
        free = Port.device_owner.in_(AUTO_DELETE_OWNERS) & Port.id.not_in(used)
        if ports := session.scalars(select(Port.id).where(Port.network_id == network.id, ~free).limit(10)).all():
            raise e.NetworkInUse(net_id=network.id, ports=", ".join(ports))
        session.execute(delete(Port).where(Port.network_id == network.id))
        self.outbox.later(session, self.notifier.dhcp, dhcp_hosts(network), "network_delete_end", network_id=network.id)
        session.execute(delete(Network).where(Network.id == network.id))

    def _segment(self, session: Session, values: Values) -> Values:
        """Choose what the project did not: a VXLAN segment, and an MTU that leaves room for its header."""
        kind = values.setdefault("network_type", "vxlan")
        if kind not in IN_USE:
            raise e.UnknownNetworkType(kind=kind)
        if kind in ("flat", "vlan") and not values.get("physical_network"):
            raise e.PhysicalNetworkRequired(kind=kind)
        column, in_use = IN_USE[kind]
        if column and values.get(column) is not None:
            same = [getattr(Network, column) == values[column], Network.network_type == kind]
            if session.scalar(select(Network.id).where(*same)):
                raise in_use(**{"physical_network": values.get("physical_network"), column: values[column]})
        elif column:
            # Two requests may find the same: the table's key lets one of them have it, the other is tried again.
            highest = session.scalar(select(func.max(Network.segmentation_id)).where(Network.network_type == kind))
            values["segmentation_id"] = (highest or 0) + 1
        if kind == "vlan" and not 1 <= values.get("segmentation_id", 1) <= MAX_VLAN_TAG:
            raise e.InvalidInput(error_message=f"segmentation_id out of range (1 through {MAX_VLAN_TAG})")
        values["mtu"] = checked_mtu(kind, values.get("mtu"))
        return values


def checked_mtu(kind: str, asked: int | None) -> int:
    """What is asked for, or the most that such a network carries; its header leaves so much. Raises InvalidInput."""
    most = PHYSICAL_MTU - (VXLAN_OVERHEAD if kind == "vxlan" else 0)
    if asked and asked > most:
        raise e.InvalidInput(error_message=f"Requested MTU is too big, maximum is {most}")
    return asked or most


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


def _counted(session: Session, networks: list[Network], version: str | None = None) -> list[Values]:
    ids = [subnet.id for network in networks for subnet in network.subnets]
    counts = select(IPAllocation.subnet_id, func.count()).where(IPAllocation.subnet_id.in_(ids))
    used = {row[0]: row[1] for row in session.execute(counts.group_by(IPAllocation.subnet_id))}
    return [_availability(network, used, version) for network in networks]


def _availability(network: Network, used: Mapping[str, int], version: str | None) -> Values:
    rows: list[Values] = []
    for subnet in network.subnets:
        if version in (None, str(subnet.ip_version)):
            ends = [(int(ip_address(pool["start"])), int(ip_address(pool["end"]))) for pool in subnet.allocation_pools]
            counted = {"total_ips": sum(last - first + 1 for first, last in ends), "used_ips": used.get(subnet.id, 0)}
            about = {"subnet_id": subnet.id, "subnet_name": subnet.name, "cidr": subnet.cidr}
            rows.append(about | {"ip_version": subnet.ip_version} | counted)
    sums = {key: sum(row[key] for row in rows) for key in ("total_ips", "used_ips")}
    named = {"network_id": network.id, "network_name": network.name, "subnet_ip_availability": rows}
    return named | sums | {"project_id": network.project_id, "tenant_id": network.project_id}
