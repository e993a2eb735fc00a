"""The address pool of a subnet: who hands out addresses, and how none is handed out twice.

Interface: `SubnetPool(session, subnet)`: `allocate()`, `claim(address)`, `release(address)`; `eui64(network, mac)`.
Invariants: an address is either in one availability range, or taken, or outside the pools; the gateway is in no pool;
the lowest free address is given out first; the cost does not grow with the number of addresses that are taken.
Upstream: neutron/ipam/drivers/neutrondb_ipam/driver.py. Left out: upstream picks at random within a window, so that
workers do not collide on one address; positions beyond 2**63 of an IPv6 subnet.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, cast

from sqlalchemy import Delete, Table, Update, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from oslearn.core.neutron.models import AvailabilityRange, Subnet

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
        """Make a range available."""
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
