"""What a cloud has, as its operator sees it: networks, routers, servers, volumes, and what is said of each.

Interface: `Thing`; `things(admin, last)` asks the services, and tells what there is and who did not answer.
Invariants: a service that does not answer hides nothing: what it told the last time stands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from keystoneauth1.exceptions import ClientException

from oslearn.cloud import Connection
from oslearn.core.oslo.context import Body
from oslearn.course.drawing.topology import NO_WAY

INTERFACE = "network:router_interface"
EVERY = {"all_tenants": 1}
"""Of all projects."""


@dataclass(frozen=True)
class Thing:
    """Something in the cloud: what it is, lines about it, the networks that it is on."""

    kind: str
    id: str
    name: str
    lines: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    host: str = ""
    external: bool = False


def things(admin: Connection, last: Iterable[Thing] = ()) -> tuple[list[Thing], list[str]]:
    """All that there is; what a service does not tell is of those that were there at `last`."""
    found, silent, last = list[Thing](), list[str](), [*last]
    for name, kinds, ask in ASKED:
        try:
            found += ask(admin)
        except ClientException:
            silent.append(name)
            found += [thing for thing in last if thing.kind in kinds]
    return found, silent


def wires(admin: Connection) -> list[Thing]:
    """Networks and routers, of Neutron."""
    subnets, ports, networks, routers, floating = (
        admin.network.get(f"/{kind}").json()[kind]
        for kind in ("subnets", "ports", "networks", "routers", "floatingips")
    )
    names = {one["id"]: one["name"] for one in networks}
    found = [
        Thing("network", one["id"], one["name"], tuple(told(one, subnets, ports)), external=one["router:external"])
        for one in sorted(networks, key=lambda one: str(one["name"]))
    ]
    for router in routers:
        places = addresses(port for port in ports if port["device_id"] == router["id"])
        lines = [f"{ip} on {names.get(network, network)}" for network, ip in places]
        lines += [f"{one['floating_ip_address']} → {one['fixed_ip_address']}" for one in floating
                  if one["router_id"] == router["id"]]  # fmt: skip
        on = tuple(dict.fromkeys(network for network, _ in places))
        found.append(Thing("router", router["id"], router["name"], ("router", *lines), on))
    return found


def told(network: Body, subnets: Iterable[Body], ports: Iterable[Body]) -> Iterator[str]:
    """What is said of a network."""
    ranges = [subnet["cidr"] for subnet in subnets if subnet["network_id"] == network["id"]]
    yield from ranges or ["no subnet"]
    if network["router:external"]:
        yield "external"
    elif not any(port["network_id"] == network["id"] and port["device_owner"] == INTERFACE for port in ports):
        yield NO_WAY


def addresses(ports: Iterable[Body]) -> list[tuple[str, str]]:
    """The network and the address of each."""
    return [(port["network_id"], fixed["ip_address"]) for port in ports for fixed in port["fixed_ips"]]


def servers(admin: Connection) -> list[Thing]:
    """The servers, of Nova; Neutron says on which networks they are, if it answers."""
    found = admin.compute.get("/servers/detail", params=EVERY).json()["servers"]
    try:
        ports = admin.network.get("/ports").json()["ports"]
    except ClientException:
        ports = []
    made = []
    for server in found:
        lines = [server["status"]]
        lines += [
            one["addr"] if one["OS-EXT-IPS:type"] == "fixed" else f"floating {one['addr']}"
            for there in server["addresses"].values() for one in there
        ]  # fmt: skip
        host = server["OS-EXT-SRV-ATTR:host"] or ""
        lines += [f"on {host}"] if host else []
        on = tuple(dict.fromkeys(port["network_id"] for port in ports if port["device_id"] == server["id"]))
        made.append(Thing("server", server["id"], server["name"], tuple(lines), on, host))
    return made


def volumes(admin: Connection) -> list[Thing]:
    """The volumes, of Cinder."""
    found = admin.volume.get("/volumes/detail", params=EVERY).json()["volumes"]
    try:
        listed = admin.compute.get("/servers", params=EVERY).json()["servers"]
    except ClientException:
        listed = []
    names = {server["id"]: server["name"] for server in listed}
    made = []
    for volume in found:
        lines = [f"{volume['size']} GiB, {volume['status']}"]
        lines += [f"in {names.get(one['server_id'], one['server_id'])} as {one['device']}"
                  for one in volume["attachments"]]  # fmt: skip
        made.append(Thing("volume", volume["id"], volume["name"] or volume["id"], tuple(lines)))
    return made


Ask = Callable[[Connection], list[Thing]]
ASKED: tuple[tuple[str, tuple[str, ...], Ask], ...] = (
    ("neutron-server", ("network", "router"), wires),
    ("nova-api", ("server",), servers),
    ("cinder-api", ("volume",), volumes),
)
"""Who is asked for what."""
