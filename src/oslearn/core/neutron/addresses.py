"""The addresses of a port: the pools of subnets that they come from and go back to, and how none is handed out twice.

Interface: `allocate(session, port, subnets)`, `release(session, port)`, `store(port, subnet, address)`,
`write(session, port)`; `SubnetPool`: `allocate()`, `release(address)`.
Invariants: either all the addresses are taken or none (the transaction is the caller's); an address is either in one
availability range, or taken, or outside the pools; the gateway is in no pool; the lowest free address is given out
first; the cost does not grow with the number of addresses that are taken.
Upstream: neutron/db/ipam_pluggable_backend.py, neutron/db/ipam_backend_mixin.py,
neutron/ipam/drivers/neutrondb_ipam/driver.py. Left out: routed networks; upstream picks at random within a window, so
that workers do not collide on one address; positions beyond 2**63 of an IPv6 subnet. What a client asks for by name,
and what a device makes of its MAC address, is in the extensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any, cast

from sqlalchemy import Delete, Table, Update, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.models import AvailabilityRange, IPAllocation, Port, Subnet

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
            if self.change(DELETE if row.first == row.last else SHRINK, row.first, row.last):
                return str(ip_network(self.subnet.cidr).network_address + row.first)
        return None

    def release(self, address: str) -> None:
        """Make the address available again, and join it to its free neighbours."""
        first = last = self.position(address)
        if not self.in_pool(first):
            return
        mine = RANGES.c.subnet_id == self.subnet.id
        rows = select(RANGES.c.first, RANGES.c.last).where(
            mine, (RANGES.c.last == first - 1) | (RANGES.c.first == last + 1)
        )
        for row in self.session.execute(rows).all():
            if self.change(DELETE, row.first, row.last):  # else somebody has just taken of it
                first, last = min(first, row.first), max(last, row.last)
        self.insert(first, last)

    def change(self, statement: Update | Delete, first: int, last: int) -> bool:
        """Take a whole range, or its first position; False if somebody was quicker."""
        result: Any = self.session.execute(statement, {"subnet": self.subnet.id, "low": first, "high": last})
        return bool(result.rowcount)

    def insert(self, first: int, last: int) -> None:
        self.session.execute(insert(RANGES).values(subnet_id=self.subnet.id, first=first, last=last))

    def pools(self) -> list[tuple[int, int]]:
        """First and last position of each pool."""
        return [(self.position(p["start"]), self.position(p["end"])) for p in self.subnet.allocation_pools]

    def in_pool(self, position: int) -> bool:
        return any(first <= position <= min(last, LAST_POSITION) for first, last in self.pools())

    def position(self, address: str) -> int:
        return int(ip_address(address)) - self.base


def allocate(session: Session, port: Port, subnets: Sequence[Subnet]) -> None:
    """Give the port an address of each IP version that the network has. Raises IpAddressGenerationFailure."""
    for version in (4, 6):
        if same := [subnet for subnet in subnets if subnet.ip_version == version]:
            any_address(session, port, same)


def any_address(session: Session, port: Port, subnets: Sequence[Subnet]) -> None:
    """The first free address of the first subnet that has one. Raises IpAddressGenerationFailure."""
    for subnet in subnets:
        address = SubnetPool(session, subnet).allocate()
        if address is not None:
            return store(port, subnet, address)
    raise e.IpAddressGenerationFailure(net_id=port.network_id)


def store(port: Port, subnet: Subnet, address: str) -> None:
    """The port's next address: an API shows them in the order in which they came."""
    position = 1 + max((allocation.position for allocation in port.allocations), default=-1)
    port.allocations.append(IPAllocation(subnet_id=subnet.id, ip_address=address, position=position))


def release(session: Session, port: Port) -> None:
    """Give the port's addresses back to the pools; its rows of them go with the port."""
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
