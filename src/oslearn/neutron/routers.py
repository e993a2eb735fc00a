"""Routers: `/v2.0/routers`, their interfaces on subnets and their gateway to an external network.

Invariants: a router's subnets do not overlap; an interface or gateway that a floating address or a route needs stays;
a next hop is on one of the router's subnets.
Upstream: neutron/db/l3_db.py, l3_gwmode_db.py, extraroute_db.py, l3_agentschedulers_db.py.
Left out: distributed and highly available routers (only their attributes), flavors, several gateways.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from oslearn.neutron import attributes as a
from oslearn.neutron import exceptions as e
from oslearn.neutron.addresses import change
from oslearn.neutron.attributes import Attribute
from oslearn.neutron.base import Resource, assign
from oslearn.neutron.binding import PORT
from oslearn.neutron.models import FloatingIP, IPAllocation, Network, Port, Router, Subnet
from oslearn.neutron.networks import NETWORK
from oslearn.neutron.ports import Ports
from oslearn.neutron.subnets import SUBNET
from oslearn.oslo.context import RequestContext

FIXED_IP = a.mapping(subnet_id=a.uuid, ip_address=a.address)
GATEWAY = a.mapping(
    ("network_id",), network_id=a.uuid, enable_snat=a.boolean, external_fixed_ips=a.optional(a.array(FIXED_IP))
)
ROUTER = Resource(
    "router",
    Router,
    a.STANDARD
    | {
        "admin_state_up": Attribute(a.boolean, True),
        "status": a.shown(),
        "external_gateway_info": Attribute(a.optional(GATEWAY), None),
        "routes": Attribute(a.optional(a.array(a.ROUTE), []), []),
        "distributed": Attribute(a.boolean, False, admin=True, secret=True),
        "ha": Attribute(a.boolean, False, admin=True, secret=True),
        "availability_zone_hints": Attribute(a.array(a.text), [], put=False),
        "availability_zones": a.shown(),
        "flavor_id": Attribute(a.one_of(None), None, put=False),
    },
    "RouterNotFound",
)
INTERFACE, OUTSIDE = "network:router_interface", "network:router_gateway"
"""Owners of a router's ports."""
MAX_ROUTES = 30


class Routers(Ports):
    """Routers."""

    def create_router(self, session: Session, context: RequestContext, values: dict[str, Any]) -> Router:
        """Raises as an update of the gateway does."""
        values.pop("flavor_id")
        gateway = values.pop("external_gateway_info")
        router = Router(**values, revision_number=1, **self.stamp())
        session.add(router)
        session.flush()
        if gateway:
            self._set_gateway(session, context, router, gateway)
            self.routers_updated(session, router)
        return router

    def update_router(self, session: Session, context: RequestContext, router: Router, values: dict[str, Any]) -> None:
        """Raises NetworkNotFound, BadRequest, RouterExternalGatewayInUseByFloatingIp, InvalidRoutes."""
        gateway = values.pop("external_gateway_info", a.NOT_GIVEN)
        if "distributed" in values and values["distributed"] != router.distributed and router.admin_state_up:
            msg = (
                "Cannot change the 'distributed' attribute of active routers. Please set router admin_state_up to False"
            )
            raise e.BadRequest(resource="router", msg=f"{msg} prior to upgrade")
        if gateway is not a.NOT_GIVEN:
            self._set_gateway(session, context, router, gateway)
        if values.get("routes"):
            self._check_routes(session, router, values["routes"])
        assign(router, values)
        self.routers_updated(session, router)

    def delete_router(self, session: Session, context: RequestContext, router: Router) -> None:
        """Raises RouterInUse."""
        if self.ports_of(session, router, INTERFACE):
            raise e.RouterInUse(router_id=router.id)
        self._set_gateway(session, context, router, None)
        hosts = [agent.host for agent in router.agents]
        self.later(session, self.notifier.l3, hosts, "router_deleted", router_id=router.id)
        session.execute(delete(Router).where(Router.id == router.id))

    def add_router_interface(
        self, session: Session, context: RequestContext, router: Router, info: dict[str, Any]
    ) -> dict[str, Any]:
        """By port or by subnet. Raises BadRequest, PortInUse, SubnetNotFound, PortNotFound."""
        port_id, subnet_id = _interface(info)
        if port_id and subnet_id:
            raise e.BadRequest(resource="router", msg="Cannot specify both subnet-id and port-id")
        if port_id:
            port, subnets = self._add_by_port(session, context, router, port_id)
        else:
            subnets = [self.find(session, SUBNET, context, subnet_id)]
            port = self._add_by_subnet(session, context, router, subnets[0])
        self.touch(router)
        self.routers_updated(session, router)
        return _info(router, port, subnets)

    def remove_router_interface(
        self, session: Session, context: RequestContext, router: Router, info: dict[str, Any]
    ) -> dict[str, Any]:
        """Raises RouterInterfaceNotFound..., RouterInterfaceInUseBy..., SubnetMismatchForPort."""
        port_id, subnet_id = _interface(info)
        if not port_id:
            self.find(session, SUBNET, context, subnet_id)
        ports = [p for p in self.ports_of(session, router, INTERFACE) if port_id in (None, p.id)]
        if port_id and not ports:
            raise e.RouterInterfaceNotFound(router_id=router.id, port_id=port_id)
        having = [p for p in ports if subnet_id in (None, *[held.subnet_id for held in p.allocations])]
        if not having and port_id:
            raise e.SubnetMismatchForPort(port_id=port_id, subnet_id=subnet_id)
        if not having:
            raise e.RouterInterfaceNotFoundForSubnet(router_id=router.id, subnet_id=subnet_id)
        port = having[0]
        gone = [held.subnet_id for held in port.allocations if port_id or held.subnet_id == subnet_id]
        subnets = [session.get_one(Subnet, key) for key in gone]
        for subnet in subnets:
            self._check_unused(session, router, subnet)
        rest = [held for held in port.fixed_ips if held["subnet_id"] not in gone]
        if rest:
            change(session, port, session.get_one(Network, port.network_id).subnets, rest)
        else:
            self.drop_port(session, port)
        self.touch(router)
        self.routers_updated(session, router)
        return _info(router, port, subnets)

    def ports_of(self, session: Session, router: Router, owner: str | None = None) -> list[Port]:
        """A router's ports: its interfaces, its gateway, or both."""
        owners = [owner] if owner else [INTERFACE, OUTSIDE]
        wanted = select(Port).where(Port.device_id == router.id, Port.device_owner.in_(owners))
        return list(session.scalars(wanted.order_by(Port.created_at, Port.id)))

    def routers_updated(self, session: Session, router: Router) -> None:
        """Tell the router's agent; a router with ports gets one, if it has none."""
        self.later(session, self._notify, router.id)

    def _notify(self, router_id: str) -> None:
        with self.handle.session() as session:
            router = session.get_one(Router, router_id)
            if not router.agents and self.ports_of(session, router):
                router.agents = self.alive_agents(session, "L3 agent")[:1]
            hosts = [agent.host for agent in router.agents if agent.admin_state_up]
        self.notifier.l3(hosts, "routers_updated", routers=[router_id])

    def _add_by_port(
        self, session: Session, context: RequestContext, router: Router, port_id: str
    ) -> tuple[Port, list[Subnet]]:
        port = self.find(session, PORT, context, port_id)
        if port.device_id:
            raise e.PortInUse(net_id=port.network_id, port_id=port.id, device_id=port.device_id)
        subnets = [session.get_one(Subnet, held.subnet_id) for held in port.allocations]
        if not subnets:
            raise e.BadRequest(resource="router", msg="Router port must have at least one fixed IP")
        if len([subnet for subnet in subnets if subnet.ip_version == 4]) > 1:
            raise e.BadRequest(resource="router", msg="Cannot have multiple IPv4 subnets on router port")
        self._check_overlap(session, router, subnets, INTERFACE)
        port.device_id, port.device_owner = router.id, INTERFACE
        self.touch(port)
        return port, subnets

    def _add_by_subnet(self, session: Session, context: RequestContext, router: Router, subnet: Subnet) -> Port:
        if not subnet.gateway_ip:
            raise e.BadRequest(resource="router", msg="Subnet for router interface must have a gateway IP")
        if subnet.project_id != context.project_id and not context.is_admin:
            msg = f"Cannot add interface to router because subnet {subnet.id} is not owned by project making the"
            raise e.BadRequest(resource="router", msg=f"{msg} request")
        if subnet.ipv6_address_mode and not subnet.ipv6_ra_mode:
            msg = f"IPv6 subnet {subnet.id} configured to receive RAs from an external router cannot be added to"
            raise e.BadRequest(resource="router", msg=f"{msg} Neutron Router.")
        self._check_overlap(session, router, [subnet], INTERFACE)
        fixed_ip = {"subnet_id": subnet.id, "ip_address": subnet.gateway_ip}
        for port in self.ports_of(session, router, INTERFACE) if subnet.ip_version == 6 else ():
            if port.network_id == subnet.network_id and ":" in port.allocations[0].ip_address:
                network = session.get_one(Network, port.network_id)
                change(session, port, network.subnets, [*port.fixed_ips, fixed_ip])
                return port  # the network's IPv6 prefixes share one port
        port = self._router_port(session, context, router, INTERFACE, subnet.network_id, [fixed_ip])
        self.touch(port)  # upstream notes the owner once more, and tells the DHCP agent twice
        return port

    def _router_port(
        self, session: Session, context: RequestContext, router: Router, owner: str, network_id: str, ips: Any
    ) -> Port:
        project = router.project_id if owner == INTERFACE else ""  # a gateway's port is hidden from the project
        return self.system_port(session, context, network_id, project, owner, router.id, ips)

    def _set_gateway(
        self, session: Session, context: RequestContext, router: Router, info: dict[str, Any] | None
    ) -> None:
        """Connect the router to another external network, give it other addresses there, or take it off."""
        network = None
        if info:
            network = self.find(session, NETWORK, context, info["network_id"])
            if not network.external:
                msg = f"Network {network.id} is not an external network"
                raise e.BadRequest(resource="router", msg=msg)
            for name in {"enable_snat", "external_fixed_ips"} & set(info) if not context.is_admin else ():
                self.refuse(f"update_router:external_gateway_info:{name}")
            router.enable_snat = info.get("enable_snat", True)
        port, ips = router.gw_port, (info or {}).get("external_fixed_ips")
        if port is not None and (network is None or port.network_id != network.id):
            if session.scalar(select(FloatingIP.id).where(FloatingIP.router_id == router.id).limit(1)):
                raise e.RouterExternalGatewayInUseByFloatingIp(router_id=router.id, net_id=port.network_id)
            self.drop_port(session, port)
            port = None
        if network is not None and port is None:
            self._check_overlap(session, router, network.subnets, OUTSIDE)
            router.gw_port_id = self._router_port(session, context, router, OUTSIDE, network.id, ips).id
        elif network is not None and port is not None and ips:
            change(session, port, network.subnets, ips)
        session.flush()
        session.expire(router, ["gw_port", "gw_port_id"])

    def _check_overlap(self, session: Session, router: Router, subnets: list[Subnet], owner: str) -> None:
        """Raises BadRequest if the router has one of these subnets, or another with the same addresses."""
        held = select(Subnet, Port.device_owner).join(IPAllocation, IPAllocation.subnet_id == Subnet.id)
        held = held.join(Port, Port.id == IPAllocation.port_id).where(Port.device_id == router.id)
        for other, kind in session.execute(held).all():
            for subnet in subnets:
                if other.id == subnet.id:
                    raise e.BadRequest(resource="router", msg=f"Router already has a port on subnet {subnet.id}")
                if kind != owner or not ip_network(other.cidr).overlaps(ip_network(subnet.cidr)):
                    continue
                msg = f"Cidr {subnet.cidr} of subnet {subnet.id} overlaps with cidr {other.cidr} of subnet {other.id}"
                raise e.BadRequest(resource="router", msg=msg)

    def _check_unused(self, session: Session, router: Router, subnet: Subnet) -> None:
        network, ids = ip_network(subnet.cidr), {"router_id": router.id, "subnet_id": subnet.id}
        used = select(FloatingIP.fixed_ip_address).where(FloatingIP.router_id == router.id)
        if any(ip_address(address) in network for address in session.scalars(used) if address):
            raise e.RouterInterfaceInUseByFloatingIP(**ids)
        if any(ip_address(route["nexthop"]) in network for route in router.routes):
            raise e.RouterInterfaceInUseByRoute(**ids)

    def _check_routes(self, session: Session, router: Router, routes: list[dict[str, str]]) -> None:
        if len(routes) > MAX_ROUTES:
            raise e.RoutesExhausted(router_id=router.id, quota=MAX_ROUTES)
        held = [allocation for port in self.ports_of(session, router) for allocation in port.allocations]
        networks = [ip_network(session.get_one(Subnet, allocation.subnet_id).cidr) for allocation in held]
        for route in routes:
            if not any(ip_address(route["nexthop"]) in network for network in networks):
                raise e.InvalidRoutes(routes=routes, reason="the nexthop is not connected with router")
            if route["nexthop"] in [allocation.ip_address for allocation in held]:
                raise e.InvalidRoutes(routes=routes, reason="the nexthop is used by router")


def _interface(info: dict[str, Any]) -> tuple[str | None, str | None]:
    """The port and the subnet that a request names. Raises BadRequest."""
    if not {"port_id", "subnet_id"} & set(info):
        raise e.BadRequest(resource="router", msg="Either subnet_id or port_id must be specified")
    for key in ("port_id", "subnet_id"):
        _, reason = a.uuid(info[key]) if key in info else (None, None)
        if reason:
            raise e.BadRequest(resource="router", msg=reason)
    return info.get("port_id"), info.get("subnet_id")


def _info(router: Router, port: Port, subnets: list[Subnet]) -> dict[str, Any]:
    ids = [subnet.id for subnet in subnets]
    shown = {"id": router.id, "project_id": router.project_id, "port_id": port.id, "network_id": port.network_id}
    return shown | {"subnet_id": ids[-1], "subnet_ids": ids}
