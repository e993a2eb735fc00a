"""A project's networks, routers and servers as DOT, from the cloud's state.

Interface: `topology(user)` asks Neutron and Nova as that user; `Topology.dot(look)`, `Topology.words()`.
Invariants: every network is a bar and every router and server that hangs on one is a box with a line to each of its
networks, labelled with its address there. Between two bars that no router joins there is a dashed line that says so.
A floating address is a dashed line from its router to the external network; the words name them all.
Upstream: Horizon's network topology panel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from oslearn.cloud import Connection
from oslearn.core.oslo.context import Body
from oslearn.course.drawing.canvas import BOLD, PAPER, Canvas, text_width
from oslearn.course.drawing.palette import COLOURS
from oslearn.course.drawing.sequence import Look

BAR, ROW, GAP, TOP = 30, 84, 52, 4
"""Heights in points: a network's bar, the room below it with boxes and without, the margin."""
NO_WAY = "no router: nothing passes"


@dataclass(frozen=True)
class Network:
    """A bar: its name and the ranges of its subnets."""

    id: str
    name: str
    ranges: tuple[str, ...]
    external: bool


@dataclass(frozen=True)
class Device:
    """A router or a server: its name and its address on each network; of a router also what it translates."""

    kind: str
    name: str
    status: str
    addresses: dict[str, str]
    floating: tuple[str, ...] = ()


@dataclass(frozen=True)
class Topology:
    """What hangs on what."""

    title: ClassVar[str] = "Your network topology"
    networks: list[Network]
    devices: list[Device]

    def words(self) -> str:
        """The same in words."""
        names = {network.id: network.name for network in self.networks}
        bars = [f"network {n.name} ({', '.join(n.ranges) or 'no subnet'})" for n in self.networks]
        boxes = [
            f"{d.kind} {d.name} with {', '.join(f'{ip} on {names[n]}' for n, ip in d.addresses.items())}"
            for d in self.devices
        ]
        boxes += [f"router {d.name} translates {words}" for d in self.devices for words in d.floating]
        gaps = [f"{NO_WAY} between {one.name} and {other.name}" for one, other in self.gaps()]
        return "; ".join([*bars, *boxes, *gaps]) + "."

    def gaps(self) -> list[tuple[Network, Network]]:
        """The neighbours among the bars that no device joins."""
        return [
            (one, other)
            for one, other in pairwise(self.networks)
            if not any({one.id, other.id} <= set(device.addresses) for device in self.devices)
        ]

    def dot(self, look: Look) -> str:
        """The drawing: a bar for each network, below it the boxes that hang on it first."""
        canvas = Canvas(f"topology-{look.name}", look.width)
        order = [network.id for network in self.networks]
        rows: dict[str, list[Device]] = {id: [] for id in order}
        for device in self.devices:
            rows[min(device.addresses, key=order.index)].append(device)
        top, low = dict[str, float](), float(TOP)
        for network in self.networks:
            top[network.id] = low
            self._bar(canvas, look, network, low)
            low += BAR + (ROW if rows[network.id] else GAP)
        for id, devices in rows.items():
            width = min(150.0, look.width / max(1, len(devices)) - 8)
            for place, device in enumerate(devices):
                left = (place + 0.5) * look.width / len(devices) - width / 2
                _device(canvas, device, left, top[id] + BAR + 24, width, top)
                _floating(canvas, device, left + 0.68 * width, top[id] + BAR)
        for one, other in self.gaps():
            self._gap(canvas, look, one.id, top[other.id] - (GAP if not rows[one.id] else 22), top[other.id])
        return canvas.source(low - (ROW - 66 if rows[order[-1]] else GAP - 6))

    def _gap(self, canvas: Canvas, look: Look, ident: str, start: float, end: float) -> None:
        """Where a router would be."""
        ends = canvas.point(f"gap-{ident}-a", 40, start), canvas.point(f"gap-{ident}-b", 40, end)
        canvas.arrow(*ends, dir="none", style="dashed", penwidth=1.6, color=COLOURS["client"], class_="arrow client")
        canvas.text(f"gap-{ident}", f"{NO_WAY}\n", 48, (start + end) / 2 - 8, 12, style="", class_="caption")

    def _bar(self, canvas: Canvas, look: Look, network: Network, y: float) -> None:
        service = "client" if network.external else "neutron"
        canvas.box(f"bar-{network.id}", 0, y, look.width, BAR, style="filled,rounded", fillcolor=COLOURS[service],
                   class_=f"service {service}")  # fmt: skip
        words = f"{network.name}  {', '.join(network.ranges)}{'  external' if network.external else ''}\n"
        canvas.text(f"name-{network.id}", words, 10, y + 7, 12.5, style="", fontname=BOLD, fontcolor=PAPER,
                    class_=f"on {service}")  # fmt: skip


def _device(canvas: Canvas, device: Device, left: float, y: float, width: float, top: Mapping[str, float]) -> None:
    """A box, and a line to each of its networks."""
    service = "neutron" if device.kind == "router" else "nova"
    for place, (network, address) in enumerate(device.addresses.items()):
        x = left + (10 if device.floating and not place else width * (place + 1) / (len(device.addresses) + 1))
        above = top[network] < y
        end = top[network] + BAR if above else top[network]
        start = y if above else y + 36
        ends = canvas.point(f"{device.name}-{network}-a", x, start), canvas.point(f"{device.name}-{network}-b", x, end)
        canvas.arrow(*ends, dir="none", penwidth=1.6, color=COLOURS[service], class_=f"arrow {service}")
        canvas.text(f"ip-{device.name}-{network}", f"{address}\n", x + 2, (start + end) / 2 - 8, 12, style="",
                    class_="caption")  # fmt: skip
    canvas.box(f"box-{device.kind}-{device.name}-{left:g}", left, y, width, 36, style="filled,rounded",
               fillcolor=COLOURS[service], label=f"{device.name}\n{device.kind}, {device.status}".removesuffix(", "),
               fontcolor=PAPER, fontsize=12, class_=f"instance {service}")  # fmt: skip


def _floating(canvas: Canvas, device: Device, x: float, y: float) -> None:
    """The first floating address of a router, and how many there are besides, where the paper has room for it."""
    if not device.floating:
        return
    first, *others = device.floating
    words = f"{first}, {len(others)} more" if others else first
    ends = canvas.point(f"{device.name}-floating-a", x, y), canvas.point(f"{device.name}-floating-b", x, y + 24)
    canvas.arrow(*ends, dir="none", style="dashed", penwidth=1.6, color=COLOURS["neutron"], class_="arrow neutron")
    if x + 2 + text_width(words, 12) < canvas.width:
        canvas.text(f"ip-{device.name}-floating", f"{words}\n", x + 2, y + 4, 12, style="", class_="caption")


def topology(user: Connection) -> Topology:
    """What the user's project has. `user` is a connection of the cloud."""
    ports = user.network.get("/ports").json()["ports"]
    subnets = user.network.get("/subnets").json()["subnets"]
    networks = []
    for found in user.network.get("/networks").json()["networks"]:
        ranges = tuple(subnet["cidr"] for subnet in subnets if subnet["network_id"] == found["id"])
        networks.append(Network(found["id"], found["name"], ranges, found["router:external"]))
    servers = user.compute.get("/servers/detail").json()["servers"]
    whose = {server["id"]: server["name"] for server in servers}
    owner = {port["id"]: whose.get(port["device_id"], "") for port in ports}
    translated: dict[str, list[str]] = {}
    for one in user.network.get("/floatingips").json()["floatingips"]:
        if one["router_id"]:
            whom = owner.get(one["port_id"]) or one["fixed_ip_address"]
            translated.setdefault(one["router_id"], []).append(f"{one['floating_ip_address']} for {whom}")
    devices = []
    for router in user.network.get("/routers").json()["routers"]:
        gateway = router["external_gateway_info"] or {}
        outer = {gateway["network_id"]: gateway["external_fixed_ips"][0]["ip_address"]} if gateway else {}
        addresses = outer | _addresses(ports, router["id"])
        devices.append(Device("router", router["name"], "", addresses, tuple(translated.get(router["id"], ()))))
    for server in servers:
        devices.append(Device("server", server["name"], server["status"], _addresses(ports, server["id"])))
    bars = sorted(networks, key=lambda n: (not n.external, n.name))
    return Topology(bars, [device for device in devices if device.addresses])


def _addresses(ports: list[Body], device_id: str) -> dict[str, str]:
    """The device's address by network."""
    return {
        p["network_id"]: p["fixed_ips"][0]["ip_address"]
        for p in ports
        if p["device_id"] == device_id and p["fixed_ips"]
    }
