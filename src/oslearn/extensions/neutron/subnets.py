"""Subnets: `/v2.0/subnets`.

Invariants: two subnets of a network never overlap; the pools lie inside the subnet, apart from each other and from
the gateway.
Upstream: neutron/db/db_base_plugin_v2.py, neutron/db/ipam_backend_mixin.py. Left out: prefix delegation, segments.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from itertools import combinations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from oslearn.core.neutron.addresses import SubnetPool
from oslearn.core.neutron.agent import Agents
from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import NETWORK, Stamps, assign, dhcp_hosts
from oslearn.core.neutron.models import IPAllocation, Network, Port, Subnet
from oslearn.core.neutron.notifiers import Notifier, Outbox
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.core.oslo.exception import PolicyNotAuthorized
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.ipam import default_pools, fill, hosts, makes_own_addresses, refill
from oslearn.extensions.neutron.subnetpools import SubnetPools


class Subnets:
    """What makes subnets, changes and deletes them."""

    def __init__(self, outbox: Outbox, notifier: Notifier, stamps: Stamps, agents: Agents, pools: SubnetPools) -> None:
        self.outbox, self.notifier, self.stamps, self.agents, self.pools = outbox, notifier, stamps, agents, pools

    def create(self, session: Session, context: Context, values: Values) -> Subnet:
        """Raises NetworkNotFound, InvalidInput, the pools' errors, and those of a subnet pool."""
        network = NETWORK.find(session, context, values["network_id"])
        if not policy.owner(context, {"project_id": network.project_id}):
            raise PolicyNotAuthorized("rule:create_subnet is disallowed by policy")
        self.pools.choose_prefix(session, context, values)
        check_values(values)
        for other in network.subnets:
            if ip_network(other.cidr).overlaps(ip_network(values["cidr"])):
                raise e.OverlappingSubnet(cidr=values["cidr"], network_id=network.id)
            if other.ip_version == values["ip_version"] and other.subnetpool_id != values["subnetpool_id"]:
                raise e.NetworkSubnetPoolAffinityError()
        subnet = Subnet(**plan(values), **self.stamps.new())
        session.add(subnet)
        session.flush()
        fill(SubnetPool(session, subnet))
        self.stamps.touch(network)
        session.expire(network, ["subnets"])
        self._tell(session, network, "subnet_create_end", subnet)
        return subnet

    def update(self, session: Session, context: Context, subnet: Subnet, values: Values) -> None:
        """Raises GatewayIpInUse, InvalidInput and the pools' errors."""
        gateway = values.get("gateway_ip", subnet.gateway_ip)
        if gateway != subnet.gateway_ip:
            held = [IPAllocation.subnet_id == subnet.id, IPAllocation.ip_address == subnet.gateway_ip]
            routers = select(Port.id).join(IPAllocation).where(*held, Port.device_owner == "network:router_interface")
            if port_id := session.scalar(routers):
                raise e.GatewayIpInUse(ip_address=subnet.gateway_ip, port_id=port_id)
        known = ("ip_version", "cidr", "enable_dhcp", "ipv6_ra_mode", "ipv6_address_mode")
        check_values({name: getattr(subnet, name) for name in known} | values)
        if {"gateway_ip", "allocation_pools"} & set(values):
            check_pools(values.get("allocation_pools", subnet.allocation_pools), subnet.cidr, gateway)
        assign(subnet, values)
        if "allocation_pools" in values:
            session.flush()
            refill(SubnetPool(session, subnet))
        self._tell(session, session.get_one(Network, subnet.network_id), "subnet_update_end", subnet)

    def delete(self, session: Session, context: Context, subnet: Subnet) -> None:
        """DHCP ports and automatic addresses do not keep it. Raises SubnetInUse."""
        kept = Port.device_owner != "network:dhcp"
        if makes_own_addresses(subnet):
            kept = Port.device_owner == "network:router_interface"
        on = select(Port.id).join(IPAllocation).where(IPAllocation.subnet_id == subnet.id, kept)
        if session.scalar(on.limit(1)):
            raise e.SubnetInUse(subnet_id=subnet.id)
        network = session.get_one(Network, subnet.network_id)
        self.stamps.touch(network)
        session.execute(delete(Subnet).where(Subnet.id == subnet.id))
        self._tell(session, network, "subnet_delete_end", subnet)

    def _tell(self, session: Session, network: Network, method: str, subnet: Subnet) -> None:
        """Tell the network's DHCP agents; the first subnet with DHCP gets the network an agent."""
        told = [(method, {"network_id": network.id, "subnet_id": subnet.id})]
        if subnet.enable_dhcp and method != "subnet_delete_end" and not network.agents:
            network.agents = self.agents.alive(session, "DHCP agent")[:1]
            told = [("network_create_end", {"network_id": network.id}), *told] if network.agents else told
        for name, ids in told:
            self.outbox.later(session, self.notifier.dhcp, dhcp_hosts(network), name, **ids)


def check_values(values: Values) -> None:
    """Addresses of one IP version, modes that fit together. Raises InvalidInput."""
    version, network = values["ip_version"], ip_network(values["cidr"])
    named = [("cidr", str(network.network_address), str(network)), ("gateway_ip", values.get("gateway_ip"), None)]
    named += [("dns_nameserver", server, None) for server in values.get("dns_nameservers", ())]
    for name, address, whole in named:
        if address and ip_address(address).version != version:
            raise e.VersionMismatch(name=name, addr=whole or address, ip_version=version)
    gateway, (low, high) = values.get("gateway_ip"), hosts(network)
    if gateway and ip_address(gateway) in network and not low <= int(ip_address(gateway)) <= high:
        raise e.InvalidGateway()
    if network.prefixlen == 0:
        raise e.WholeInternet()
    if values["enable_dhcp"] and network.prefixlen > (30 if version == 4 else 126):
        raise e.TooSmallForDhcp()
    for kind in ("multicast", "loopback"):
        if values["enable_dhcp"] and getattr(network, f"is_{kind}"):
            text = f"{kind.capitalize()} IP subnet is not supported if enable_dhcp is True"
            raise e.InvalidInput(error_message=text)
    _check_modes(values, network.prefixlen)


def _check_modes(values: Values, length: int) -> None:
    ra, address = values["ipv6_ra_mode"], values["ipv6_address_mode"]
    if (ra or address) and values["ip_version"] == 4:
        raise e.ModeOfIPv4(name="ipv6_ra_mode" if ra else "ipv6_address_mode")
    if (ra or address) and not values["enable_dhcp"]:
        raise e.ModeWithoutDhcp()
    if ra and address and ra != address:
        raise e.ModesDiffer(ra=ra, address=address)
    if {"slaac", "dhcpv6-stateless"} & {ra, address} and length != 64:
        raise e.NoRoomForEui64(cidr=values["cidr"])


def plan(values: Values) -> Values:
    """The subnet's values with gateway and pools worked out. Raises the pools' errors."""
    network = ip_network(values["cidr"])
    gateway = values.get("gateway_ip", str(ip_address(hosts(network)[0])))
    pools = values.get("allocation_pools")
    if pools is None:
        pools = default_pools(network, ip_address(gateway) if gateway else None)
    check_pools(pools, values["cidr"], gateway)
    return values | {"gateway_ip": gateway, "allocation_pools": pools}


def check_pools(pools: list[dict[str, str]], cidr: str, gateway: str | None) -> None:
    """Raises InvalidAllocationPool, OutOfBounds..., Overlapping..., GatewayConflictWithAllocationPools."""
    network, spans = ip_network(cidr), []
    low, high = hosts(network)
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
