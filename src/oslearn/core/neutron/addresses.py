"""The addresses of a port: the pools of subnets that they come from and go back to, and how none is handed out twice.

Interface: `allocate(session, port, subnets, wanted)`, `change(...)` for a port that has some, `release(session, port)`,
`write(session, port)`; `SubnetPool(session, subnet)`: `allocate()`, `claim(address)`, `release(address)`.
Invariants: either all the addresses are taken or none (the transaction is the caller's); an address is either in one
availability range, or taken, or outside the pools; the gateway is in no pool; the lowest free address is given out
first; the cost does not grow with the number of addresses that are taken.
Upstream: neutron/db/ipam_pluggable_backend.py, neutron/db/ipam_backend_mixin.py,
neutron/ipam/drivers/neutrondb_ipam/driver.py. Left out: routed networks; upstream picks at random within a window, so
that workers do not collide on one address; positions beyond 2**63 of an IPv6 subnet.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, cast

from sqlalchemy import Delete, Table, Update, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.models import AvailabilityRange, IPAllocation, Port, Subnet

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
RANGES = cast(Table, AvailabilityRange.__table__)
"""The table itself: its rows are never needed as objects, which cost more than the statements do."""
MINE = RANGES.c.subnet_id == bindparam("subnet")
LOWEST = select(RANGES.c.first, RANGES.c.last).where(MINE).order_by(RANGES.c.first).limit(1)
THIS = MINE & (RANGES.c.first == bindparam("low")) & (RANGES.c.last == bindparam("high"))
SHRINK, DELETE = update(RANGES).where(THIS).values(first=bindparam("low") + 1), delete(RANGES).where(THIS)
LAST_POSITION = 2**63 - 1
"""The biggest number that every database keeps."""


class SubnetPool:
    """The pools of one subnet, in one transaction."""

    def __init__(self, session: Session, subnet: Subnet) -> None:
        self.session, self.subnet = session, subnet
        self.base = int(ip_network(subnet.cidr).network_address)

    def allocate(self) -> str | None:
        """Take the lowest free address; None if there is none."""
        while (row := self.session.execute(LOWEST, {"subnet": self.subnet.id}).first()) is not None:
            if self._shrink(row.first, row.last):
                return self._address(row.first)
        return None

    def claim(self, address: str) -> bool:
        """Take this address; False if it is in a pool and taken. What is outside the pools is not ours to guard."""
        position = self._position(address)
        if not self._in_pool(position):
            return True
        row = self.session.execute(
            select(RANGES.c.first, RANGES.c.last).where(
                RANGES.c.subnet_id == self.subnet.id, RANGES.c.first <= position, RANGES.c.last >= position
            )
        ).first()
        if row is None or not self._delete(row.first, row.last):
            return False
        if row.first < position:
            self.insert(row.first, position - 1)
        if position < row.last:
            self.insert(position + 1, row.last)
        return True

    def release(self, address: str) -> None:
        """Make the address available again, and join it to its free neighbours."""
        first = last = self._position(address)
        if not self._in_pool(first):
            return
        mine = RANGES.c.subnet_id == self.subnet.id
        rows = select(RANGES.c.first, RANGES.c.last).where(
            mine, (RANGES.c.last == first - 1) | (RANGES.c.first == last + 1)
        )
        for row in self.session.execute(rows).all():
            self._delete(row.first, row.last)
            first, last = min(first, row.first), max(last, row.last)
        self.insert(first, last)

    def _shrink(self, first: int, last: int) -> bool:
        """Take a range's first position; False if somebody was quicker."""
        return self._delete(first, last) if first == last else self._change(SHRINK, first, last)

    def _delete(self, first: int, last: int) -> bool:
        return self._change(DELETE, first, last)

    def _change(self, statement: Update | Delete, first: int, last: int) -> bool:
        result: Any = self.session.execute(statement, {"subnet": self.subnet.id, "low": first, "high": last})
        return bool(result.rowcount)

    def insert(self, first: int, last: int) -> None:
        self.session.execute(insert(RANGES).values(subnet_id=self.subnet.id, first=first, last=last))

    def pools(self) -> list[tuple[int, int]]:
        """First and last position of each pool."""
        return [(self._position(p["start"]), self._position(p["end"])) for p in self.subnet.allocation_pools]

    def _in_pool(self, position: int) -> bool:
        return any(first <= position <= min(last, LAST_POSITION) for first, last in self.pools())

    def _position(self, address: str) -> int:
        return int(ip_address(address)) - self.base

    def _address(self, position: int) -> str:
        return str(ip_network(self.subnet.cidr).network_address + position)


def hosts(network: Network) -> tuple[int, int]:
    """First and last address that a device may have."""
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.version == 6:
        return (first + 1, last) if network.prefixlen < 127 else (first, last)  # ::0 is the routers' anycast address
    return (first + 1, last - 1) if network.prefixlen < 31 else (first, last)


def eui64(network: Network, mac: str) -> str:
    """The address that a device with this MAC address gives itself.

    >>> eui64(ip_network("2001:db8::/64"), "fa:16:3e:00:00:01")
    '2001:db8::f816:3eff:fe00:1'
    """
    octets = [int(part, 16) for part in mac.split(":")]
    octets = [octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]]
    return str(IPv6Address(int(network.network_address) + int.from_bytes(bytes(octets), "big")))


Wanted = dict[str, str]
"""`subnet_id`, `ip_address` or both."""


def allocate(session: Session, port: Port, subnets: Sequence[Subnet], wanted: list[Wanted] | None) -> None:
    """Give the port its addresses: those asked for, else one of each IP version that the network has.

    A subnet whose devices make their own address from the MAC gives one to every port, but not to a router's.
    """
    own = automatic(port, subnets)
    served = [s for s in subnets if not s.service_types or port.device_owner in s.service_types]
    for version in (4, 6) if wanted is None else ():
        pools = [s for s in served if s.ip_version == version and s not in own]
        if pools:
            _any(session, port, pools)
    for request in wanted or ():
        _asked(session, port, subnets, own, request)
    for subnet in own:
        address = eui64(ip_network(subnet.cidr), port.mac_address)
        if all(held.ip_address != address for held in port.allocations):
            SubnetPool(session, subnet).claim(address)
            _store(port, subnet, address)


def automatic(port: Port, subnets: Sequence[Subnet]) -> list[Subnet]:
    """The subnets on which the port makes its own address."""
    return [subnet for subnet in subnets if subnet.auto_address and port.device_owner != "network:router_interface"]


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
    write(session, port)


def release(session: Session, port: Port) -> None:
    for allocation in port.allocations:
        if subnet := session.get(Subnet, allocation.subnet_id):
            SubnetPool(session, subnet).release(allocation.ip_address)


def write(session: Session, port: Port) -> None:
    """Write a port and its addresses. The keys refuse a second owner, whatever happened before.

    Raises MacAddressInUse, IpAddressAlreadyAllocated.
    """
    try:
        session.flush()
    except IntegrityError as error:
        if "INTO ports" in str(error.statement):
            raise e.MacAddressInUse(net_id=port.network_id, mac=port.mac_address) from None
        new = port.fixed_ips[-1]
        raise e.IpAddressAlreadyAllocated(ip=new["ip_address"], subnet_id=new["subnet_id"]) from None


def _any(session: Session, port: Port, subnets: Sequence[Subnet]) -> None:
    """The first free address of the first subnet that has one. Raises IpAddressGenerationFailure."""
    for subnet in subnets:
        address = SubnetPool(session, subnet).allocate()
        if address is not None:
            return _store(port, subnet, address)
    raise e.IpAddressGenerationFailure(net_id=port.network_id)


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
        return None if subnets[0] in own else _any(session, port, subnets)
    fitting = next((subnet for subnet in subnets if _fits(address, subnet)), None)
    if fitting is None:
        raise (e.InvalidIpForSubnet if subnet_id else e.InvalidIpForNetwork)(ip_address=address)
    if fitting in own:
        raise e.AllocationOnAutoAddressSubnet(ip=address, subnet_id=fitting.id)
    if not SubnetPool(session, fitting).claim(address):
        raise e.IpAddressAlreadyAllocated(ip=address, subnet_id=fitting.id)
    return _store(port, fitting, address)


def _fits(address: str, subnet: Subnet) -> bool:
    value, (first, last) = ip_address(address), hosts(ip_network(subnet.cidr))
    return value.version == subnet.ip_version and first <= int(value) <= last


def _store(port: Port, subnet: Subnet, address: str) -> None:
    position = 1 + max((allocation.position for allocation in port.allocations), default=-1)
    port.allocations.append(IPAllocation(subnet_id=subnet.id, ip_address=address, position=position))
