"""Can this address reach that one, and if not, why not: the way of a packet, read from the database.

Interface: `explain(handle, source, destination, port, protocol, caller)` → JSON: whether it reaches, the hops, and
more. Source and destination are addresses, or ids of ports where several have the address; an address that nobody has
is outside, and so is for a caller what another project has. `oslearn reach` asks for it by `GET /v2.0/reachability`.
Invariants: the hops are those that bridges, firewalls and routers would make; the last one is the first that refuses,
and names the command that repairs it.
Upstream: none; there one looks with tcpdump at each interface. Left out: allowed address pairs, stateless groups
(replies to what may go come back), the routes of hosts outside.
"""

from __future__ import annotations

import tomllib
from contextlib import suppress
from ipaddress import ip_address, ip_network
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.binding import PORT
from oslearn.core.neutron.models import IPAllocation, Port, SecurityGroupRule, Subnet
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.policy import admin_or_service, owner
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.attributes import port_number, protocol
from oslearn.extensions.neutron.floatingips import FLOATINGIP
from oslearn.extensions.neutron.models import FloatingIP, Router
from oslearn.extensions.neutron.ports import INTERFACE
from oslearn.extensions.neutron.securitygroups import network as prefix_of
from oslearn.extensions.neutron.securitygroups import number

HOPS = tomllib.loads((Path(__file__).parent / "hops.toml").read_text("utf-8"))
"""What is said of each hop, and which command repairs it."""


class Stopped(Exception):
    """The packet comes no further."""


class End:
    """One end of the way: an address and what has it in the cloud. Raises LookupError, ValueError."""

    def __init__(self, session: Session, name: str, caller: Context) -> None:
        held = select(IPAllocation).join(Port, Port.id == IPAllocation.port_id)
        held = held.where(Port.device_owner != "network:floatingip", PORT.visible(caller))
        mine = (IPAllocation.ip_address == name) | (Port.id == name)
        floating = select(FloatingIP).where(FloatingIP.floating_ip_address == name, FLOATINGIP.visible(caller))
        self.floating = session.scalar(floating)
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


def explain(handle: Handle, source: str, destination: str, port: int | None, protocol: str, caller: Context) -> Values:
    """Follow a packet. Raises LookupError if several ports have an address, ValueError if it is none."""
    with handle.session() as session:
        ends = End(session, source, caller), End(session, destination, caller)
        walk = Walk(session, caller, ends, protocol, port)
        with suppress(Stopped):
            walk.follow()
    about = {"source": walk.source.address, "destination": walk.target.address, "protocol": protocol, "port": port}
    return about | {"hops": walk.hops, "reaches": all(hop["passes"] for hop in walk.hops)}


class Reachability:
    """`GET /v2.0/reachability`: the way of a packet, as far as the caller may see it. There is none upstream."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def show(self, req: Request) -> Values:
        """200, 400: the hops between two ends, and whether a packet comes through."""
        query = {"source": "", "destination": "", "port": "", "protocol": "tcp"} | req.query
        port, name = port_number(query["port"])[0], protocol(query["protocol"])[0]
        try:
            ends = query["source"], query["destination"]
            return {"reachability": explain(self.handle, *ends, port, name or "any", req.caller)}
        except (LookupError, ValueError) as error:
            raise e.HTTPBadRequest(str(error)) from None


class Walk:
    """The walk of one packet. `seen_as` is the source's address as the target sees it."""

    def __init__(
        self, session: Session, caller: Context, ends: tuple[End, End], protocol: str, port: int | None
    ) -> None:
        self.session, self.caller, (self.source, self.target) = session, caller, ends
        self.protocol, self.port, self.seen_as, self.hops = protocol, port, self.source.address, list[Values]()

    def hop(self, said: str, name: str, **values: object) -> None:
        """One hop, by what hops.toml says of it. Raises Stopped if it is the last."""
        texts = {"repair": ""} | {key: text.format(name=name, **values) for key, text in HOPS[said].items()}
        self.hops.append(texts | {"name": name, "passes": not texts["repair"]})
        if texts["repair"]:
            raise Stopped()

    def follow(self) -> None:
        """From the source's port to the target's."""
        source, target = self.source, self.target
        if source.port:
            self.connected(source, source.port)
            self.guarded(source.port, "egress", target.address, None if target.floating else target.port)
        if source.subnet and target.subnet and not target.floating and source.subnet.id == target.subnet.id:
            self.hop("same_subnet", source.subnet.cidr)
        elif source.subnet and target.subnet and source.inside and target.inside and not target.floating:
            self.routed(self.first_router(source.subnet), target.subnet)
        else:
            if source.subnet and source.inside:
                self.translated(self.first_router(source.subnet))
            self.enter()
        if target.port:
            self.connected(target, target.port)
            self.guarded(target.port, "ingress", self.seen_as, source.port if self.seen_as == source.address else None)
        else:
            self.hop("outside", target.address)

    def named(self, router: Router) -> str:
        """A router's name, for who may know it."""
        return (router.name or router.id) if owner(self.caller, {"project_id": router.project_id}) else "another's"

    def connected(self, end: End, port: Port) -> None:
        """The port has to be plugged."""
        host = f" on host {port.host_id or 'none'}" if admin_or_service(self.caller, {}) else ""
        what = "port_off" if not port.admin_state_up else "port" if port.status == "ACTIVE" else "port_down"
        self.hop(what, port.id, address=end.held and end.held.ip_address, host=host, status=port.status)

    def guarded(self, port: Port, direction: str, remote: str, peer: Port | None) -> None:
        """One rule that fits is enough."""
        if not port.port_security_enabled:
            return self.hop("unguarded", port.id)
        groups = port.security_groups
        mine = SecurityGroupRule.security_group_id.in_(groups) & (SecurityGroupRule.direction == direction)
        rules = self.session.scalars(select(SecurityGroupRule).where(mine))
        fitting = [rule.security_group_id for rule in rules if self.fits(rule, remote, peer)]
        what = f"{direction} {self.protocol} {self.port or ''}".strip() + f", remote {remote}"
        ports = f" --dst-port {self.port}" if self.port else ""
        rule = f"--{direction} --protocol {self.protocol}{ports} --remote-ip {remote}"
        name = fitting[0] if fitting else ", ".join(groups) or "none"
        said = "allowed" if fitting else "refused" if groups else "no_group"
        return self.hop(said, name, what=what, rule=rule, group=next(iter(groups), ""), port=port.id)

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
        values = {"gateway": subnet.gateway_ip, "subnet": subnet.id, "router": self.named(router) if router else ""}
        what = "no_gateway" if not subnet.gateway_ip else "gateway" if router else "no_router"
        self.hop(what, subnet.cidr, **values)
        assert router
        if not router.admin_state_up:
            self.hop("router_off", self.named(router))
        return router

    def routed(self, router: Router, there: Subnet) -> None:
        """From one subnet to another, and back."""
        on = select(IPAllocation.ip_address).join(Port, Port.id == IPAllocation.port_id)
        here = self.session.scalar(on.where(Port.device_id == router.id, IPAllocation.subnet_id == there.id))
        routes = [ip_network(route["destination"]) for route in router.routes]
        ways = here is not None or any(ip_address(self.target.address) in network for network in routes)
        self.hop("joined" if ways else "not_joined", self.named(router), there=there.cidr, subnet=there.id)
        if here is not None and here != there.gateway_ip:
            self.hop("other_gateway", there.cidr, gateway=there.gateway_ip, here=here, subnet=there.id)

    def translated(self, router: Router) -> None:
        """Out of the router's gateway, under an address that the outside knows."""
        held, gateway, name = self.source.held, router.gw_port, self.named(router)
        assert held
        if gateway is None:
            return self.hop("no_way_out", name)
        mine = {"fixed_port_id": held.port_id, "fixed_ip_address": held.ip_address, "router_id": router.id}
        floating = self.session.scalar(select(FloatingIP).filter_by(**mine))
        if floating is None and not router.enable_snat:
            self.hop("no_snat", name, address=held.ip_address)
        self.seen_as = floating.floating_ip_address if floating else gateway.allocations[0].ip_address
        return self.hop("as_floating" if floating else "as_router", name, address=self.seen_as)

    def enter(self) -> None:
        """In from an external network, to a floating address or to a port that is on it."""
        target = self.target
        if target.floating:
            if target.held is None:
                self.hop("unused", target.address)
            router = self.session.get_one(Router, str(target.floating.router_id))
            if not router.admin_state_up:
                self.hop("router_off", self.named(router))
            self.hop("floating", target.address, router=self.named(router), address=target.floating.fixed_ip_address)
        elif target.inside and target.subnet:
            router = self.first_router(target.subnet)
            if router.gw_port is None:
                self.hop("no_way_out", self.named(router))
            self.hop("private", target.subnet.cidr, address=target.address)
