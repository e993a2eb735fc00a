"""Can this address reach that one, and if not, why not: the way of a packet, read from the database.

Interface: `explain(handle, source, destination, port, protocol)` → `Path`: `path.reaches`, `path.hops`. Source and
destination are addresses, or ids of ports where several have the address; an address that nobody has is outside.
Invariants: the hops are those that bridges, firewalls and routers would make; the last one is the first that refuses.
Upstream: none; there one looks with tcpdump at each interface. Left out: allowed address pairs, stateless groups
(replies to what may go come back), the routes of hosts outside.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.neutron.models import IPAllocation, Port, SecurityGroupRule, Subnet
from oslearn.neutron.models_l3 import FloatingIP, Router
from oslearn.neutron.routers import INTERFACE
from oslearn.neutron.securitygroups import network as prefix_of
from oslearn.neutron.securitygroups import number
from oslearn.oslo.db import Handle


@dataclass(frozen=True)
class Hop:
    """One place on the way, whether the packet gets through it, and why."""

    kind: str
    name: str
    passes: bool
    why: str


@dataclass(frozen=True)
class Path:
    """The way of a packet as far as it comes."""

    source: str
    destination: str
    protocol: str
    port: int | None
    hops: tuple[Hop, ...]

    @property
    def reaches(self) -> bool:
        """Whether it arrives."""
        return all(hop.passes for hop in self.hops)


class Stopped(Exception):
    """The packet comes no further."""


class End:
    """One end of the way: an address and what has it in the cloud. Raises LookupError, ValueError."""

    def __init__(self, session: Session, name: str) -> None:
        held = select(IPAllocation).join(Port, Port.id == IPAllocation.port_id)
        held = held.where(Port.device_owner != "network:floatingip")
        mine = (IPAllocation.ip_address == name) | (Port.id == name)
        self.floating = session.scalar(select(FloatingIP).where(FloatingIP.floating_ip_address == name))
        if self.floating is not None:
            fixed, port_id = self.floating.fixed_ip_address, self.floating.fixed_port_id
            mine = (IPAllocation.ip_address == fixed) & (Port.id == port_id)
        found = session.scalars(held.where(mine).limit(2)).all()
        if len(found) > 1:
            raise LookupError(f"{name} is an address of several ports: name one by its id")
        self.held = found[0] if found else None
        self.port = session.get_one(Port, self.held.port_id) if self.held else None
        self.subnet = session.get_one(Subnet, self.held.subnet_id) if self.held else None
        self.inside = bool(self.subnet and not self.subnet.external)
        self.address = self.held.ip_address if self.held and not self.floating else str(ip_address(name))


def explain(handle: Handle, source: str, destination: str, port: int | None = None, protocol: str = "tcp") -> Path:
    """Follow a packet. Raises LookupError if several ports have an address, ValueError if it is none."""
    with handle.session() as session:
        walk = Walk(session, End(session, source), End(session, destination), protocol, port)
        with suppress(Stopped):
            walk.follow()
        return Path(walk.source.address, walk.target.address, protocol, port, tuple(walk.hops))


class Walk:
    """The walk of one packet. `seen_as` is the source's address as the target sees it."""

    def __init__(self, session: Session, source: End, target: End, protocol: str, port: int | None) -> None:
        self.session, self.source, self.target, self.protocol, self.port = session, source, target, protocol, port
        self.seen_as, self.hops = source.address, list[Hop]()

    def hop(self, kind: str, name: str, passes: bool, why: str) -> None:
        """One hop. Raises Stopped if it is the last."""
        self.hops.append(Hop(kind, name, passes, why))
        if not passes:
            raise Stopped()

    def follow(self) -> None:
        """From the source's port to the target's."""
        source, target = self.source, self.target
        if source.port:
            self.connected(source)
            self.guarded(source, "egress", target.address, None if target.floating else target.port)
        if source.subnet and target.subnet and not target.floating and source.subnet.id == target.subnet.id:
            self.hop("subnet", source.subnet.cidr, True, "both ends are on it: no router is needed")
        elif source.subnet and target.subnet and source.inside and target.inside and not target.floating:
            self.routed(self.first_router(source.subnet), target.subnet)
        else:
            if source.subnet and source.inside:
                self.translated(self.first_router(source.subnet))
            self.enter()
        if target.port:
            self.connected(target)
            self.guarded(target, "ingress", self.seen_as, source.port if self.seen_as == source.address else None)

    def connected(self, end: End) -> None:
        """The port has to be plugged."""
        assert end.port
        where = f"{end.held and end.held.ip_address} on host {end.port.host_id or 'none'}: {end.port.status}"
        self.hop("port", end.port.id, end.port.status == "ACTIVE" and end.port.admin_state_up, where)

    def guarded(self, end: End, direction: str, remote: str, peer: Port | None) -> None:
        """One rule that fits is enough."""
        assert end.port
        if not end.port.port_security_enabled:
            return self.hop("security group", end.port.id, True, "port security is off")
        groups = end.port.security_groups
        mine = SecurityGroupRule.security_group_id.in_(groups) & (SecurityGroupRule.direction == direction)
        rules = self.session.scalars(select(SecurityGroupRule).where(mine))
        fitting = [rule.security_group_id for rule in rules if self.fits(rule, remote, peer)]
        what = f"{direction} {self.protocol} {self.port or ''}".strip() + f", remote {remote}"
        name = fitting[0] if fitting else ", ".join(groups) or "none"
        return self.hop("security group", name, bool(fitting), f"{'allows' if fitting else 'no rule allows'} {what}")

    def fits(self, rule: SecurityGroupRule, remote: str, peer: Port | None) -> bool:
        """Whether a rule is about this packet."""
        low, high = rule.port_range_min, rule.port_range_max
        if rule.ethertype != f"IPv{ip_address(remote).version}":
            return False
        if rule.protocol and number(rule.protocol) != number(self.protocol):
            return False
        if low is not None and self.port is not None and not low <= self.port <= (low if high is None else high):
            return False
        if rule.remote_group_id:
            return peer is not None and rule.remote_group_id in peer.security_groups
        return not rule.remote_ip_prefix or ip_address(remote) in prefix_of(rule.remote_ip_prefix)

    def first_router(self, subnet: Subnet) -> Router:
        """The router that is the subnet's gateway."""
        at = select(Router).join(Port, Port.device_id == Router.id).join(IPAllocation, IPAllocation.port_id == Port.id)
        at = at.where(IPAllocation.subnet_id == subnet.id, IPAllocation.ip_address == subnet.gateway_ip)
        router = self.session.scalar(at.where(Port.device_owner == INTERFACE))
        if router is None:
            why = f"no router has its gateway address {subnet.gateway_ip}" if subnet.gateway_ip else "it has no gateway"
            self.hop("subnet", subnet.cidr, False, why)
        assert router
        self.hop("subnet", subnet.cidr, True, f"its gateway {subnet.gateway_ip} is router {router.name or router.id}")
        return router

    def routed(self, router: Router, there: Subnet) -> None:
        """From one subnet to another, and back."""
        on = select(IPAllocation.ip_address).join(Port, Port.id == IPAllocation.port_id)
        here = self.session.scalar(on.where(Port.device_id == router.id, IPAllocation.subnet_id == there.id))
        routes = [ip_network(route["destination"]) for route in router.routes]
        ways = here is not None or any(ip_address(self.target.address) in network for network in routes)
        why = f"has {'an interface on or a route to' if ways else 'no interface on and no route to'} {there.cidr}"
        self.hop("router", router.name or router.id, ways and router.admin_state_up, why)
        if here is not None and here != there.gateway_ip:
            why = f"its gateway is {there.gateway_ip}, not this router's {here}: no reply comes back"
            self.hop("subnet", there.cidr, False, why)

    def translated(self, router: Router) -> None:
        """Out of the router's gateway, under an address that the outside knows."""
        held, gateway, name = self.source.held, router.gw_port, router.name or router.id
        assert held
        if gateway is None or not router.admin_state_up:
            self.hop("router", name, False, "it has no external gateway" if gateway is None else "it is switched off")
        mine = {"fixed_port_id": held.port_id, "fixed_ip_address": held.ip_address, "router_id": router.id}
        floating = self.session.scalar(select(FloatingIP).filter_by(**mine))
        if floating is None and not router.enable_snat:
            self.hop("router", name, False, f"SNAT is off: nobody outside can reply to {held.ip_address}")
        self.seen_as = floating.floating_ip_address if floating else gateway.allocations[0].ip_address  # type: ignore[union-attr]
        how = "its floating address" if floating else "the router's own address (SNAT)"
        self.hop("router", name, True, f"goes out as {self.seen_as}, {how}")

    def enter(self) -> None:
        """In from an external network, to a floating address or to a port that is on it."""
        target = self.target
        if target.floating:
            if target.held is None:
                self.hop("floating ip", target.address, False, "it leads to no port")
            router = self.session.get_one(Router, str(target.floating.router_id))
            why = f"router {router.name or router.id} translates it to {target.floating.fixed_ip_address}"
            self.hop("floating ip", target.address, router.admin_state_up, why)
        elif target.inside and target.subnet:
            why = f"no way leads from outside to {target.address}: it needs a floating address"
            self.hop("network", target.subnet.cidr, False, why)
