"""What `oslearn reach` does: ask neutron-server for the way of a packet, with the token of a user, and write it down.

Interface: `ask(session, source, destination, port, protocol)` → a `Way`; `text(way)`.
Invariants: a user learns of what the own project has, and of nothing else: Nova and Neutron see to it.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TypedDict
from urllib.parse import quote

from keystoneauth1 import exceptions as ks
from keystoneauth1.session import Session

from oslearn.core.oslo.context import Body

COMPUTE, NETWORK = "compute", "network"


class Hop(TypedDict):
    """A place that a packet comes to: does it pass, why, and what to do if not."""

    kind: str
    name: str
    passes: bool
    why: str
    repair: str


class Way(TypedDict):
    """A packet and its hops, as neutron-server tells it."""

    source: str
    destination: str
    protocol: str
    port: int | None
    reaches: bool
    hops: list[Hop]


def ask(session: Session, source: str, destination: str, port: int | None, protocol: str) -> Way:
    """The way of a packet between two addresses or servers. Raises LookupError, ks.ClientException."""
    asked = {"source": end(session, source, outside=False), "destination": end(session, destination, outside=True)}
    asked |= {"protocol": protocol} | ({"port": str(port)} if port else {})
    try:
        way: Way = get(session, NETWORK, "/v2.0/reachability", **asked)["reachability"]
    except ks.BadRequest as error:
        told = error.response.json() if error.response is not None else {}
        raise LookupError(told.get("NeutronError", {}).get("message", str(error))) from None
    return way


def get(session: Session, service: str, path: str, **query: str) -> Body:
    """The body of a reply. Raises ks.ClientException."""
    return dict(session.get(path, endpoint_filter={"service_type": service}, params=query).json())


def end(session: Session, word: str, outside: bool) -> str:
    """An address as it is; a server's floating address, as seen from `outside`, or the id of its port.

    Raises LookupError.
    """
    try:
        return str(ip_address(word))
    except ValueError:
        server = find(session, word)
    addresses = [address for one in server["addresses"].values() for address in one]
    floating = [address["addr"] for address in addresses if address["OS-EXT-IPS:type"] == "floating"]
    if outside and floating:
        return str(floating[0])
    query = {"device_id": server["id"], "fields": "id"}
    ports = get(session, NETWORK, "/v2.0/ports", **query)["ports"]
    if not ports:
        raise LookupError(f"server {word} has no port: it is on no network")
    return str(ports[0]["id"])


def find(session: Session, word: str) -> Body:
    """A server by its id or name. Raises LookupError."""
    try:
        return dict(get(session, COMPUTE, f"/servers/{quote(word, safe='')}")["server"])
    except ks.NotFound:
        listed = get(session, COMPUTE, "/servers/detail")["servers"]
    found = [server for server in listed if server["name"] == word]
    if len(found) != 1:
        raise LookupError(f"{'several servers are' if found else 'no server is'} called {word}")
    return dict(found[0])


def text(way: Way) -> str:
    """A line a hop, and what to do at the last."""
    what = f"{way['protocol']} {way['port'] or ''}".strip()
    lines = [f"{what} from {way['source']} to {way['destination']}"]
    for hop in way["hops"]:
        lines.append(f"  {'yes' if hop['passes'] else 'NO ':3}  {hop['kind']:<14}  {hop['name']}: {hop['why']}")
    repair = way["hops"][-1]["repair"] if way["hops"] else ""
    lines.append("It arrives." if way["reaches"] else f"It does not arrive. To repair it:\n  {repair}")
    return "\n".join(lines)
