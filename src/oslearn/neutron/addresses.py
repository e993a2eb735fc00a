"""The addresses of a port: which subnets they come from, and that they go back.

Interface: `allocate(session, port, subnets, wanted)`, `change(...)` for a port that has some, `release(session, port)`.
Invariants: either all the addresses are taken or none (the transaction is the caller's).
Upstream: neutron/db/ipam_pluggable_backend.py, neutron/db/ipam_backend_mixin.py. Left out: routed networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oslearn.neutron import exceptions as e
from oslearn.neutron.ipam import SubnetPool, eui64, hosts
from oslearn.neutron.models import IPAllocation, Port, Subnet

Wanted = list[dict[str, str]] | None
ROUTERS = ("network:router_interface",)


def allocate(session: Session, port: Port, subnets: Sequence[Subnet], wanted: Wanted) -> None:
    """Give the port its addresses: those asked for, else one of each IP version that the network has.

    A subnet whose devices make their own address from the MAC gives one to every port, but not to a router's.
    """
    own = [s for s in subnets if s.auto_address and port.device_owner not in ROUTERS]
    served = [s for s in subnets if not s.service_types or port.device_owner in s.service_types]
    if wanted is None:
        for version in (4, 6):
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


def change(session: Session, port: Port, subnets: Sequence[Subnet], wanted: list[dict[str, str]]) -> None:
    """Keep what is asked for again, give back the rest, and take what is new."""
    held, new = list(port.allocations), []
    for request in sorted(wanted, key=lambda request: not request.get("ip_address")):
        same = [a for a in held if request in ({"subnet_id": a.subnet_id}, {"ip_address": a.ip_address})
                or request == {"subnet_id": a.subnet_id, "ip_address": a.ip_address}]  # fmt: skip
        if same:
            held.remove(same[0])
        else:
            new.append(request)
    automatic = {s.id for s in subnets if s.auto_address and port.device_owner not in ROUTERS}
    for allocation in held:
        if allocation.subnet_id not in automatic:
            _free(session, port, allocation, {s.id: s for s in subnets})
    session.flush()
    allocate(session, port, subnets, new)
    write(session, port)


def release(session: Session, port: Port) -> None:
    """Give the port's addresses back to their pools."""
    for allocation in port.allocations:
        subnet = session.get(Subnet, allocation.subnet_id)
        if subnet is not None:
            SubnetPool(session, subnet).release(allocation.ip_address)


def _free(session: Session, port: Port, allocation: IPAllocation, subnets: dict[str, Subnet]) -> None:
    SubnetPool(session, subnets[allocation.subnet_id]).release(allocation.ip_address)
    port.allocations.remove(allocation)


def _any(session: Session, port: Port, subnets: Sequence[Subnet]) -> None:
    """The first free address of the first subnet that has one. Raises IpAddressGenerationFailure."""
    for subnet in subnets:
        address = SubnetPool(session, subnet).allocate()
        if address is not None:
            return _store(port, subnet, address)
    raise e.IpAddressGenerationFailure(net_id=port.network_id)


def _asked(session: Session, port: Port, subnets: Sequence[Subnet], own: list[Subnet], request: dict[str, Any]) -> None:
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
        return None if subnets[0] in own else _any(session, port, subnets)
    fitting = next((subnet for subnet in subnets if _fits(address, subnet)), None)
    if fitting is None:
        raise (e.InvalidIpForSubnet if request.get("subnet_id") else e.InvalidIpForNetwork)(ip_address=address)
    if fitting in own:
        raise e.AllocationOnAutoAddressSubnet(ip=address, subnet_id=fitting.id)
    if not SubnetPool(session, fitting).claim(address):
        raise e.IpAddressAlreadyAllocated(ip=address, subnet_id=fitting.id)
    return _store(port, fitting, address)


def _fits(address: str, subnet: Subnet) -> bool:
    value, (first, last) = ip_address(address), hosts(ip_network(subnet.cidr))
    return value.version == subnet.ip_version and first <= int(value) <= last


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


def _store(port: Port, subnet: Subnet, address: str) -> None:
    position = 1 + max((allocation.position for allocation in port.allocations), default=-1)
    port.allocations.append(IPAllocation(subnet_id=subnet.id, ip_address=address, position=position))
