"""The pools of a subnet when it is made or changed.

Interface: `fill(pool)` once; `refill(pool)` for other pools; `default_pools(network, gateway)`.
Upstream: neutron/ipam/drivers/neutrondb_ipam/driver.py, neutron/ipam/utils.py.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from sqlalchemy import delete, select

from oslearn.core.neutron.addresses import LAST_POSITION, RANGES, Address, Network, SubnetPool, hosts
from oslearn.core.neutron.models import IPAllocation


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
        pool.claim(address)


def default_pools(network: Network, gateway: Address | None) -> list[dict[str, str]]:
    """All addresses for devices but the gateway's.

    >>> from ipaddress import ip_address, ip_network
    >>> default_pools(ip_network("192.168.1.0/24"), ip_address("192.168.1.1"))
    [{'start': '192.168.1.2', 'end': '192.168.1.254'}]
    """
    first, last = hosts(network)
    middle = int(gateway) if gateway is not None else None
    spans = [(first, last)]
    if middle is not None and first <= middle <= last:
        spans = [(first, middle - 1), (middle + 1, last)]
    kind = IPv4Address if network.version == 4 else IPv6Address
    return [{"start": str(kind(low)), "end": str(kind(high))} for low, high in spans if low <= high]
