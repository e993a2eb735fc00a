"""A network with its subnet and ports, and the way through a router to a floating address.

Interface: `wire(eyes, network)`, `floating(eyes, server)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import ClassVar

from oslearn.course.drawing.canvas import Box
from oslearn.course.drawing.pictures.eyes import Eyes, one
from oslearn.course.drawing.pictures.sheet import Card, Sheet
from oslearn.course.drawing.sequence import Look

OWNERS = {"network:dhcp": "the DHCP agent's", "network:router_interface": "the router's", "compute:": "a server's"}
BAR = 28


@dataclass(frozen=True)
class Plug:
    """A port: whose, its address, its MAC address."""

    owner: str
    address: str
    mac: str


@dataclass(frozen=True)
class Wire:
    """A network, its subnet and its ports."""

    title: ClassVar[str] = "A network, its subnet and its ports"
    name: str
    mtu: int
    range: str
    gateway: str
    pools: tuple[tuple[str, str], ...]
    servers: tuple[str, ...]
    ports: tuple[Plug, ...]

    def words(self) -> str:
        """The picture in words."""
        plugs = "; ".join(f"{p.owner} port has {p.address} and {p.mac}" for p in self.ports) or "no port"
        free = "" if self.taken(self.gateway) else f" No port has the gateway's address {self.gateway} yet."
        parts = ", ".join(f"{first} to {last} {what}" if first != last else f"{first} {what}"
                          for first, last, what in self.segments())  # fmt: skip
        return (f"The network {self.name} has an MTU of {self.mtu}. Its ports: {plugs}.{free} "
                f"Its subnet {self.range}: {parts}.")  # fmt: skip

    def taken(self, address: str) -> bool:
        """Whether a port has this address."""
        return any(plug.address == address for plug in self.ports)

    def segments(self) -> list[tuple[str, str, str]]:
        """The range from its first address to its last: from, to, what it is for."""
        whole = IPv4Network(self.range)
        known = {str(whole[0]): (str(whole[0]), "names the network"), self.gateway: (self.gateway, "gateway"),
                 str(whole[-1]): (str(whole[-1]), "broadcast")}  # fmt: skip
        known |= {first: (last, "pool: for machines") for first, last in self.pools}
        made, following = list[tuple[str, str, str]](), whole[0]
        for first in sorted(known, key=IPv4Address):
            last, what = known[first]
            if following < IPv4Address(first):
                made.append((str(following), str(IPv4Address(first) - 1), "not handed out"))
            made.append((first, last, what))
            following = IPv4Address(last) + 1
        return made

    def end(self, address: str) -> str:
        """The part of an address that differs within the range."""
        fixed = IPv4Network(self.range).prefixlen // 8
        return "." + ".".join(address.split(".")[fixed:])

    def dot(self, look: Look) -> str:
        """The wire above, the ports that hang on it, the range below."""
        sheet = Sheet("wire", look)
        bar = sheet.bar(0, 0, sheet.width, BAR, "neutron", f"network {self.name}, MTU {self.mtu}")
        told = f"tells: DNS {', '.join(self.servers)}" if self.servers else ""
        cards = [
            Card(p.address, [f"{p.owner} port", p.mac, *([told] if told and "DHCP" in p.owner else [])], "neutron")
            for p in self.ports
        ]
        if not self.taken(self.gateway):
            cards.insert(0, Card(self.gateway, ["the gateway's address:", "no port has it yet"], dashed=True))
        wide = min(sheet.width, 230 * len(cards))
        boxes = sheet.row(cards, bar.bottom + 26, 0, wide, gap=14) if cards else []
        for box, card in zip(boxes, cards, strict=True):
            ends = [(box.x, bar.bottom), (box.x, box.top)]
            sheet.arrow(ends, "client" if card.dashed else "neutron", dashed=card.dashed, tip=False)
        y = sheet.words(
            f"subnet {self.range}", 0, sheet.low + 30, sheet.width, bold=True, tone="neutron", align="right"
        )
        strip = self.strip(sheet, y + 2)
        for box, card in zip(boxes, cards, strict=True):
            sheet.arrow([(box.x, box.bottom), self.spot(strip, card.title)], "client", dashed=True, tip=False)
        return sheet.source()

    def spot(self, strip: list[Box], address: str) -> tuple[float, float]:
        """Where on the strip an address is."""
        for box, (first, last, _) in zip(strip, self.segments(), strict=True):
            low, this, high = (int(IPv4Address(one)) for one in (first, address, last))
            if low <= this <= high:
                share = (this - low) / (high - low) if high > low else 0.5
                return box.left + 12 + share * (box.width - 24), box.top
        raise LookupError(f"{address} is not in {self.range}")

    def strip(self, sheet: Sheet, top: float) -> list[Box]:
        """The range as a row of segments: a single address is narrow, a run of them takes the rest."""
        segments = self.segments()
        single = 62 if sheet.short else 118
        runs = sum(first != last for first, last, _ in segments) or 1
        rest = (sheet.width - single * sum(first == last for first, last, _ in segments)) / runs
        left, made = 0.0, list[Box]()
        for first, last, what in segments:
            wide = single if first == last else rest
            tone = "neutron" if what.startswith("pool") else "client"
            text = self.end(first) if first == last else f"{self.end(first)} – {self.end(last)}"
            made.append(sheet.bar(left + 1, top, wide - 2, BAR, tone, text))
            sheet.words(what, left + 4, top + BAR + 4, wide - 6)
            left += wide
        return made


def wire(eyes: Eyes, network: str) -> Wire:
    """The state of a network with one subnet. Raises LookupError."""
    found = one(eyes.network("networks"), network)
    (subnet,) = eyes.network("subnets", network_id=found["id"])
    plugs = [
        Plug(owner_of(port["device_owner"]), port["fixed_ips"][0]["ip_address"], port["mac_address"])
        for port in eyes.network("ports", network_id=found["id"])
        if port["fixed_ips"]
    ]
    return Wire(
        network, found["mtu"], subnet["cidr"], subnet["gateway_ip"],
        tuple((pool["start"], pool["end"]) for pool in subnet["allocation_pools"]), tuple(subnet["dns_nameservers"]),
        tuple(sorted(plugs, key=lambda plug: IPv4Address(plug.address))),
    )  # fmt: skip


def owner_of(device_owner: str) -> str:
    """Whose port it is."""
    return next((words for begin, words in OWNERS.items() if device_owner.startswith(begin)), "nobody's")


@dataclass(frozen=True)
class Floating:
    """The way from a floating address to a server."""

    title: ClassVar[str] = "From a floating address to a server"
    address: str
    status: str
    router: str
    fixed: str
    mac: str
    server: str

    def words(self) -> str:
        """The picture in words."""
        if not self.fixed:
            return f"The floating address {self.address} ({self.status}) leads to no port."
        return (f"A packet from the world is addressed to {self.address} ({self.status}). {self.router} writes "
                f"{self.fixed} in its place. That is the port {self.mac} of {self.server}, which knows nothing of "
                f"{self.address}.")  # fmt: skip

    def dot(self, look: Look) -> str:
        """The world, the router, the port, the server."""
        sheet = Sheet("floating", look)
        if not self.fixed:
            cards = [Card("the world"), Card(self.address, [f"{self.status}: leads to no port"], dashed=True)]
            sheet.chain(cards, [f"to {self.address}"])
            return sheet.source()
        cards = [
            Card("the world", [f"knows {self.address} only"]),
            Card(self.router, [f"has {self.address} and writes {self.fixed} in its place"], "neutron"),
            Card("port", [self.fixed, self.mac], "neutron"),
            Card(self.server, [f"ip addr shows {self.fixed} only"], "nova"),
        ]
        sheet.chain(cards, [f"to\n{self.address}", f"to\n{self.fixed}", ""])
        return sheet.source()


def floating(eyes: Eyes, server: str) -> Floating:
    """The way to the floating address of a server. Raises LookupError."""
    found = eyes.server(server)
    ports = {port["id"]: port for port in eyes.network("ports", device_id=found["id"])}
    given = [address for address in eyes.network("floatingips") if address["port_id"] in ports]
    if not given:
        raise LookupError(f"{server} has no floating address")
    router = next(r for r in eyes.network("routers") if r["id"] == given[0]["router_id"])
    mac = ports[given[0]["port_id"]]["mac_address"]
    return Floating(given[0]["floating_ip_address"], given[0]["status"], router["name"], given[0]["fixed_ip_address"],
                    mac, server)  # fmt: skip
