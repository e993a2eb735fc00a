"""Subnet pools: prefixes from which subnets are cut: `/v2.0/subnetpools`.

Invariants: a prefix is cut once; there is one default pool of an IP version.
Upstream: neutron/ipam/subnet_alloc.py, neutron/db/db_base_plugin_v2.py.
Left out: address scopes, prefixes that are added and taken away one by one, onboarding of subnets.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.neutron import attributes as a
from oslearn.neutron import exceptions as e
from oslearn.neutron.attributes import Attribute
from oslearn.neutron.base import Resource, assign
from oslearn.neutron.models import Subnet, SubnetPool
from oslearn.neutron.networks import Networks
from oslearn.oslo.context import RequestContext

LENGTH = Attribute(a.integer)
POOL = Resource(
    "subnetpool",
    SubnetPool,
    a.STANDARD
    | {
        "prefixes": Attribute(a.array(a.cidr), a.REQUIRED),
        "ip_version": a.shown(),
        "min_prefixlen": LENGTH,
        "max_prefixlen": LENGTH,
        "default_prefixlen": LENGTH,
        "default_quota": Attribute(a.optional(a.integer), None),
        "shared": Attribute(a.boolean, False, put=False, admin=True),
        "is_default": Attribute(a.boolean, False, admin=True),
        "address_scope_id": a.shown(lambda pool: None),
    },
    "SubnetPoolNotFound",
    lambda caller: [SubnetPool.shared],
)
BOUNDS = ("min_prefixlen", "default_prefixlen", "max_prefixlen")


class SubnetPools(Networks):
    """Subnet pools."""

    def create_subnetpool(self, session: Session, context: RequestContext, values: dict[str, Any]) -> SubnetPool:
        """Raises EmptySubnetPoolPrefixList and what `_check` raises."""
        if not values["prefixes"]:
            raise e.EmptySubnetPoolPrefixList()
        version = ip_network(values["prefixes"][0]).version
        low, high = (8, 32) if version == 4 else (64, 128)
        low = values.get("min_prefixlen", low)
        values = dict(zip(BOUNDS, (low, low, high), strict=True)) | values
        pool = SubnetPool(**values, ip_version=version, **self.stamp())
        self._check(session, pool)
        session.add(pool)
        return pool

    def update_subnetpool(
        self, session: Session, context: RequestContext, pool: SubnetPool, values: dict[str, Any]
    ) -> None:
        """Raises IllegalSubnetPoolPrefixUpdate if the pool would lose prefixes, and what `_check` raises."""
        if any(not _inside(old, values.get("prefixes", pool.prefixes)) for old in pool.prefixes):
            raise e.IllegalSubnetPoolPrefixUpdate(msg="Existing prefixes must be a subset of the new prefixes")
        assign(pool, values)
        self._check(session, pool)

    def delete_subnetpool(self, session: Session, context: RequestContext, pool: SubnetPool) -> None:
        """Raises SubnetPoolDeleteError."""
        if session.scalar(select(Subnet.id).where(Subnet.subnetpool_id == pool.id).limit(1)):
            raise e.SubnetPoolDeleteError(reason="Subnet pool has existing allocations")
        session.delete(pool)

    def _check(self, session: Session, pool: SubnetPool) -> None:
        """Raises PrefixVersionMismatch, IllegalSubnetPoolPrefixBounds, InvalidInput."""
        if {ip_network(prefix).version for prefix in pool.prefixes} != {pool.ip_version}:
            raise e.PrefixVersionMismatch()
        for low, high in (BOUNDS[::2], BOUNDS[:2], BOUNDS[1:]):
            one, two = getattr(pool, low), getattr(pool, high)
            if not 0 <= one <= two <= (32 if pool.ip_version == 4 else 128):
                names = {"prefix_type": low, "base_prefix_type": high}
                raise e.IllegalSubnetPoolPrefixBounds(prefixlen=one, base_prefixlen=two, **names)
        others = [SubnetPool.is_default, SubnetPool.ip_version == pool.ip_version, SubnetPool.id != pool.id]
        if pool.is_default and session.scalar(select(SubnetPool.id).where(*others)):
            detail = "A default subnetpool for this IP family has already been set. "
            raise e.InvalidInput(error_message=f"{detail}Only one default may exist per IP family")

    def default_subnetpool(self, session: Session, context: RequestContext, version: Any) -> str:
        """The id of the default pool. Raises BadRequest if there is none."""
        same = [SubnetPool.is_default, SubnetPool.ip_version == version, POOL.visible(context)]
        found = session.scalar(select(SubnetPool.id).where(*same))
        if found is None:
            raise e.BadRequest(resource="subnets", msg=f"No default subnetpool found for IPv{version}")
        return found


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
    for prefix in (ip_network(prefix) for prefix in pool.prefixes):
        candidates = prefix.subnets(new_prefix=length) if prefix.prefixlen <= length else iter(())
        for candidate in candidates:  # each one that is taken rules out one subnet, so this ends soon
            if not any(candidate.overlaps(other) for other in taken):
                return str(candidate)
    raise e.SubnetAllocationError(reason=f"Insufficient prefix space to allocate subnet size /{length}")


def _inside(cidr: str, prefixes: list[str]) -> bool:
    network: Any = ip_network(cidr)
    outer = [ip_network(prefix) for prefix in prefixes]
    return any(network.version == o.version and network.subnet_of(o) for o in outer)
