"""Properties of the address pool: whatever is asked of it in whatever order, no address has two owners."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.config import Config
from oslearn.core.neutron import addresses
from oslearn.core.neutron.models import AvailabilityRange, Base, Network, Subnet
from oslearn.core.oslo.clock import SteppedClock
from oslearn.extensions.neutron.ipam import claim, default_pools, fill, hosts
from oslearn.extensions.oslo.database import open_database

CIDRS = (
    "10.0.0.0/28",
    "10.0.0.0/29",
    "192.168.7.64/27",
    "10.9.0.0/30",
    "10.9.0.0/31",
    "2001:db8::/124",
    "2001:db8::/64",
)
DATABASE = open_database("neutron", Config()).create(Base)


@st.composite
def plans(draw: Any) -> tuple[str, str | None, list[dict[str, str]]]:
    """A subnet, its gateway and its pools: the default ones or some pieces of them."""
    network = ip_network(draw(st.sampled_from(CIDRS)))
    low, high = hosts(network)
    high = min(high, low + 30)  # a /64 is sampled at its beginning
    gateway = draw(st.one_of(st.none(), st.integers(low, high)))
    pools = default_pools(network, network[gateway - int(network[0])] if gateway is not None else None)
    if network.prefixlen == 64 or draw(st.booleans()):
        ends = sorted(draw(st.sets(st.integers(low, high), min_size=2, max_size=4)))
        spans = [(ends[0], ends[1])] + ([(ends[2], ends[3])] if len(ends) == 4 else [])
        spans = [span for span in spans if gateway is None or not span[0] <= gateway <= span[1]]
        pools = [{"start": str(ip_at(network, first)), "end": str(ip_at(network, last))} for first, last in spans]
    return str(network), str(ip_at(network, gateway)) if gateway is not None else None, pools


def ip_at(network: Any, value: int) -> Any:
    return network.network_address + (value - int(network.network_address))


def members(pools: list[dict[str, str]]) -> set[str]:
    """Every address of the pools."""
    kind = type(ip_address(pools[0]["start"])) if pools else None
    spans = [(int(ip_address(p["start"])), int(ip_address(p["end"]))) for p in pools]
    return {str(kind(value)) for first, last in spans for value in range(first, last + 1)} if kind else set()


def fresh(session: Session, cidr: str, gateway: str | None, pools: list[dict[str, str]]) -> addresses.SubnetPool:
    now, owned = SteppedClock().now(), {"project_id": "p", "name": "", "description": ""}
    session.add(Network(id="n", created_at=now, updated_at=now, **owned))
    session.flush()
    version = ip_network(cidr).version
    subnet = Subnet(id="s", network_id="n", cidr=cidr, ip_version=version, gateway_ip=gateway, created_at=now,
                    updated_at=now, allocation_pools=pools, **owned)  # fmt: skip
    session.add(subnet)
    session.flush()
    pool = addresses.SubnetPool(session, subnet)
    fill(pool)
    return pool


@settings(derandomize=True, max_examples=80, deadline=None)
@given(plan=plans(), actions=st.lists(st.tuples(st.sampled_from("aaacr"), st.integers(0, 40)), max_size=60))
def test_the_pool_behaves_like_a_set_of_free_addresses(plan: Any, actions: list[tuple[str, int]]) -> None:
    cidr, gateway, pools = plan
    everything = sorted(members(pools), key=lambda a: int(ip_address(a)))
    free, taken = set(everything), []
    with Session(DATABASE.engine) as session:  # rolled back at the end, so each example starts with empty tables
        pool = fresh(session, cidr, gateway, pools)
        for action, number in actions:
            if action == "a":
                address = pool.allocate()
                assert address == (min(free, key=lambda a: int(ip_address(a))) if free else None)
                assert address is None or address != gateway
                if address:
                    free.remove(address)
                    taken.append(address)
            elif action == "c" and everything:
                address = everything[number % len(everything)]
                assert claim(pool, address) is (address in free)
                if address in free:
                    free.remove(address)
                    taken.append(address)
            elif action == "r" and taken:
                address = taken.pop(number % len(taken))
                pool.release(address)
                free.add(address)
            assert len(set(taken)) == len(taken)
            assert ranges(session, cidr) == free


def ranges(session: Session, cidr: str) -> set[str]:
    """The addresses of the availability ranges, which must be apart from each other with a gap between them."""
    base = ip_network(cidr).network_address
    found: set[str] = set()
    previous = -2
    for row in session.scalars(select(AvailabilityRange).order_by(AvailabilityRange.first)).all():
        assert previous < row.first <= row.last
        previous = row.last
        found |= {str(base + position) for position in range(row.first, row.last + 1)}
        session.expire(row)
    return found


@settings(derandomize=True, max_examples=30, deadline=None)
@given(plan=plans())
def test_all_of_the_pool_is_handed_out_and_then_nothing(plan: Any) -> None:
    cidr, gateway, pools = plan
    with Session(DATABASE.engine) as session:
        pool = fresh(session, cidr, gateway, pools)
        handed = [pool.allocate() for _ in members(pools)]
        assert set(handed) == members(pools)
        assert pool.allocate() is None


@settings(derandomize=True, max_examples=60, deadline=None)
@given(cidr=st.sampled_from(CIDRS), data=st.data())
def test_default_pools_are_all_hosts_but_the_gateway(cidr: str, data: Any) -> None:
    network = ip_network(cidr)
    low, high = hosts(network)
    gateway = ip_at(network, data.draw(st.integers(low, high)))
    pools = default_pools(network, gateway)
    spans = [(int(ip_address(p["start"])), int(ip_address(p["end"]))) for p in pools]
    assert sum(last - first + 1 for first, last in spans) == high - low
    assert not any(first <= int(gateway) <= last for first, last in spans)


def test_outside_the_pools_is_nobodys_and_never_comes_back() -> None:
    with Session(DATABASE.engine) as session:
        pool = fresh(session, "10.0.0.0/28", "10.0.0.1", [{"start": "10.0.0.4", "end": "10.0.0.4"}])
        assert claim(pool, "10.0.0.9")
        pool.release("10.0.0.9")
        assert pool.allocate() == "10.0.0.4"
        assert pool.allocate() is None


def test_a_big_subnet_is_kept_without_a_row_an_address() -> None:
    with Session(DATABASE.engine) as session:
        pool = fresh(session, "2001:db8::/64", None, default_pools(ip_network("2001:db8::/64"), None))
        assert [pool.allocate() for _ in range(3)] == ["2001:db8::1", "2001:db8::2", "2001:db8::3"]
        assert len(session.scalars(select(AvailabilityRange)).all()) == 1
