"""Subnets: `/v2.0/subnets`.

Invariants: two subnets of a network never overlap; the pools lie inside the subnet, apart from each other and from
the gateway.
Upstream: neutron/db/db_base_plugin_v2.py, neutron/db/ipam_backend_mixin.py.
Left out: subnet pools, IPv6 address modes, a changed gateway or changed pools, segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from itertools import combinations
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from oslearn.neutron import attributes as a
from oslearn.neutron import exceptions as e
from oslearn.neutron import ipam
from oslearn.neutron.base import fields
from oslearn.neutron.models import IPAllocation, Network, Subnet
from oslearn.neutron.networks import Networks
from oslearn.oslo import policy
from oslearn.oslo.clock import iso
from oslearn.oslo.context import RequestContext
from oslearn.oslo.exception import PolicyNotAuthorized
from oslearn.oslo.wsgi import Reply, Request

SUBNET = {
    "name": a.Attribute(a.text, ""),
    "description": a.Attribute(a.text, ""),
    "network_id": a.Attribute(a.text, a.REQUIRED, put=False),
    "ip_version": a.Attribute(a.one_of(4, 6), a.REQUIRED, put=False),
    "cidr": a.Attribute(a.cidr, a.REQUIRED, put=False),
    "gateway_ip": a.Attribute(a.address, put=False),
    "allocation_pools": a.Attribute(a.array(a.mapping("start", "end")), put=False),
    "enable_dhcp": a.Attribute(a.boolean, True),
    "dns_nameservers": a.Attribute(a.array(a.address), []),
    "host_routes": a.Attribute(a.array(a.mapping("destination", "nexthop")), []),
    "service_types": a.Attribute(a.array(a.text), []),
    "project_id": a.Attribute(a.text, put=False),
    "subnetpool_id": a.Attribute(a.one_of(None), put=False),
}


class Subnets(Networks):
    """The handlers of subnets."""

    def list_subnets(self, req: Request) -> dict[str, Any]:
        """200, 400."""
        self.policy.enforce(req.caller, "get_subnet")
        with self.handle.session() as session:
            return self._list(session, req, Subnet, "subnets", view)

    def show_subnet(self, req: Request, subnet_id: str) -> dict[str, Any]:
        """200, 404."""
        self.policy.enforce(req.caller, "get_subnet")
        with self.handle.session() as session:
            subnet = self._find(session, Subnet, req.caller, subnet_id, e.SubnetNotFound)
            return {"subnet": fields(req, view(session, [subnet], req.caller)[0])}

    def create_subnet(self, req: Request) -> Reply:
        """201, 400, 403, 404, 409 if gateway and pools collide."""
        values = a.read(req.json_body(), "subnet", SUBNET, "POST")
        self.policy.enforce(req.caller, "create_subnet")
        project = self._project(req.caller, values)
        values.pop("subnetpool_id", None)
        with self.handle.session() as session:
            network = self._find(session, Network, req.caller, values["network_id"], e.NetworkNotFound)
            if not policy.owner(req.caller, {"project_id": network.project_id}):
                raise PolicyNotAuthorized("rule:create_subnet is disallowed by policy")
            self._check_quota(session, Subnet, project)
            check_overlap(session, network.id, values["cidr"])
            subnet = Subnet(**plan(values), project_id=project, **self._stamp())
            session.add(subnet)
            session.flush()
            ipam.SubnetPool(session, subnet).fill()
            self._touch(network)
            return Reply(201, {"subnet": view(session, [subnet], req.caller)[0]})

    def update_subnet(self, req: Request, subnet_id: str) -> dict[str, Any]:
        """200, 400, 404."""
        values = a.read(req.json_body(), "subnet", SUBNET, "PUT")
        self.policy.enforce(req.caller, "update_subnet")
        with self.handle.session() as session:
            subnet = self._find(session, Subnet, req.caller, subnet_id, e.SubnetNotFound)
            self._own(req.caller, subnet)
            for name, value in values.items():
                setattr(subnet, name, value)
            self._touch(subnet)
            return {"subnet": view(session, [subnet], req.caller)[0]}

    def delete_subnet(self, req: Request, subnet_id: str) -> None:
        """204, 404, 409 while ports have its addresses."""
        self.policy.enforce(req.caller, "delete_subnet")
        with self.handle.session() as session:
            subnet = self._find(session, Subnet, req.caller, subnet_id, e.SubnetNotFound)
            self._own(req.caller, subnet)
            if session.scalar(select(IPAllocation.port_id).where(IPAllocation.subnet_id == subnet_id).limit(1)):
                raise e.SubnetInUse(subnet_id=subnet_id)
            self._touch(session.get_one(Network, subnet.network_id))
            session.execute(delete(Subnet).where(Subnet.id == subnet_id))


def check_overlap(session: Session, network_id: str, cidr: str) -> None:
    """Raises InvalidInput if the network has some of these addresses already."""
    wanted = ip_network(cidr)
    for other in session.scalars(select(Subnet.cidr).where(Subnet.network_id == network_id)):
        if ip_network(other).overlaps(wanted):
            detail = f"Requested subnet with cidr: {cidr} for network: {network_id} overlaps with another subnet"
            raise e.InvalidInput(error_message=detail)


def plan(values: dict[str, Any]) -> dict[str, Any]:
    """The subnet's values with gateway and pools worked out. Raises InvalidInput and the pools' errors."""
    network = ip_network(values["cidr"])
    if network.version != values["ip_version"]:
        detail = f"cidr '{network}' does not match the ip_version '{values['ip_version']}'"
        raise e.InvalidInput(error_message=detail)
    first, _ = ipam.hosts(network)
    gateway = values.get("gateway_ip", str(ip_address(first)))
    if gateway is not None and ip_address(gateway) not in network:
        raise e.InvalidInput(error_message="Gateway is not valid on subnet")
    pools = values.get("allocation_pools")
    if pools is None:
        pools = ipam.default_pools(network, ip_address(gateway) if gateway else None)
    check_pools(pools, values["cidr"], gateway)
    return values | {"gateway_ip": gateway, "allocation_pools": pools}


def check_pools(pools: list[dict[str, str]], cidr: str, gateway: str | None) -> None:
    """Raises InvalidAllocationPool, OutOfBounds..., Overlapping..., GatewayConflictWithAllocationPools."""
    network, spans = ip_network(cidr), []
    low, high = ipam.hosts(network)
    for pool in pools:
        try:
            start, end = ip_address(pool["start"]), ip_address(pool["end"])
        except (KeyError, ValueError):
            raise e.InvalidAllocationPool(pool=pool) from None
        name = f"{start}-{end}"
        if start.version != network.version or end.version != network.version or int(start) > int(end):
            raise e.InvalidAllocationPool(pool=name)
        if int(start) < low or int(end) > high:
            raise e.OutOfBoundsAllocationPool(pool=name, subnet_cidr=cidr)
        if gateway is not None and int(start) <= int(ip_address(gateway)) <= int(end):
            raise e.GatewayConflictWithAllocationPools(ip_address=gateway, pool=name)
        spans.append((int(start), int(end), name))
    for one, two in combinations(sorted(spans), 2):
        if one[1] >= two[0]:
            raise e.OverlappingAllocationPools(pool_1=one[2], pool_2=two[2], subnet_cidr=cidr)


def view(session: Session, subnets: Sequence[Subnet], caller: RequestContext) -> list[dict[str, Any]]:
    """The subnets as the API shows them."""
    ids = {subnet.network_id for subnet in subnets}
    external = dict(session.execute(select(Network.id, Network.external).where(Network.id.in_(ids))).all())
    return [_view(subnet, external[subnet.network_id]) for subnet in subnets]


def _view(subnet: Subnet, external: bool) -> dict[str, Any]:
    same = ("id", "name", "project_id", "network_id", "ip_version", "enable_dhcp", "gateway_ip", "cidr",
            "allocation_pools", "host_routes", "dns_nameservers", "description", "service_types",
            "revision_number")  # fmt: skip
    shown = {name: getattr(subnet, name) for name in same}
    shown |= {"subnetpool_id": None, "ipv6_ra_mode": None, "ipv6_address_mode": None, "router:external": external}
    shown |= {"tags": [], "created_at": iso(subnet.created_at), "updated_at": iso(subnet.updated_at)}
    return shown | {"tenant_id": subnet.project_id}
