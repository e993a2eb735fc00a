"""Subnet pools: prefixes from which subnets are cut: `/v2.0/subnetpools`.

Invariants: a prefix is cut once; there is one default pool of an IP version.
Upstream: neutron/ipam/subnet_alloc.py, neutron/db/db_base_plugin_v2.py.
Left out: address scopes, prefixes that are added and taken away one by one, onboarding of subnets.
"""

from __future__ import annotations

from ipaddress import ip_network

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.neutron import exceptions as e
from oslearn.neutron.base import Resource, Values, assign
from oslearn.neutron.models import Subnet, SubnetPool
from oslearn.neutron.networks import Networks
from oslearn.oslo.context import RequestContext as Context

BOUNDS = ("min_prefixlen", "default_prefixlen", "max_prefixlen")
POOL = Resource("subnetpool", SubnetPool, "SubnetPoolNotFound", lambda caller: [SubnetPool.shared])


class SubnetPools(Networks):
    """Subnet pools."""

    def create_subnetpool(self, session: Session, context: Context, values: Values) -> SubnetPool:
        """Raises EmptySubnetPoolPrefixList and what `_check` raises."""
        if not values["prefixes"]:
            raise e.EmptySubnetPoolPrefixList()
        version = ip_network(values["prefixes"][0]).version
        low, high = (8, 32) if version == 4 else (64, 128)
        low = values.get("min_prefixlen", low)
        lengths = dict(zip(BOUNDS, (low, low, high), strict=True))
        pool = SubnetPool(**lengths | values, ip_version=version, **self.stamp())
        self._check(session, pool)
        session.add(pool)
        return pool

    def update_subnetpool(self, session: Session, context: Context, pool: SubnetPool, values: Values) -> None:
        """Raises IllegalSubnetPoolPrefixUpdate if the pool would lose prefixes, and what `_check` raises."""
        if not all(_inside(old, values.get("prefixes", pool.prefixes)) for old in pool.prefixes):
            raise e.IllegalSubnetPoolPrefixUpdate()
        assign(pool, values)
        self._check(session, pool)

    def delete_subnetpool(self, session: Session, context: Context, pool: SubnetPool) -> None:
        """Raises SubnetPoolDeleteError."""
        if session.scalar(select(Subnet.id).where(Subnet.subnetpool_id == pool.id).limit(1)):
            raise e.SubnetPoolDeleteError()
        session.delete(pool)

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
            pool = self.find(session, POOL, context, values["subnetpool_id"])
            values |= {"cidr": cut(session, pool, values["cidr"], length), "ip_version": pool.ip_version}
        if not values["cidr"]:
            raise e.NoPrefix()


def cut(session: Session, pool: SubnetPool, cidr: str | None, length: int | None) -> str:
    """A prefix that no subnet of the pool has: the one asked for, or the first of a length.

    Raises MinPrefix..., MaxPrefixSubnetAllocationError, SubnetAllocationError.
    """
    length = ip_network(cidr).prefixlen if cidr else pool.default_prefixlen if length is None else length
    if length < pool.min_prefixlen:
        raise e.MinPrefixSubnetAllocationError(prefixlen=length, min_prefixlen=pool.min_prefixlen)
    if length > pool.max_prefixlen:
        raise e.MaxPrefixSubnetAllocationError(prefixlen=length, max_prefixlen=pool.max_prefixlen)
    taken = [ip_network(c) for c in session.scalars(select(Subnet.cidr).where(Subnet.subnetpool_id == pool.id))]
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
