"""The addresses of a port: which subnets they come from, and that they go back.

Interface: `allocate(session, port, wanted)`, `release(session, port)`.
Invariants: either all the addresses are taken or none (the transaction is the caller's).
Upstream: neutron/db/ipam_pluggable_backend.py (`allocate_ips_for_port_and_store`). Left out: routed networks,
service types, addresses made from the MAC.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oslearn.neutron import exceptions as e
from oslearn.neutron.ipam import SubnetPool, hosts
from oslearn.neutron.models import IPAllocation, Port, Subnet


def allocate(session: Session, port: Port, wanted: list[dict[str, str]] | None) -> list[dict[str, str]]:
    """Give the port its addresses: those asked for, else one of each IP version that the network has."""
    statement = select(Subnet).where(Subnet.network_id == port.network_id).order_by(Subnet.created_at, Subnet.id)
    subnets = session.scalars(statement).all()
    if wanted is None:
        versions = sorted({subnet.ip_version for subnet in subnets})
        return [_any(session, port, [s for s in subnets if s.ip_version == version]) for version in versions]
    return [_asked(session, port, subnets, request) for request in wanted]


def release(session: Session, port: Port) -> None:
    """Give the port's addresses back to their pools."""
    rows = select(Subnet, IPAllocation.ip_address).join(IPAllocation).where(IPAllocation.port_id == port.id)
    for subnet, address in session.execute(rows).all():
        SubnetPool(session, subnet).release(address)


def _any(session: Session, port: Port, subnets: Sequence[Subnet]) -> dict[str, str]:
    """The first free address of the first subnet that has one. Raises IpAddressGenerationFailure."""
    for subnet in subnets:
        address = SubnetPool(session, subnet).allocate()
        if address is not None:
            return _store(session, port, subnet, address)
    raise e.IpAddressGenerationFailure(net_id=port.network_id)


def _asked(session: Session, port: Port, subnets: Sequence[Subnet], request: dict[str, Any]) -> dict[str, str]:
    """The address or the subnet that the request names."""
    if request.get("subnet_id"):
        named = [subnet for subnet in subnets if subnet.id == request["subnet_id"]]
        if not named:
            detail = f"Failed to create port on network {port.network_id}, because fixed_ips included invalid subnet"
            raise e.InvalidInput(error_message=f"{detail} {request['subnet_id']}")
        subnets = named
    address = request.get("ip_address")
    if not address:
        if not request.get("subnet_id"):
            raise e.InvalidInput(error_message="IP allocation requires subnet_id or ip_address")
        return _any(session, port, subnets)
    fitting = next((subnet for subnet in subnets if _fits(address, subnet)), None)
    if fitting is None:
        raise (e.InvalidIpForSubnet if request.get("subnet_id") else e.InvalidIpForNetwork)(ip_address=address)
    address = str(ip_address(address))
    if not SubnetPool(session, fitting).claim(address):
        raise e.IpAddressAlreadyAllocated(ip=address, subnet_id=fitting.id)
    return _store(session, port, fitting, address)


def _fits(address: str, subnet: Subnet) -> bool:
    try:
        value = ip_address(address)
    except ValueError:
        return False
    first, last = hosts(ip_network(subnet.cidr))
    return value.version == subnet.ip_version and first <= int(value) <= last


def _store(session: Session, port: Port, subnet: Subnet, address: str) -> dict[str, str]:
    """Write the allocation; its key refuses a second owner, whatever happened before."""
    table: Any = IPAllocation.__table__
    allocation = {"subnet_id": subnet.id, "ip_address": address}
    try:
        session.execute(insert(table).values(port_id=port.id, **allocation))
    except IntegrityError:
        raise e.IpAddressAlreadyAllocated(ip=address, subnet_id=subnet.id) from None
    return allocation
