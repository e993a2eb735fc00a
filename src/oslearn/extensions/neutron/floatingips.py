"""Floating addresses: `/v2.0/floatingips`.

Invariants: a floating address is taken from an external network by a port of its own; it leads to a port's address only
if a router joins that subnet and the external network; it is ACTIVE once the L3 agent has reported.
Upstream: neutron/db/l3_db.py, l3_fip_port_details.py. Left out: port forwarding, floating address pools, DNS, QoS.
"""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, aliased

from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import NETWORK, Resource, Stamps, refuse
from oslearn.core.neutron.binding import PORT, Binding
from oslearn.core.neutron.models import IPAllocation, Network, Port, Subnet
from oslearn.core.neutron.notifiers import Outbox
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.http import Request
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.attributes import RESOURCES
from oslearn.extensions.neutron.models import FloatingIP
from oslearn.extensions.neutron.ports import INTERFACE, OUTSIDE, Ports
from oslearn.extensions.neutron.routers import Routers

FLOATINGIP: Resource[FloatingIP] = Resource("floatingip", FloatingIP, e.FloatingIPNotFound, declared=RESOURCES)


class FloatingIPs:
    """What makes floating addresses, leads them to ports, and deletes them."""

    def __init__(self, stamps: Stamps, binding: Binding, ports: Ports, routers: Routers) -> None:
        self.stamps, self.binding, self.ports, self.routers = stamps, binding, ports, routers

    def create(self, session: Session, context: Context, values: Values) -> FloatingIP:
        """Raises NetworkNotFound, BadRequest, IpAddressGenerationFailure, and what an update raises."""
        network = NETWORK.find(session, context, values["floating_network_id"])
        if not network.external:
            raise e.NoFloatingNetwork(net_id=network.id)
        if all(subnet.ip_version != 4 for subnet in network.subnets):
            raise e.NoIPv4Subnet(net_id=network.id)
        asked = {"subnet_id": values.pop("subnet_id"), "ip_address": values.pop("floating_ip_address")}
        if asked["ip_address"] and not context.is_admin:
            raise refuse("create_floatingip", "floating_ip_address")
        given = {"network_id": network.id, "device_owner": "network:floatingip", "device_id": "PENDING"}
        wanted = {name: value for name, value in asked.items() if value}
        port = self.ports.system_port(session, context, given, "", [wanted] if wanted else None)
        addresses = [ip["ip_address"] for ip in port.fixed_ips if ":" not in ip["ip_address"]]
        if not addresses:
            raise e.ExternalIpAddressExhausted(net_id=network.id)
        fixed = {name: values.pop(name) for name in ("fixed_port_id", "fixed_ip_address")}
        found = {"floating_ip_address": addresses[0], "floating_port_id": port.id, "status": "DOWN"}
        floating = FloatingIP(**values, **found, revision_number=0, **self.stamps.new())
        session.add(floating)
        session.flush()
        port.device_id, port.status = floating.id, "N/A"
        self._associate(session, context, floating, fixed)
        return floating

    def update(self, session: Session, context: Context, floating: FloatingIP, values: Values) -> None:
        """Raises PortNotFound, BadRequest, ExternalGatewayForFloatingIPNotFound, FloatingIPPortAlreadyAssociated."""
        floating.description = values.pop("description", floating.description)
        if values:
            self._associate(session, context, floating, {"fixed_port_id": floating.fixed_port_id} | values)

    def delete(self, session: Session, context: Context, floating: FloatingIP) -> None:
        """Its address is free again."""
        self._point(session, floating)
        session.execute(delete(FloatingIP).where(FloatingIP.id == floating.id))
        self.ports.drop(session, context, session.get_one(Port, floating.floating_port_id))

    def disassociate(self, session: Session, port: Port) -> None:
        """Take floating addresses away from a port that goes."""
        for floating in session.scalars(select(FloatingIP).where(FloatingIP.fixed_port_id == port.id)).all():
            self._point(session, floating)
            self.stamps.touch(floating)

    def _associate(self, session: Session, context: Context, floating: FloatingIP, values: Values) -> None:
        """Lead the address to a port, or to none."""
        port_id, address = values.get("fixed_port_id"), values.get("fixed_ip_address")
        if not port_id:
            if address:
                raise e.FixedIpWithoutPort()
            return self._point(session, floating)
        port = PORT.find(session, context, port_id)
        if port.project_id != floating.project_id and not context.is_admin:
            raise e.PortOfAnother(port_id=port.id)
        fixed = _fixed_ip(port, address)
        router_id = self._router_between(session, fixed, floating.floating_network_id)
        columns = {"fixed_port_id": port.id, "fixed_ip_address": fixed.ip_address}
        same = columns | {"floating_network_id": floating.floating_network_id}
        taken = select(FloatingIP.id).filter_by(**same).where(FloatingIP.id != floating.id)
        if session.scalar(taken):
            names = {"fip_id": floating.id, "floating_ip_address": floating.floating_ip_address}
            names |= {"net_id": floating.floating_network_id, "port_id": port.id, "fixed_ip": fixed.ip_address}
            raise e.FloatingIPPortAlreadyAssociated(**names)
        return self._point(session, floating, fixed, router_id)

    def _point(
        self, session: Session, floating: FloatingIP, fixed: IPAllocation | None = None, router_id: str | None = None
    ) -> None:
        """Write where the address leads, and tell the routers and Nova of both ends."""
        before, port_before = floating.router_id, floating.fixed_port_id
        floating.fixed_port_id, floating.fixed_ip_address = (fixed.port_id, fixed.ip_address) if fixed else (None, None)
        floating.router_id, floating.last_known_router_id = router_id, before
        session.flush()
        session.expire(floating, ["port"])
        for key in sorted(filter(None, {before, router_id})):
            self.routers.routers_updated(session, key)
        for key in sorted(filter(None, {port_before, floating.fixed_port_id})):
            self.binding.tell_nova(session, "network-changed", session.get_one(Port, key))

    def _router_between(self, session: Session, fixed: IPAllocation, external_id: str) -> str:
        """The router that joins an address's subnet and an external network; of several the one that is the gateway.

        Raises ExternalGatewayForFloatingIPNotFound.
        """
        outside, inside = aliased(Port), aliased(Port)
        routers = (
            select(inside.device_id)
            .join(IPAllocation, IPAllocation.port_id == inside.id)
            .join(Subnet, Subnet.id == IPAllocation.subnet_id)
            .join(outside, outside.device_id == inside.device_id)
            .where(inside.device_owner == INTERFACE, IPAllocation.subnet_id == fixed.subnet_id)
            .where(outside.device_owner == OUTSIDE, outside.network_id == external_id)
            .order_by(IPAllocation.ip_address != Subnet.gateway_ip, inside.device_id)
        )
        if found := session.scalars(routers).first():
            return found
        ids = {"subnet_id": fixed.subnet_id, "port_id": fixed.port_id}
        raise e.ExternalGatewayForFloatingIPNotFound(net_id=external_id, **ids)


class FloatingIPPools:
    """The subnets that floating addresses come from."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox

    def index(self, req: Request) -> Values:
        """200: the IPv4 subnets of external networks."""
        wanted = select(Network).where(Network.external, NETWORK.visible(req.caller)).order_by(Network.id)
        mine: Values = {"project_id": req.caller.project_id, "tenant_id": req.caller.project_id}
        with self.outbox.transaction() as session:
            subnets = [subnet for network in session.scalars(wanted).unique() for subnet in network.subnets]
            known = [(s, {"subnet_id": s.id, "subnet_name": s.name, "network_id": s.network_id}) for s in subnets]
            return {"floatingip_pools": [row | mine | {"cidr": s.cidr} for s, row in known if s.ip_version == 4]}


def _fixed_ip(port: Port, address: str | None) -> IPAllocation:
    """The port's address that is meant. Raises BadRequest."""
    held = [allocation for allocation in port.allocations if ":" not in allocation.ip_address]
    chosen = [allocation for allocation in held if address in (None, allocation.ip_address)]
    if not held:
        raise e.NoFixedIPv4(port_id=port.id)
    if not chosen:
        raise e.NoSuchFixedIp(port_id=port.id, address=address)
    if len(chosen) > 1:
        raise e.SeveralFixedIps(port_id=port.id)
    return chosen[0]
