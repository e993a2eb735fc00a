"""The doors that a packet from outside passes.

Interface: `doors(eyes, server, port)` asks as `oslearn reach` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oslearn.course import reach
from oslearn.course.drawing.pictures.eyes import Eyes
from oslearn.course.drawing.pictures.sheet import Card, Sheet
from oslearn.course.drawing.sequence import Look

OUTSIDE = "198.51.100.1"
"""Where `oslearn reach` begins, unless it is told."""


@dataclass(frozen=True)
class Door:
    """A place that the packet comes to: what is there, and whether it passes; None if it does not come so far."""

    name: str
    there: tuple[str, ...]
    passes: bool | None


@dataclass(frozen=True)
class Doors:
    """A packet's way in."""

    title: ClassVar[str] = "The five doors of a packet from outside"
    server: str
    packet: str
    doors: tuple[Door, ...]

    @property
    def arrives(self) -> bool:
        """Whether all doors are open."""
        return all(door.passes for door in self.doors)

    def words(self) -> str:
        """The picture in words."""
        said = {True: "open", False: "shut", None: "not reached"}
        told = "; ".join(f"{n}. {d.name}, {said[d.passes]}: {', '.join(d.there)}" for n, d in enumerate(self.doors, 1))
        return f"{self.packet}. {told}. It {'arrives' if self.arrives else 'does not arrive'} at {self.server}."

    def dot(self, look: Look) -> str:
        """A row of doors, or on a phone a column."""
        sheet = Sheet("doors", look)
        top = sheet.words(self.packet, 0, 0, sheet.width, bold=True) + 8
        cards = [
            Card(door.name, door.there, "client" if door.passes is None else "neutron", door.passes, n,
                 dashed=door.passes is None)
            for n, door in enumerate(self.doors, 1)
        ]  # fmt: skip
        end = "The packet arrives." if self.arrives else "The packet does not arrive."
        cards.append(Card(self.server, [end], "nova" if self.arrives else "client", dashed=not self.arrives))
        if sheet.short:
            sheet.chain(cards, [""] * (len(cards) - 1), top)
            return sheet.source()
        boxes = sheet.row(cards[:3], top, gap=30)
        boxes += sheet.row(cards[3:], sheet.low + 30, gap=30)
        for here, there, card in zip(boxes, boxes[1:], cards[1:], strict=False):
            if here.top == there.top:
                way = [(here.right, here.y), (there.left, there.y)]
            else:
                y = (here.bottom + there.top) / 2
                way = [(here.x, here.bottom), (here.x, y), (there.x, y), (there.x, there.top)]
            sheet.arrow(way, dashed=card.dashed)
        return sheet.source()


def doors(eyes: Eyes, server: str, port: str = "22") -> Doors:
    """The way of a TCP packet from outside to a server, door by door. Raises LookupError."""
    way = reach.ask(eyes.demo.session, OUTSIDE, server, int(port), "tcp")
    packet = f"A packet from {way['source']} to {way['destination']}, TCP port {way['port']}"
    known = {hop["kind"]: hop for hop in way["hops"]}
    floating = next(f for f in eyes.network("floatingips") if f["floating_ip_address"] == way["destination"])
    found = [Door("The address", (way["destination"], f"yours, {floating['status']}"), True)]
    plug = next((p for p in eyes.network("ports") if p["id"] == floating["port_id"]), None)
    if plug is None:
        found.append(Door("The port", (known["floating ip"]["why"],), False))
    else:
        networks = {network["id"]: network["name"] for network in eyes.network("networks")}
        there = (f"{plug['fixed_ips'][0]['ip_address']} of {server}", plug["status"])
        found.append(Door("The port", there, known["port"]["passes"]))
        router = next(r for r in eyes.network("routers") if r["id"] == floating["router_id"])
        gate = router["external_gateway_info"] or {}
        outer = f"{gate['external_fixed_ips'][0]['ip_address']} on {networks[gate['network_id']]}" if gate else "none"
        found.append(Door("The router's gateway", (f"{router['name']}: {outer}",), bool(gate)))
        inner = [p for p in eyes.network("ports", device_id=router["id"]) if p["network_id"] == plug["network_id"]]
        address = f"{inner[0]['fixed_ips'][0]['ip_address']} on {networks[plug['network_id']]}" if inner else "none"
        found.append(Door("The subnet", (f"{router['name']} is plugged in: {address}",), bool(inner)))
        if rule := known.get("security group"):
            found.append(Door("The security group", (rule["why"],), rule["passes"]))
    names = ("The address", "The port", "The router's gateway", "The subnet", "The security group")
    found += [Door(name, ("not reached",), None) for name in names[len(found):]]  # fmt: skip
    return Doors(server, packet, tuple(found))
