"""Can this address reach that one, and if not, why not: the way of a packet, read from the database.

Interface: `explain(handle, source, destination, port, protocol)` → `Path`: `path.reaches`, `path.hops`. Source and
destination are addresses, or ids of ports where several have the address; an address that nobody has is outside.
Invariants: the hops are those that bridges, firewalls and routers would make; the last one is the first that
refuses.
Upstream: none; an administrator finds it out with `tcpdump` on each interface. Left out: allowed address pairs,
stateless groups (replies to what may go come back), the routes of hosts outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.neutron.models import (
    FloatingIP,
    IPAllocation,
    Network,
    Port,
    Router,
    SecurityGroupPortBinding,
    SecurityGroupRule,
    Subnet,
)
from oslearn.neutron.routers import INTERFACE, OUTSIDE
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


@dataclass(frozen=True)
class End:
    """One end of the way: an address, and what has it. Outside the cloud nothing does."""

    address: str
    held: IPAllocation | None = None
    floating: FloatingIP | None = None


def explain(handle: Handle, source: str, destination: str, port: int | None = None, protocol: str = "tcp") -> Path:
    """Follow a packet. Raises LookupError if several ports have an address, ValueError if it is none."""
    with handle.session() as session:
        walk = _Walk(session, _end(session, source), _end(session, destination), protocol, port)
        hops = []
        for hop in walk.hops():
            hops.append(hop)
            if not hop.passes:
                break
        return Path(walk.source.address, walk.target.address, protocol, port, tuple(hops))


def _end(session: Session, name: str) -> End:
    held = select(IPAllocation).join(Port, Port.id == IPAllocation.port_id)
    held = held.where(Port.device_owner != "network:floatingip")
    floating = session.scalar(select(FloatingIP).where(FloatingIP.floating_ip_address == name))
    if floating is not None:
        mine = (IPAllocation.port_id == floating.fixed_port_id) & (IPAllocation.ip_address == floating.fixed_ip_address)
        return End(name, session.scalar(held.where(mine)), floating)
    found = session.scalars(held.where((IPAllocation.ip_address == name) | (Port.id == name)).limit(2)).all()
    if len(found) > 1:
        raise LookupError(f"{name} is the address of several ports: name one by its id")
    return End(found[0].ip_address, found[0]) if found else End(str(ip_address(name)))


@dataclass
class _Walk:
    """The walk of one packet. `seen_as` is the source's address as the target sees it."""

    session: Session
    source: End
    target: End
    protocol: str
    port: int | None
    seen_as: str = ""

    def hops(self) -> Iterator[Hop]:
        """The hops in order."""
        self.seen_as = self.source.address
        if self.source.held:
            yield from self._leave(self.source.held)
        target = self.target.held
        if self.target.floating and not target:
            yield Hop("floating ip", self.target.address, False, "it leads to no port")
        near = self.source.held and target and not self.target.floating
        if near and self.source.held and target and self.source.held.subnet_id == target.subnet_id:
            yield Hop("subnet", self._subnet(target).cidr, True, "both ends are on it: no router is needed")
        elif near and self.source.held and target:
            yield from self._route(self.source.held, target)
        else:
            yield from self._across(target)
        if target:
            yield from self._arrive(target)

    def _leave(self, held: IPAllocation) -> Iterator[Hop]:
        yield self._connected(held)
        yield self._guarded(held, "egress", self.target.address, self.target.held)

    def _arrive(self, held: IPAllocation) -> Iterator[Hop]:
        yield self._connected(held)
        plain = self.source.held if self.seen_as == (self.source.held and self.source.held.ip_address) else None
        yield self._guarded(held, "ingress", self.seen_as, plain)

    def _connected(self, held: IPAllocation) -> Hop:
        port = self.session.get_one(Port, held.port_id)
        where = f"{held.ip_address} on host {port.host_id or 'none'}"
        return Hop("port", port.id, port.status == "ACTIVE" and port.admin_state_up, f"{where}: {port.status}")

    def _guarded(self, held: IPAllocation, direction: str, remote: str, peer: IPAllocation | None) -> Hop:
        """The security groups of a port: one rule that fits is enough."""
        port = self.session.get_one(Port, held.port_id)
        if not port.port_security_enabled:
            return Hop("security group", port.id, True, "port security is off")
        mine = SecurityGroupRule.security_group_id.in_(port.security_groups)
        rules = self.session.scalars(select(SecurityGroupRule).where(mine, SecurityGroupRule.direction == direction))
        fitting = next((rule for rule in rules if self._fits(rule, remote, peer)), None)
        what = f"{direction} {self.protocol}{f' {self.port}' if self.port else ''}, remote {remote}"
        name = fitting.security_group_id if fitting else ", ".join(port.security_groups) or "none"
        return Hop("security group", name, fitting is not None, f"{'allows' if fitting else 'no rule allows'} {what}")

    def _fits(self, rule: SecurityGroupRule, remote: str, peer: IPAllocation | None) -> bool:
        if rule.ethertype != f"IPv{ip_address(remote).version}":
            return False
        if rule.protocol and number(rule.protocol) != number(self.protocol):
            return False
        low, high = rule.port_range_min, rule.port_range_max
        if low is not None and self.port is not None and not low <= self.port <= (low if high is None else high):
            return False
        if rule.remote_group_id:
            bound = SecurityGroupPortBinding
            member = (bound.security_group_id == rule.remote_group_id) & (bound.port_id == (peer and peer.port_id))
            return self.session.scalar(select(bound.port_id).where(member)) is not None
        prefix = rule.remote_ip_prefix
        return not prefix or ip_address(remote) in ip_network(prefix, strict=False)

    def _route(self, held: IPAllocation, target: IPAllocation) -> Iterator[Hop]:
        """From one subnet to another of the same router."""
        router = yield from self._first_router(held)
        there = self._subnet(target)
        joined = router is not None and self._interface(router, there) is not None
        if router is not None and not joined:
            joined = any(ip_address(target.ip_address) in ip_network(route["destination"]) for route in router.routes)
        if router is not None:
            why = f"has {'an interface on or a route to' if joined else 'no interface on and no route to'} {there.cidr}"
            yield Hop("router", router.name or router.id, joined, why)
            back = self._interface(router, there)
            if back is not None and back.ip_address != there.gateway_ip:
                why = f"its gateway is {there.gateway_ip}, not this router: no reply comes back"
                yield Hop("subnet", there.cidr, False, why)

    def _across(self, target: IPAllocation | None) -> Iterator[Hop]:
        """Out to an external network, in from one, or both."""
        if self.source.held and not self._external(self.source.held):
            router = yield from self._first_router(self.source.held)
            if router is not None:
                yield from self._translated(router, self.source.held)
        if self.target.floating and target:
            router = self.session.get_one(Router, str(self.target.floating.router_id))
            why = f"translates {self.target.address} to {target.ip_address}"
            yield Hop("floating ip", self.target.address, router.admin_state_up, f"router {router.name} {why}")
        elif target and not self._external(target):
            why = f"no way leads from outside to {target.ip_address}: it needs a floating address"
            yield Hop("network", self._subnet(target).cidr, False, why)

    def _first_router(self, held: IPAllocation) -> Any:
        """The router that is the gateway of a subnet; returns it if the packet gets through."""
        subnet = self._subnet(held)
        if subnet.gateway_ip is None:
            return (yield Hop("subnet", subnet.cidr, False, "it has no gateway"))
        at = select(Router).join(Port, Port.device_id == Router.id).join(IPAllocation, IPAllocation.port_id == Port.id)
        at = at.where(IPAllocation.subnet_id == subnet.id, IPAllocation.ip_address == subnet.gateway_ip)
        router = self.session.scalar(at.where(Port.device_owner == INTERFACE))
        if router is None:
            return (yield Hop("subnet", subnet.cidr, False, f"no router has its gateway address {subnet.gateway_ip}"))
        yield Hop("subnet", subnet.cidr, True, f"its gateway {subnet.gateway_ip} is router {router.name or router.id}")
        if not router.admin_state_up:
            yield Hop("router", router.name or router.id, False, "it is switched off")
        return router

    def _translated(self, router: Router, held: IPAllocation) -> Iterator[Hop]:
        """Out of the router's gateway, under an address that the outside knows."""
        gateway = router.gw_port
        if gateway is None:
            yield Hop("router", router.name or router.id, False, "it has no external gateway")
            return
        mine = (FloatingIP.fixed_port_id == held.port_id) & (FloatingIP.fixed_ip_address == held.ip_address)
        floating = self.session.scalar(select(FloatingIP).where(mine, FloatingIP.router_id == router.id))
        if floating is None and not router.enable_snat:
            why = f"SNAT is off: outside nobody can reply to {held.ip_address}"
            yield Hop("router", router.name or router.id, False, why)
            return
        self.seen_as = floating.floating_ip_address if floating else gateway.allocations[0].ip_address
        how = "its floating address" if floating else "SNAT to the router's own address"
        yield Hop("router", router.name or router.id, True, f"goes out as {self.seen_as}: {how}")

    def _interface(self, router: Router, subnet: Subnet) -> IPAllocation | None:
        on = select(IPAllocation).join(Port, Port.id == IPAllocation.port_id).where(Port.device_id == router.id)
        owners = Port.device_owner.in_([INTERFACE, OUTSIDE])
        return self.session.scalar(on.where(IPAllocation.subnet_id == subnet.id, owners))

    def _subnet(self, held: IPAllocation) -> Subnet:
        return self.session.get_one(Subnet, held.subnet_id)

    def _external(self, held: IPAllocation) -> bool:
        return self.session.get_one(Network, self._subnet(held).network_id).external
