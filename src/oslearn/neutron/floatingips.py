"""Floating addresses: `/v2.0/floatingips`.

Invariants: a floating address is taken from an external network by a port of its own; it leads to a port's address only
if a router joins that subnet and the external network; it is ACTIVE once the L3 agent has reported.
Upstream: neutron/db/l3_db.py, l3_fip_port_details.py. Left out: port forwarding, floating address pools, DNS, QoS.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, aliased

from oslearn.neutron import attributes as a
from oslearn.neutron import exceptions as e
from oslearn.neutron.attributes import Attribute
from oslearn.neutron.base import Resource
from oslearn.neutron.binding import PORT
from oslearn.neutron.models import FloatingIP, IPAllocation, Port, Router, Subnet
from oslearn.neutron.networks import NETWORK
from oslearn.neutron.routers import INTERFACE, OUTSIDE, Routers
from oslearn.oslo.context import RequestContext

FLOATINGIP = Resource(
    "floatingip",
    FloatingIP,
    {name: spec for name, spec in a.STANDARD.items() if name != "name"}
    | {
        "floating_network_id": Attribute(a.uuid, a.REQUIRED, put=False),
        "floating_ip_address": Attribute(a.optional(a.address), None, put=False),
        "subnet_id": Attribute(a.optional(a.uuid), None, put=False, shown=False),
        "port_id": Attribute(a.optional(a.uuid), None, column="fixed_port_id"),
        "fixed_ip_address": Attribute(a.optional(a.address), None),
        "router_id": a.shown(),
        "status": a.shown(),
        "port_details": a.shown(),
    },
    "FloatingIPNotFound",
)


class FloatingIPs(Routers):
    """Floating addresses."""

    def create_floatingip(self, session: Session, context: RequestContext, values: dict[str, Any]) -> FloatingIP:
        """Raises NetworkNotFound, BadRequest, IpAddressGenerationFailure, and what an update raises."""
        network = self.find(session, NETWORK, context, values["floating_network_id"])
        if not network.external:
            msg = f"Network {network.id} is not a valid external network"
            raise e.BadRequest(resource="floatingip", msg=msg)
        if all(subnet.ip_version != 4 for subnet in network.subnets):
            msg = f"Network {network.id} does not contain any IPv4 subnet"
            raise e.BadRequest(resource="floatingip", msg=msg)
        asked = {"subnet_id": values.pop("subnet_id"), "ip_address": values.pop("floating_ip_address")}
        if asked["ip_address"] and not context.is_admin:
            self.refuse("create_floatingip:floating_ip_address")
        wanted = {name: value for name, value in asked.items() if value}
        port = self.system_port(
            session, context, network.id, "", "network:floatingip", "PENDING", [wanted] if wanted else None
        )
        address = next((ip["ip_address"] for ip in port.fixed_ips if ":" not in ip["ip_address"]), None)
        if address is None:
            raise e.ExternalIpAddressExhausted(net_id=network.id)
        fixed = {name: values.pop(name) for name in ("fixed_port_id", "fixed_ip_address")}
        found = {"floating_ip_address": address, "floating_port_id": port.id}
        floating = FloatingIP(**values, **found, status="DOWN", revision_number=0, **self.stamp())
        session.add(floating)
        session.flush()
        port.device_id, port.status = floating.id, "N/A"
        self._associate(session, context, floating, fixed)
        return floating

    def update_floatingip(
        self, session: Session, context: RequestContext, floating: FloatingIP, values: dict[str, Any]
    ) -> None:
        """Raises PortNotFound, BadRequest, ExternalGatewayForFloatingIPNotFound, FloatingIPPortAlreadyAssociated."""
        floating.description = values.pop("description", floating.description)
        if values.get("fixed_ip_address") and "fixed_port_id" not in values:
            values["fixed_port_id"] = floating.fixed_port_id
        if "fixed_port_id" in values:
            self._associate(session, context, floating, values)

    def delete_floatingip(self, session: Session, context: RequestContext, floating: FloatingIP) -> None:
        """Its address is free again."""
        self._point(session, floating, None, None, None)
        session.execute(delete(FloatingIP).where(FloatingIP.id == floating.id))
        self.drop_port(session, session.get_one(Port, floating.floating_port_id))

    def disassociate(self, session: Session, port: Port) -> None:
        """Take floating addresses away from a port that goes."""
        for floating in session.scalars(select(FloatingIP).where(FloatingIP.fixed_port_id == port.id)).all():
            self._point(session, floating, None, None, None)
            self.touch(floating)

    def _associate(
        self, session: Session, context: RequestContext, floating: FloatingIP, values: dict[str, Any]
    ) -> None:
        """Lead the address to a port, or to none."""
        if not values.get("fixed_port_id"):
            if values.get("fixed_ip_address"):
                msg = "fixed_ip_address cannot be specified without a port_id"
                raise e.BadRequest(resource="floatingip", msg=msg)
            return self._point(session, floating, None, None, None)
        port = self.find(session, PORT, context, values["fixed_port_id"])
        if port.project_id != floating.project_id and not context.is_admin:
            msg = f"Cannot process floating IP association with Port {port.id}, since that port is owned by a different"
            raise e.BadRequest(resource="floatingip", msg=f"{msg} tenant")
        fixed = _fixed_ip(port, values.get("fixed_ip_address"))
        router_id = self._router_between(session, port, fixed.subnet_id, floating.floating_network_id)
        same = [
            FloatingIP.fixed_port_id == port.id,
            FloatingIP.fixed_ip_address == fixed.ip_address,
            FloatingIP.floating_network_id == floating.floating_network_id,
            FloatingIP.id != floating.id,
        ]
        if session.scalar(select(FloatingIP.id).where(*same)):
            names = {"floating_ip_address": floating.floating_ip_address, "net_id": floating.floating_network_id}
            fixed_ip = fixed.ip_address
            raise e.FloatingIPPortAlreadyAssociated(fip_id=floating.id, port_id=port.id, fixed_ip=fixed_ip, **names)
        return self._point(session, floating, port, fixed.ip_address, router_id)

    def _point(
        self, session: Session, floating: FloatingIP, port: Port | None, address: str | None, router_id: str | None
    ) -> None:
        """Write where the address leads, and tell the routers and Nova of both ends."""
        before = floating.router_id, floating.fixed_port_id
        floating.fixed_port_id, floating.fixed_ip_address = port.id if port else None, address
        floating.router_id, floating.last_known_router_id = router_id, before[0]
        session.flush()
        session.expire(floating, ["port"])
        for key in dict.fromkeys([before[0], router_id]):
            if key:
                self.routers_updated(session, session.get_one(Router, key))
        for port_id in dict.fromkeys([before[1], floating.fixed_port_id]):
            if port_id:
                self.tell_nova(session, "network-changed", session.get_one(Port, port_id))

    def _router_between(self, session: Session, port: Port, subnet_id: str, external_id: str) -> str:
        """The router that joins a subnet and an external network, if there are several the one that is the gateway."""
        outside, inside = aliased(Port), aliased(Port)
        routers = (
            select(inside.device_id, IPAllocation.ip_address == Subnet.gateway_ip)
            .join(IPAllocation, IPAllocation.port_id == inside.id)
            .join(Subnet, Subnet.id == IPAllocation.subnet_id)
            .join(outside, outside.device_id == inside.device_id)
            .where(inside.device_owner == INTERFACE, IPAllocation.subnet_id == subnet_id)
            .where(outside.device_owner == OUTSIDE, outside.network_id == external_id)
        )
        found = sorted(session.execute(routers).all(), key=lambda row: (not row[1], row[0]))
        if not found:
            ids = {"subnet_id": subnet_id, "port_id": port.id}
            raise e.ExternalGatewayForFloatingIPNotFound(external_network_id=external_id, **ids)
        return str(found[0][0])


def _fixed_ip(port: Port, address: str | None) -> IPAllocation:
    """The port's address that is meant. Raises BadRequest."""
    held = [allocation for allocation in port.allocations if ":" not in allocation.ip_address]
    chosen = [allocation for allocation in held if address in (None, allocation.ip_address)]
    if len(chosen) == 1:
        return chosen[0]
    msg = f"Port {port.id} does not have fixed ip {address}"
    if not held:
        msg = f"Cannot add floating IP to port {port.id} that has no fixed IPv4 addresses"
    elif chosen:
        msg = (
            f"Port {port.id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning a"
        )
        msg += " floating IP"
    raise e.BadRequest(resource="floatingip", msg=msg)
