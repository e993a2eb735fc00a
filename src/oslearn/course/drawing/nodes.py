"""A small cloud on three machines as DOT: what runs on each, which networks join them, and what goes over which.

Interface: `load()` reads `nodes.toml` beside it; `nodes(plan, WIDE | NARROW)`; `Plan.words()`.
Invariants: every process, every network with its range, every address and every path of the plan is drawn; a path
touches only the networks on which its nodes have an address.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from oslearn.course.drawing.canvas import BAND, BOLD, INK, LINE, MUTED, PAPER, Canvas, text_width
from oslearn.course.drawing.palette import COLOURS
from oslearn.course.drawing.sequence import NARROW, WIDE, Look

__all__ = ["NARROW", "WIDE", "Plan", "load", "nodes"]

WORLD = "world"
WORLD_HEIGHT = 34.0
EDGE, BAR, GAP, PLATE, LANE = 4, 48, 46, 24, 9
"""Points: the world's height; margin, a network's bar, between bar and node, a row of processes, between two paths."""


@dataclass(frozen=True)
class Network:
    """A bar that joins nodes; `above` lies between them and the world."""

    key: str
    range: str
    service: str
    above: bool = False


@dataclass(frozen=True)
class Node:
    """A machine: its part of the width, its address by network, what runs on it."""

    key: str
    share: float
    addresses: dict[str, str]
    processes: tuple[str, ...]


@dataclass(frozen=True)
class Way:
    """What goes from stop to stop, and how it is drawn."""

    key: str
    words: str
    service: str
    line: str
    stops: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """The whole cloud."""

    networks: list[Network] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    paths: list[Way] = field(default_factory=list)

    def words(self) -> str:
        """The same in words."""
        machines = [
            f"{n.key}, with {', '.join(n.processes)}, on {', '.join(f'{at} ({a})' for at, a in n.addresses.items())}"
            for n in self.nodes
        ]
        return "; ".join([*machines, *(f"{way.words}: {', '.join(way.stops)}" for way in self.paths)]) + "."


def load(path: Path | None = None) -> Plan:
    """The plan in the file. Raises ValueError for a path over a network on which its node has no address."""
    path = path or Path(__file__).with_name("nodes.toml")
    data = tomllib.loads(path.read_text("utf-8"))
    plan = Plan(
        [Network(**entry) for entry in data["network"]],
        [Node(**{**entry, "processes": tuple(entry["processes"])}) for entry in data["node"]],
        [Way(**{**entry, "stops": tuple(entry["stops"])}) for entry in data["path"]],
    )
    on = {WORLD: {n.key for n in plan.networks if n.above}} | {node.key: set(node.addresses) for node in plan.nodes}
    for way in plan.paths:
        for one, other in pairwise(way.stops):
            if other not in on.get(one, ()) and one not in on.get(other, ()):
                raise ValueError(f"{path.name}: {way.key} goes from {one} to {other}, which do not meet")
    return plan


def nodes(plan: Plan, look: Look) -> str:
    """The plan as a drawing."""
    return _Nodes(plan, look).source()


class _Nodes:
    """One drawing in the making, from top to bottom: the world, networks, nodes, networks, what the lines mean."""

    def __init__(self, plan: Plan, look: Look) -> None:
        self.canvas = Canvas(f"nodes-{look.name}", look.width)
        self.plan, self.look = plan, look
        self.between = 8 if look.short else 22
        self.columns = dict(self._columns())
        self.bars: dict[str, float] = {}
        y = WORLD_HEIGHT + 26
        for network in (n for n in plan.networks if n.above):
            self.bars[network.key], y = y, y + BAR + GAP
        self.top = y
        self.bottom = y + 30 + PLATE * max(len(self._rows(node)) for node in plan.nodes) + 4
        y = self.bottom + GAP
        for network in (n for n in plan.networks if not n.above):
            self.bars[network.key], y = y, y + BAR + 30
        self.end = y - 12

    def _columns(self) -> Iterator[tuple[str, tuple[float, float]]]:
        """Where each node lies: its left edge and its width."""
        left, room = float(EDGE), self.look.width - 2 * EDGE - self.between * (len(self.plan.nodes) - 1)
        for node in self.plan.nodes:
            yield node.key, (left, room * node.share)
            left += room * node.share + self.between

    def source(self) -> str:
        """The DOT text."""
        self.canvas.box(
            "world", 0, 0, self.look.width, WORLD_HEIGHT, style="filled,rounded", class_="clients", fillcolor=BAND
        )
        self._words("world-name", "users, and the rest of the world", EDGE + 6, 9, 12.5, fontname=BOLD)
        for node in self.plan.nodes:
            for network in self.plan.networks:
                if network.key in node.addresses:
                    self._card(node, network)
        for network in self.plan.networks:
            self._bar(network)
        for node in self.plan.nodes:
            self._node(node)
        for place, way in enumerate(self.plan.paths):
            self._way(place, way)
            self._meaning(place, way)
        return self.canvas.source(self.end + 20 * len(self.plan.paths) + 4)

    def _words(self, ident: str, words: str, left: float, top: float, size: float, **attrs: str) -> None:
        self.canvas.text(ident, f"{words}\n", left, top, size, **{"style": "", "class_": "words"} | attrs)

    def _lane(self, network: str, place: int) -> float:
        """The height at which a path goes along a bar: above the bar's name."""
        return self.bars[network] + 8 + place * LANE

    def _crossed(self, network: Network) -> bool:
        """Whether another bar lies between the nodes and this one."""
        return not network.above and network.key != next(n.key for n in self.plan.networks if not n.above)

    def _x(self, node: str, network: Network) -> float:
        """Where the node's network card is."""
        left, width = self.columns[node]
        return left + width * (0.72 if self._crossed(network) else 0.14)

    def _card(self, node: Node, network: Network) -> None:
        """The line between a node and its network, behind the bars, with the node's address."""
        x, bar = self._x(node.key, network), self.bars[network.key]
        start, stop = (bar + BAR, self.top) if network.above else (self.bottom, bar)
        self.canvas.box(f"card-{node.key}-{network.key}", x - 1, start, 2, stop - start, class_="life", fillcolor=LINE)
        address = node.addresses[network.key]
        if self.look.short and address[0].isdigit():
            address = "." + address.rpartition(".")[2]  # the bar has the range
        top, left = stop - 17, x - text_width(address, 11.5) - 10
        if not self._crossed(network):
            top = top if network.above else start + 2
            left = x + self._beside(node.key, network.key, len(self.plan.paths)) - LANE + 3
        self._words(f"address-{node.key}-{network.key}", address, left, top, 11.5)

    def _beside(self, node: str, network: str, place: int) -> float:
        """How far beside a card the path of that place runs: the paths before it lie between."""
        ways = self.plan.paths[:place]
        return LANE * (1 + sum({node, network} in map(set, pairwise(way.stops)) for way in ways))

    def _bar(self, network: Network) -> None:
        joined = [self.columns[n.key] for n in self.plan.nodes if network.key in n.addresses]
        left = 1 if network.above else min(c[0] for c in joined) - EDGE + 1
        right = (self.look.width if network.above else max(sum(c) for c in joined) + EDGE) - 1
        y = self.bars[network.key]
        self.canvas.box(f"bar-{network.key}", left, y, right - left, BAR, style="filled,rounded", penwidth=1.5,
                        color=COLOURS[network.service], fillcolor=BAND,
                        class_=f"hypervisor {network.service}")  # fmt: skip
        words = f"{network.key}  {network.range}"
        x, down = (right - text_width(words, 12.5, True) - 14, 14) if network.above else (left + 6, 28)
        self._words(f"name-{network.key}", words, x, y + down, 12.5, fontname=BOLD,
                    fontcolor=COLOURS[network.service], class_=f"hypervisor-name {network.service}")  # fmt: skip

    def _rows(self, node: Node) -> list[list[tuple[str, float]]]:
        """The processes and the widths of their plates, as rows that fit the node."""
        rows: list[list[tuple[str, float]]] = [[]]
        for process in node.processes:
            width = text_width(process, 11.5) + 8
            if rows[-1] and sum(w + 6 for _, w in rows[-1]) + width > self.columns[node.key][1] - 10:
                rows.append([])
            rows[-1].append((process, width))
        return rows

    def _node(self, node: Node) -> None:
        left, width = self.columns[node.key]
        self.canvas.box(f"node-{node.key}", left, self.top, width, self.bottom - self.top, style="filled,rounded",
                        penwidth=1.5, color=MUTED, fillcolor=BAND, class_="hypervisor client")  # fmt: skip
        self._words(f"node-{node.key}-name", node.key, left + 6, self.top + 6, 13, fontname=BOLD, fontcolor=MUTED,
                    class_="hypervisor-name client")  # fmt: skip
        for n, row in enumerate(self._rows(node)):
            x = left + 6
            for process, wide in row:
                self.canvas.box(f"process-{node.key}-{process}", x, self.top + 28 + n * PLATE, wide, 20, label=process,
                                fontsize=11.5, fillcolor=PAPER, fontcolor=INK, style="filled,rounded",
                                class_="process client")  # fmt: skip
                x += wide + 6

    def _way(self, place: int, way: Way) -> None:
        """The path, in pieces that end at nodes; each piece is lines with right angles and one tip."""
        for start, key, end in zip(way.stops[::2], way.stops[1::2], way.stops[2::2], strict=False):
            network = next(network for network in self.plan.networks if network.key == key)
            x, y = {}, {WORLD: WORLD_HEIGHT}
            for node in {start, end} - {WORLD}:
                x[node] = self._x(node, network) + self._beside(node, key, place)
                y[node] = self.top if network.above else self.bottom
            x.setdefault(WORLD, min(x.values()))  # from the world straight down
            level = [] if WORLD in (start, end) else [(x[stop], self._lane(key, place)) for stop in (start, end)]
            self._line(f"{way.key}-{start}-{end}", way, [(x[start], y[start]), *level, (x[end], y[end])])

    def _line(self, ident: str, way: Way, corners: list[tuple[float, float]]) -> None:
        ends = [self.canvas.point(f"{ident}-{n}", *corner) for n, corner in enumerate(corners)]
        for tail, head in pairwise(ends):
            tip = "normal" if head == ends[-1] else "none"
            self.canvas.arrow(tail, head, style=way.line, penwidth=2, color=COLOURS[way.service], arrowhead=tip,
                              class_=f"arrow {way.service}")  # fmt: skip

    def _meaning(self, place: int, way: Way) -> None:
        """What the line stands for."""
        y = self.end + 20 * place
        self._line(f"meaning-{way.key}", way, [(EDGE, y + 8), (EDGE + 34, y + 8)])
        self._words(f"meaning-{way.key}-words", way.words, EDGE + 40, y, 11.5)
