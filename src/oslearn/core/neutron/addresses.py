"""The addresses of a port: which subnets they come from, and that they go back.

Interface: `allocate(session, port, subnets, wanted)`, `change(...)` for a port that has some, `release(session, port)`,
`write(session, port)`.
Invariants: either all the addresses are taken or none (the transaction is the caller's).
Upstream: neutron/db/ipam_pluggable_backend.py, neutron/db/ipam_backend_mixin.py. Left out: routed networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.ipam import SubnetPool, eui64, hosts
from oslearn.core.neutron.models import IPAllocation, Port, Subnet

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
    """Give the port's addresses back to their pools."""
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
