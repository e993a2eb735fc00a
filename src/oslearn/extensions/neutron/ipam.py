"""The pools of a subnet when it is made or changed, and addresses that are asked for by name, or that a device makes of
its MAC address.

Interface: `fill(pool)` once; `refill(pool)` for other pools; `default_pools(network, gateway)`; `hosts(network)`;
`claim(pool, address)`; `allocate(session, port, subnets, wanted)`, `change(...)` for a port that has addresses.
Upstream: neutron/ipam/drivers/neutrondb_ipam/driver.py, neutron/ipam/utils.py, neutron/db/ipam_backend_mixin.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from oslearn.core.neutron import addresses
from oslearn.core.neutron.addresses import DELETE, LAST_POSITION, RANGES, SubnetPool, any_address, store
from oslearn.core.neutron.models import IPAllocation, Port, Subnet
from oslearn.extensions.neutron import exceptions as e

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Wanted = dict[str, str]
"""`subnet_id`, `ip_address` or both."""


def hosts(network: Network) -> tuple[int, int]:
    """First and last address that a device may have."""
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.version == 6:
        return (first + 1, last) if network.prefixlen < 127 else (first, last)  # ::0 is the routers' anycast address
    return (first + 1, last - 1) if network.prefixlen < 31 else (first, last)


def fill(pool: SubnetPool) -> None:
    """Make every address of the pools available."""
    for first, last in pool.pools():
        pool.insert(first, min(last, LAST_POSITION))


def refill(pool: SubnetPool) -> None:
    """Make every address of changed pools available that nobody has."""
    pool.session.execute(delete(RANGES).where(RANGES.c.subnet_id == pool.subnet.id))
    fill(pool)
    taken = select(IPAllocation.ip_address).where(IPAllocation.subnet_id == pool.subnet.id)
    for address in pool.session.scalars(taken).all():
        claim(pool, address)


def default_pools(network: Network, gateway: Address | None) -> list[dict[str, str]]:
    """All addresses for devices but the gateway's.

    >>> from ipaddress import ip_address, ip_network
    >>> default_pools(ip_network("192.168.1.0/24"), ip_address("192.168.1.1"))
    [{'start': '192.168.1.2', 'end': '192.168.1.254'}]
    """
    first, last = hosts(network)
    middle = int(gateway) if gateway is not None else last + 1
    spans = [(first, middle - 1), (middle + 1, last)] if first <= middle <= last else [(first, last)]
    kind = IPv4Address if network.version == 4 else IPv6Address
    return [{"start": str(kind(low)), "end": str(kind(high))} for low, high in spans if low <= high]


def claim(pool: SubnetPool, address: str) -> bool:
    """Take this address; False if it is in a pool and taken. What is outside the pools is not ours to guard."""
    position = pool.position(address)
    if not pool.in_pool(position):
        return True
    row = pool.session.execute(
        select(RANGES.c.first, RANGES.c.last).where(
            RANGES.c.subnet_id == pool.subnet.id, RANGES.c.first <= position, RANGES.c.last >= position
        )
    ).first()
    if row is None or not pool.change(DELETE, row.first, row.last):
        return False
    if row.first < position:
        pool.insert(row.first, position - 1)
    if position < row.last:
        pool.insert(position + 1, row.last)
    return True


def allocate(session: Session, port: Port, subnets: Sequence[Subnet], wanted: list[Wanted] | None) -> None:
    """Give the port its addresses: those asked for, else one of each IP version that serves such a port.

    A subnet whose devices make their own address from the MAC gives one to every port, but not to a router's.
    """
    own = automatic(port, subnets)
    if wanted is None:
        served = [s for s in subnets if not s.service_types or port.device_owner in s.service_types]
        addresses.allocate(session, port, [subnet for subnet in served if subnet not in own])
    for request in wanted or ():
        _asked(session, port, subnets, own, request)
    for subnet in own:
        address = eui64(ip_network(subnet.cidr), port.mac_address)
        if all(held.ip_address != address for held in port.allocations):
            claim(SubnetPool(session, subnet), address)
            store(port, subnet, address)


def makes_own_addresses(subnet: Subnet) -> bool:
    """Whether its devices make their addresses from the MAC address (EUI-64)."""
    return bool({"slaac", "dhcpv6-stateless"} & {subnet.ipv6_ra_mode, subnet.ipv6_address_mode})


def automatic(port: Port, subnets: Sequence[Subnet]) -> list[Subnet]:
    """The subnets on which the port makes its own address."""
    router = port.device_owner == "network:router_interface"
    return [subnet for subnet in subnets if makes_own_addresses(subnet) and not router]


def change(session: Session, port: Port, subnets: Sequence[Subnet], wanted: list[Wanted]) -> None:
    """Keep what is asked for again, give back the rest, and take what is new."""
    held, new, by_id = list(port.allocations), [], {subnet.id: subnet for subnet in subnets}
    for request in sorted(wanted, key=lambda request: "ip_address" not in request):
        same = [a for a in held if all(getattr(a, name) == value for name, value in request.items())]
        if same:
            held.remove(same[0])
        else:
            new.append(request)
    own = automatic(port, subnets)
    for allocation in held:
        if by_id[allocation.subnet_id] not in own:
            SubnetPool(session, by_id[allocation.subnet_id]).release(allocation.ip_address)
            port.allocations.remove(allocation)
    session.flush()
    allocate(session, port, subnets, new)
    addresses.write(session, port)


def _asked(session: Session, port: Port, subnets: Sequence[Subnet], own: list[Subnet], request: Wanted) -> None:
    """The address or the subnet that the request names."""
    address, subnet_id = request.get("ip_address"), request.get("subnet_id")
    if subnet_id:
        subnets = [subnet for subnet in subnets if subnet.id == subnet_id]
        if not subnets:
            raise e.ForeignSubnet(network_id=port.network_id, subnet_id=subnet_id)
    if not address:
        if not subnet_id:
            raise e.NothingAsked()
        return None if subnets[0] in own else any_address(session, port, subnets)
    fitting = next((subnet for subnet in subnets if _fits(address, subnet)), None)
    if fitting is None:
        raise (e.InvalidIpForSubnet if subnet_id else e.InvalidIpForNetwork)(ip_address=address)
    if fitting in own:
        raise e.AllocationOnAutoAddressSubnet(ip=address, subnet_id=fitting.id)
    if not claim(SubnetPool(session, fitting), address):
        raise e.IpAddressAlreadyAllocated(ip=address, subnet_id=fitting.id)
    return store(port, fitting, address)


def eui64(network: Network, mac: str) -> str:
    """The address that a device with this MAC address gives itself.

    >>> eui64(ip_network("2001:db8::/64"), "fa:16:3e:00:00:01")
    '2001:db8::f816:3eff:fe00:1'
    """
    octets = [int(part, 16) for part in mac.split(":")]
    octets = [octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]]
    return str(IPv6Address(int(network.network_address) + int.from_bytes(bytes(octets), "big")))


def _fits(address: str, subnet: Subnet) -> bool:
    value, (first, last) = ip_address(address), hosts(ip_network(subnet.cidr))
    return value.version == subnet.ip_version and first <= int(value) <= last
