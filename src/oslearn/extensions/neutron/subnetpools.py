"""Subnet pools: prefixes from which subnets are cut: `/v2.0/subnetpools`.

Invariants: a prefix is cut once; there is one default pool of an IP version.
Upstream: neutron/ipam/subnet_alloc.py, neutron/db/db_base_plugin_v2.py.
Left out: address scopes.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import collapse_addresses, ip_network
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.neutron.attributes import Reader, Values
from oslearn.core.neutron.base import NETWORK, Resource, Stamps, assign, own
from oslearn.core.neutron.models import Subnet
from oslearn.core.oslo.context import RequestContext as Context
from oslearn.extensions.neutron import exceptions as e
from oslearn.extensions.neutron.attributes import CHECKS, RESOURCES
from oslearn.extensions.neutron.models import SubnetPool

BOUNDS = ("min_prefixlen", "default_prefixlen", "max_prefixlen")
POOL: Resource[SubnetPool] = Resource(
    "subnetpool", SubnetPool, e.SubnetPoolNotFound, lambda project: [SubnetPool.shared], declared=RESOURCES
)
READER = Reader(POOL.attributes, CHECKS)


class SubnetPools:
    """What makes subnet pools, changes and deletes them."""

    def __init__(self, stamps: Stamps) -> None:
        self.stamps = stamps

    def create(self, session: Session, context: Context, values: Values) -> SubnetPool:
        """Raises EmptySubnetPoolPrefixList and what `_check` raises."""
        if not values["prefixes"]:
            raise e.EmptySubnetPoolPrefixList()
        version = ip_network(values["prefixes"][0]).version
        low, high = (8, 32) if version == 4 else (64, 128)
        low = values.get("min_prefixlen", low)
        lengths = dict(zip(BOUNDS, (low, low, high), strict=True))
        pool = SubnetPool(**lengths | values, ip_version=version, **self.stamps.new())
        self._check(session, pool)
        session.add(pool)
        return pool

    def update(self, session: Session, context: Context, pool: SubnetPool, values: Values) -> None:
        """Raises IllegalSubnetPoolPrefixUpdate if the pool would lose prefixes, and what `_check` raises."""
        if not all(_inside(old, values.get("prefixes", pool.prefixes)) for old in pool.prefixes):
            raise e.IllegalSubnetPoolPrefixUpdate(msg="Existing prefixes must be a subset of the new prefixes")
        assign(pool, values)
        self._check(session, pool)

    def delete(self, session: Session, context: Context, pool: SubnetPool) -> None:
        """Raises SubnetPoolDeleteError."""
        if session.scalar(select(Subnet.id).where(Subnet.subnetpool_id == pool.id).limit(1)):
            raise e.SubnetPoolDeleteError()
        session.delete(pool)

    def add_prefixes(self, session: Session, context: Context, pool: SubnetPool, info: Values) -> Values:
        """More to cut from. Raises HTTPBadRequest and what an update raises."""
        self._extend(session, context, pool, _prefixes(info))
        return {"prefixes": pool.prefixes}

    def remove_prefixes(self, session: Session, context: Context, pool: SubnetPool, info: Values) -> Values:
        """Less to cut from. Raises HTTPBadRequest, IllegalSubnetPoolPrefixUpdate if a subnet is in it."""
        gone = [ip_network(prefix) for prefix in _prefixes(info)]
        if any(subnet.overlaps(prefix) for subnet in _taken(session, pool) for prefix in gone):
            raise e.IllegalSubnetPoolPrefixUpdate(msg="One or more the prefixes to be removed is in use by a subnet.")
        left = [ip_network(prefix) for prefix in pool.prefixes]
        for prefix in gone:
            left = [part for network in left for part in _without(network, prefix)]
        pool.prefixes = _merged(map(str, left))
        self.stamps.touch(pool)
        return {"prefixes": pool.prefixes}

    def onboard_network_subnets(
        self, session: Session, context: Context, pool: SubnetPool, info: Values
    ) -> list[Values]:
        """A network's subnets become the pool's. Raises NetworkNotFound, IllegalSubnetPoolUpdate."""
        network, taken = NETWORK.find(session, context, info.get("network_id")), _taken(session, pool)
        own(context, network)
        subnets = [subnet for subnet in network.subnets if subnet.ip_version == pool.ip_version]
        for subnet in subnets:
            if any(ip_network(subnet.cidr).overlaps(other) for other in taken):
                raise e.IllegalSubnetPoolUpdate(subnet_id=subnet.id, cidr=subnet.cidr, pool_id=pool.id)
        self._extend(session, context, pool, [subnet.cidr for subnet in subnets])
        for subnet in subnets:
            subnet.subnetpool_id = pool.id
        return [{"id": subnet.id, "cidr": subnet.cidr} for subnet in subnets]

    def _extend(self, session: Session, context: Context, pool: SubnetPool, prefixes: list[str]) -> None:
        self.update(session, context, pool, {"prefixes": _merged([*pool.prefixes, *prefixes])})
        self.stamps.touch(pool)

    def _check(self, session: Session, pool: SubnetPool) -> None:
        """Raises PrefixVersionMismatch, IllegalSubnetPoolPrefixBounds, DefaultSubnetPoolExists."""
        if {ip_network(prefix).version for prefix in pool.prefixes} != {pool.ip_version}:
            raise e.PrefixVersionMismatch()
        for low, high in (BOUNDS[::2], BOUNDS[:2], BOUNDS[1:]):
            one, two = getattr(pool, low), getattr(pool, high)
            if not 0 <= one <= two <= (32 if pool.ip_version == 4 else 128):
                names = {"prefix_type": low, "base_prefix_type": high}
                raise e.IllegalSubnetPoolPrefixBounds(prefixlen=one, base_prefixlen=two, **names)
        others = [SubnetPool.is_default, SubnetPool.ip_version == pool.ip_version, SubnetPool.id != pool.id]
        if pool.is_default and session.scalar(select(SubnetPool.id).where(*others)):
            raise e.DefaultSubnetPoolExists()

    def choose_prefix(self, session: Session, context: Context, values: Values) -> None:
        """A subnet's prefix: as given, or cut from a pool. Raises BadRequest and what `cut` raises."""
        default, length = values.pop("use_default_subnetpool"), values.pop("prefixlen")
        if values["cidr"] and length is not None:
            raise e.CidrAndPrefixlen()
        if default:
            same = [SubnetPool.is_default, SubnetPool.ip_version == values["ip_version"], POOL.visible(context)]
            values["subnetpool_id"] = session.scalar(select(SubnetPool.id).where(*same))
            if values["subnetpool_id"] is None:
                raise e.NoDefaultSubnetPool(version=values["ip_version"])
        if values["subnetpool_id"]:
            pool = POOL.find(session, context, values["subnetpool_id"])
            values |= {"cidr": cut(session, pool, values["cidr"], length), "ip_version": pool.ip_version}
        if not values["cidr"]:
            raise e.NoPrefix()


def _taken(session: Session, pool: SubnetPool) -> list[Any]:
    """The prefixes of the pool's subnets."""
    return [ip_network(c) for c in session.scalars(select(Subnet.cidr).where(Subnet.subnetpool_id == pool.id))]


def _prefixes(info: Values) -> list[str]:
    """What a request adds or takes away. Raises HTTPBadRequest."""
    if not isinstance(info.get("prefixes"), list) or not info["prefixes"]:
        raise e.HTTPBadRequest("Request body contains invalid data")
    return list(READER.read({"prefixes": info["prefixes"]}, "PUT")["prefixes"])


def _merged(prefixes: Iterable[str]) -> list[str]:
    """The same addresses in as few prefixes as can be. Raises PrefixVersionMismatch."""
    try:
        networks: list[Any] = [ip_network(prefix) for prefix in prefixes]
        return [str(network) for network in collapse_addresses(networks)]
    except TypeError:
        raise e.PrefixVersionMismatch() from None


def _without(network: Any, prefix: Any) -> list[Any]:
    """What is left of a network.

    >>> _without(ip_network("10.0.0.0/23"), ip_network("10.0.1.0/24"))
    [IPv4Network('10.0.0.0/24')]
    """
    if network.version != prefix.version or not network.overlaps(prefix):
        return [network]
    return [] if network.subnet_of(prefix) else list(network.address_exclude(prefix))


def cut(session: Session, pool: SubnetPool, cidr: str | None, length: int | None) -> str:
    """A prefix that no subnet of the pool has: the one asked for, or the first of a length.

    Raises MinPrefix..., MaxPrefixSubnetAllocationError, SubnetAllocationError.
    """
    length = ip_network(cidr).prefixlen if cidr else pool.default_prefixlen if length is None else length
    if length < pool.min_prefixlen:
        raise e.MinPrefixSubnetAllocationError(prefixlen=length, min_prefixlen=pool.min_prefixlen)
    if length > pool.max_prefixlen:
        raise e.MaxPrefixSubnetAllocationError(prefixlen=length, max_prefixlen=pool.max_prefixlen)
    taken = _taken(session, pool)
    if cidr:
        if _inside(cidr, pool.prefixes) and not any(ip_network(cidr).overlaps(other) for other in taken):
            return cidr
        raise e.SubnetAllocationError(reason="Cannot allocate requested subnet from the available set of prefixes")
    for prefix in map(ip_network, pool.prefixes):
        for candidate in prefix.subnets(new_prefix=length) if prefix.prefixlen <= length else ():
            if not any(candidate.overlaps(other) for other in taken):  # what is taken is not much: this ends soon
                return str(candidate)
    raise e.SubnetAllocationError(reason=f"Insufficient prefix space to allocate subnet size /{length}")


def _inside(cidr: str, prefixes: list[str]) -> bool:
    network, outer = ip_network(cidr), [ip_network(prefix) for prefix in prefixes]
    return any(network.version == o.version and network.subnet_of(o) for o in outer)  # type: ignore[arg-type]
