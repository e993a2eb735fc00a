"""Routers: `/v2.0/routers`, their interfaces on subnets and their gateway to an external network.

Invariants: a router's subnets do not overlap; an interface or gateway that a floating address or a route needs stays;
a next hop is on one of the router's subnets.
Upstream: neutron/db/l3_db.py, l3_gwmode_db.py, extraroute_db.py, l3_agentschedulers_db.py.
Left out: distributed and highly available routers (only their attributes), flavors, several gateways.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from oslearn.core.neutron.agent import Agents
from oslearn.core.neutron.attributes import Reader, Values, uuid
from oslearn.core.neutron.base import NETWORK, SUBNET, Resource, Stamps, assign, refuse
from oslearn.core.neutron.binding import PORT
from oslearn.core.neutron.models import IPAllocation, Network, Port, Subnet
from oslearn.core.neutron.notifiers import Notifier, Outbox
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.db import Handle
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.agents import check_zones
from oslearn.extensions.neutron.attributes import CHECKS, RESOURCES
from oslearn.extensions.neutron.ipam import Wanted, change
from oslearn.extensions.neutron.models import FloatingIP, Router
from oslearn.extensions.neutron.ports import INTERFACE, OUTSIDE, Ports

ROUTER: Resource[Router] = Resource("router", Router, e.RouterNotFound, declared=RESOURCES)
ADMINS_ONLY = {"enable_snat", "external_fixed_ips"}
"""What only an admin may say of a gateway."""
MAX_ROUTES = 30
ROUTES = Reader({"routes": ROUTER.attributes["routes"]}, CHECKS)


class Routers:
    """What makes routers, changes and deletes them. It subscribes to what happens to ports."""

    def __init__(
        self, handle: Handle, outbox: Outbox, notifier: Notifier, stamps: Stamps, agents: Agents, ports: Ports
    ) -> None:
        self.handle, self.outbox, self.notifier = handle, outbox, notifier
        self.stamps, self.agents, self.ports = stamps, agents, ports

    def create(self, session: Session, context: Context, values: Values) -> Router:
        """Raises as an update of the gateway does."""
        check_zones(session, "L3 agent", values.get("availability_zone_hints"))
        gateway = values.pop("external_gateway_info")
        router = Router(**values, revision_number=1, **self.stamps.new())
        session.add(router)
        session.flush()
        if gateway:
            self._set_gateway(session, context, router, gateway)
            self.routers_updated(session, router.id)
        return router

    def update(self, session: Session, context: Context, router: Router, values: Values) -> None:
        """Raises NetworkNotFound, BadRequest, RouterExternalGatewayInUseByFloatingIp, InvalidRoutes."""
        if values.get("distributed", router.distributed) != router.distributed and router.admin_state_up:
            raise e.ActiveRouter()
        if "external_gateway_info" in values:
            self._set_gateway(session, context, router, values.pop("external_gateway_info"))
        if values.get("routes"):
            self._check_routes(session, router, values["routes"])
        assign(router, values)
        self.routers_updated(session, router.id)

    def delete(self, session: Session, context: Context, router: Router) -> None:
        """Its gateway goes with it. Raises RouterInUse while it has interfaces."""
        if ports_of(session, router, INTERFACE):
            raise e.RouterInUse(router_id=router.id)
        self._set_gateway(session, context, router, None)
        hosts = [agent.host for agent in router.agents]
        self.outbox.later(session, self.notifier.l3, hosts, "router_deleted", router_id=router.id)
        session.execute(delete(Router).where(Router.id == router.id))

    def add_router_interface(self, session: Session, context: Context, router: Router, info: Values) -> Values:
        """By port or by subnet. Raises BadRequest, PortInUse, SubnetNotFound, PortNotFound."""
        port_id, subnet_id = _named(info)
        if port_id and subnet_id:
            raise e.BothSubnetAndPort()
        if port_id:
            port = PORT.find(session, context, port_id)
            subnets = self._add_port(session, router, port)
        else:
            subnets = [SUBNET.find(session, context, subnet_id)]
            port = self._add_subnet(session, context, router, subnets[0])
        self.stamps.touch(router)
        self.routers_updated(session, router.id)
        return _shown(router, port, [subnet.id for subnet in subnets])

    def remove_router_interface(self, session: Session, context: Context, router: Router, info: Values) -> Values:
        """Raises RouterInterfaceNotFound..., RouterInterfaceInUseBy..., SubnetMismatchForPort."""
        port_id, subnet_id = _named(info)
        if not port_id:
            SUBNET.find(session, context, subnet_id)
        ports = [p for p in ports_of(session, router, INTERFACE) if port_id in (None, p.id)]
        if port_id and not ports:
            raise e.RouterInterfaceNotFound(router_id=router.id, port_id=port_id)
        having = [p for p in ports if subnet_id in (None, *[held.subnet_id for held in p.allocations])]
        if not having and port_id:
            raise e.SubnetMismatchForPort(port_id=port_id, subnet_id=subnet_id)
        if not having:
            raise e.RouterInterfaceNotFoundForSubnet(router_id=router.id, subnet_id=subnet_id)
        port = having[0]
        gone = [held.subnet_id for held in port.allocations if port_id or held.subnet_id == subnet_id]
        for key in gone:
            self._check_unused(session, router, session.get_one(Subnet, key))
        if rest := [ip for ip in port.fixed_ips if ip["subnet_id"] not in gone]:
            change(session, port, session.get_one(Network, port.network_id).subnets, rest)
        else:
            self.ports.drop(session, context, port)
        self.stamps.touch(router)
        self.routers_updated(session, router.id)
        return _shown(router, port, gone)

    def add_extraroutes(self, session: Session, context: Context, router: Router, info: Values) -> None:
        """Routes that are there already stay. Raises HTTPBadRequest, InvalidRoutes, RoutesExhausted."""
        new = [route for route in _routes(info) if route not in router.routes]
        self.update(session, context, router, {"routes": router.routes + new})
        self.stamps.touch(router)

    def remove_extraroutes(self, session: Session, context: Context, router: Router, info: Values) -> None:
        """Routes that are not there are no error. Raises HTTPBadRequest."""
        gone = _routes(info)
        self.update(session, context, router, {"routes": [r for r in router.routes if r not in gone]})
        self.stamps.touch(router)

    def routers_updated(self, session: Session, router_id: str) -> None:
        """Tell the router's agent, once the change is committed."""
        self.outbox.later(session, self.notify, router_id)

    def notify(self, router_id: str) -> None:
        """A router with ports gets an agent, if it has none."""
        with self.handle.session() as session:
            router = session.get(Router, router_id)
            if router is None:
                return  # deleted since
            if not router.agents and ports_of(session, router):
                router.agents = self.agents.alive(session, "L3 agent")[:1]
            hosts = [agent.host for agent in router.agents if agent.admin_state_up]
        self.notifier.l3(hosts, "routers_updated", routers=[router_id])

    def _add_port(self, session: Session, router: Router, port: Port) -> list[Subnet]:
        if port.device_id:
            raise e.PortInUse(net_id=port.network_id, port_id=port.id, device_id=port.device_id)
        subnets = [session.get_one(Subnet, held.subnet_id) for held in port.allocations]
        if not subnets:
            raise e.PortWithoutAddress()
        if len([subnet for subnet in subnets if subnet.ip_version == 4]) > 1:
            raise e.SeveralIPv4Subnets()
        self._check_overlap(session, router, subnets, INTERFACE)
        port.device_id, port.device_owner = router.id, INTERFACE
        self.stamps.touch(port)
        return subnets

    def _add_subnet(self, session: Session, context: Context, router: Router, subnet: Subnet) -> Port:
        if not subnet.gateway_ip:
            raise e.SubnetWithoutGateway()
        if subnet.project_id != context.project_id and not context.is_admin:
            raise e.SubnetNotOwned(subnet_id=subnet.id)
        if subnet.ipv6_address_mode and not subnet.ipv6_ra_mode:
            raise e.ExternalRouterAdvertises(subnet_id=subnet.id)
        self._check_overlap(session, router, [subnet], INTERFACE)
        fixed_ip = {"subnet_id": subnet.id, "ip_address": subnet.gateway_ip}
        for port in ports_of(session, router, INTERFACE) if subnet.ip_version == 6 else ():
            if port.network_id == subnet.network_id and ":" in port.allocations[0].ip_address:
                network = session.get_one(Network, port.network_id)
                change(session, port, network.subnets, [*port.fixed_ips, fixed_ip])
                return port  # the network's IPv6 prefixes share one port
        port = self._new_port(session, context, router, INTERFACE, subnet.network_id, [fixed_ip])
        self.stamps.touch(port)  # upstream notes the owner once more
        return port

    def _new_port(
        self, session: Session, context: Context, router: Router, owner: str, network_id: str, ips: list[Wanted] | None
    ) -> Port:
        project = router.project_id if owner == INTERFACE else ""  # a gateway's port is hidden from the project
        given = {"network_id": network_id, "device_owner": owner, "device_id": router.id}
        return self.ports.system_port(session, context, given, project, ips)

    def _set_gateway(self, session: Session, context: Context, router: Router, info: Values | None) -> None:
        """Connect the router to another external network, give it other addresses there, or take it off."""
        network = None
        if info:
            network = NETWORK.find(session, context, info["network_id"])
            if not network.external:
                raise e.NetworkNotExternal(net_id=network.id)
            if (asked := ADMINS_ONLY & set(info)) and not context.is_admin:
                raise refuse("update_router", *(f"external_gateway_info:{name}" for name in sorted(asked)))
            router.enable_snat = info.get("enable_snat", True)
        port, ips = router.gw_port, (info or {}).get("external_fixed_ips")
        if port is not None and (network is None or port.network_id != network.id):
            if session.scalar(select(FloatingIP.id).where(FloatingIP.router_id == router.id).limit(1)):
                raise e.RouterExternalGatewayInUseByFloatingIp(router_id=router.id, net_id=port.network_id)
            self.ports.drop(session, context, port)
            port = None
        if network is not None and port is None:
            self._check_overlap(session, router, network.subnets, OUTSIDE)
            router.gw_port_id = self._new_port(session, context, router, OUTSIDE, network.id, ips).id
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
                    raise e.RouterOnSubnet(subnet_id=subnet.id)
                if kind == owner and ip_network(other.cidr).overlaps(ip_network(subnet.cidr)):
                    ids = {"subnet_id": subnet.id, "other_id": other.id}
                    raise e.RouterOverlap(cidr=subnet.cidr, other_cidr=other.cidr, **ids)

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
        held = [allocation for port in ports_of(session, router) for allocation in port.allocations]
        networks = [ip_network(session.get_one(Subnet, allocation.subnet_id).cidr) for allocation in held]
        for route in routes:
            if not any(ip_address(route["nexthop"]) in network for network in networks):
                raise e.InvalidRoutes(routes=routes, reason="the nexthop is not connected with router")
            if route["nexthop"] in [allocation.ip_address for allocation in held]:
                raise e.InvalidRoutes(routes=routes, reason="the nexthop is used by router")


def ports_of(session: Session, router: Router, *owners: str) -> list[Port]:
    """A router's ports: its interfaces, its gateway, or both."""
    wanted = select(Port).where(Port.device_id == router.id, Port.device_owner.in_(owners or (INTERFACE, OUTSIDE)))
    return list(session.scalars(wanted.order_by(Port.created_at, Port.id)).unique())


def _routes(info: Values) -> list[dict[str, str]]:
    """The routes that a request names."""
    if not isinstance(info.get("router"), dict):
        raise e.HTTPBadRequest("Unable to find 'router' in request body")
    routes: list[dict[str, str]] = ROUTES.read(info["router"], "PUT").get("routes", [])
    return routes


def _named(info: Values) -> tuple[str | None, str | None]:
    """The port and the subnet that a request names. Raises BadRequest."""
    if not {"port_id", "subnet_id"} & set(info):
        raise e.NeitherSubnetNorPort()
    for key in sorted({"port_id", "subnet_id"} & set(info)):
        if reason := uuid(info[key])[1]:
            raise e.BadRouterRequest(msg=reason)
    return info.get("port_id"), info.get("subnet_id")


def _shown(router: Router, port: Port, subnets: list[str]) -> Values:
    shown = {"id": router.id, "project_id": router.project_id, "port_id": port.id, "network_id": port.network_id}
    return shown | {"subnet_id": subnets[-1], "subnet_ids": subnets}
