"""The whole cloud as it is: networks, routers, servers, volumes, hosts with what runs on them.

Interface: `look(cloud, processes, last)` asks the cloud as its operator; `Map.dot(look, before)`, `Map.words(before)`,
`Map.told(before)`.
Invariants: what a service that does not answer would have told is drawn as it was last seen, and said to be so; what is
stopped is grey, dashed and called stopped; what is new since `before` has a strong outline and the word for it.
Upstream: Horizon's network topology and its system information, on one sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from oslearn.cloud import Cloud
from oslearn.course.drawing.canvas import Box, shortened, text_width
from oslearn.course.drawing.palette import actor
from oslearn.course.drawing.pictures.sheet import TITLE, Card, Sheet
from oslearn.course.drawing.sequence import Look
from oslearn.course.drawing.things import Thing, things
from oslearn.course.processes import DATABASE, Process
from oslearn.trace.views import unseen

LANE, GAP, BAR = 14, 10, 26
"""Points: between two routers' lines, between two boxes; how high the bar of a network or a process is."""
COLUMN, MACHINE = 170, 235
"""How wide a thing and a machine are at the least."""
LANES = 5
"""More routers than this have no lines; their cards say it in words."""
NEW, CHANGED = "new", "changed"
"""What is said of a thing that was not there before, or was different."""


@dataclass(frozen=True)
class Map:
    """What there is, who runs, and who did not answer."""

    title: ClassVar[str] = "The cloud as it is now"
    things: tuple[Thing, ...]
    processes: tuple[Process, ...]
    silent: tuple[str, ...] = ()

    def of(self, kind: str) -> list[Thing]:
        """The things of a kind."""
        return [thing for thing in self.things if thing.kind == kind]

    def news(self, before: Map | None) -> dict[str, str]:
        """What is to be said of a thing or a process: that it is new, or changed."""
        if before is None:
            return {}
        known: dict[str, Thing | Process] = {thing.id: thing for thing in before.things}
        known |= {process.name: process for process in before.processes}
        now: dict[str, Thing | Process] = {thing.id: thing for thing in self.things}
        now |= {process.name: process for process in self.processes}
        return {id: CHANGED if id in known else NEW for id, one in now.items() if known.get(id) != one}

    def told(self, before: Map | None) -> list[str]:
        """What is new, other, or gone, in words."""
        news = self.news(before)
        said = [f"{news[one.id]}: {one.kind} {one.name}" for one in self.things if one.id in news]
        said += [f"{one.name}: {one.state}" for one in self.processes if one.name in news]
        return said + [f"gone: {one}" for one in self.gone(before)]

    def gone(self, before: Map | None) -> list[str]:
        """What was there before."""
        there = {thing.id for thing in self.things}
        return [f"{one.kind} {one.name}" for one in (before.things if before else ()) if one.id not in there]

    def words(self, before: Map | None = None) -> str:
        """The same in words."""
        news = self.news(before)
        said = [
            f"{f'{news[one.id]}: ' if one.id in news else ''}{', '.join([f'{one.kind} {one.name}', *one.lines])}"
            for one in self.things
        ]
        for host, running in hosts(self.processes):
            names = (f"{one.name}{'' if one.up else ' (stopped)'}" for one in running)
            said.append(f"on {host}: {', '.join(names)}")
        said += [f"gone: {one}" for one in self.gone(before)] + [unanswered(name) for name in self.silent]
        return f"{'; '.join(said)}."

    def dot(self, look: Look, before: Map | None = None) -> str:
        """The drawing: networks with what hangs on them, then volumes, then hosts."""
        return _Drawing(self, look, self.news(before)).source()


def unanswered(name: str) -> str:
    """What is said where a service did not answer."""
    return f"{name} tells nothing: its part is as it was last seen"


def hosts(processes: Iterable[Process]) -> Iterator[tuple[str, list[Process]]]:
    """The processes of each host, in the order in which the hosts come."""
    found = dict[str, list[Process]]()
    for process in processes:
        found.setdefault(process.host, []).append(process)
    yield from found.items()


def look(cloud: Cloud, processes: Iterable[Process], last: Map | None = None) -> Map:
    """What the cloud's operator sees. What a service does not tell is as it was in `last`."""
    with unseen(cloud):
        found, silent = things(cloud.connect("admin"), last.things if last else ())
    return Map(tuple(found), tuple(processes), tuple(silent))


class _Drawing:
    """One drawing in the making, from top to bottom."""

    def __init__(self, drawn: Map, look: Look, news: dict[str, str]) -> None:
        self.map, self.news, self.sheet = drawn, news, Sheet("map", look)
        routers = drawn.of("router")
        self.lanes = {one.id: (n + 0.5) * LANE for n, one in enumerate(routers if len(routers) <= LANES else ())}
        self.left = LANE * len(self.lanes) + 4 * bool(self.lanes)
        self.width = self.sheet.width - self.left
        self.columns = max(2, int(look.width // COLUMN))
        self.at: dict[str, float] = {}  # how far down a network or a router is

    def source(self) -> str:
        """The DOT text."""
        for name in self.map.silent:
            self.sheet.words(f"✗ {unanswered(name)}", 0, self.sheet.low, self.sheet.width, tone="bad")
        networks, servers = self.map.of("network"), self.map.of("server")
        first = {server.id: next((one.id for one in networks if one.id in server.on), "") for server in servers}
        top = 0.0
        for external in (True, False):
            for network in (one for one in networks if one.external == external):
                self.network(network)
                self.cards([one for one in servers if first[one.id] == network.id], "nova")
            if external:
                self.routers()
        for router in self.map.of("router"):
            self.lane(router)
        self.part("Servers on no network", [one for one in servers if not first[one.id]], "nova")
        self.part("Volumes", self.map.of("volume"), "cinder")
        controller, *others = hosts(self.map.processes)
        self.host(*controller, 0, self.next, self.sheet.width)
        columns = max(1, int(self.sheet.width // MACHINE))
        each = (self.sheet.width - GAP * (columns - 1)) / columns
        for n, (host, running) in enumerate(others):
            top = self.next if n % columns == 0 else top
            self.host(host, running, n % columns * (each + GAP), top, each)
        return self.sheet.source()

    @property
    def next(self) -> float:
        """Where the next row begins."""
        return self.sheet.low + GAP if self.sheet.low else 0

    def network(self, network: Thing) -> None:
        """A bar that says how it is called and what it has."""
        text = "  ".join([self.marked(network.id, network.name), *network.lines])
        tone = "client" if network.external else "neutron"
        text = shortened(text, TITLE, self.width - 16, bold=True)
        box = self.sheet.bar(self.left, self.next, self.width, BAR, tone, text)
        self.at[network.id] = box.y
        if network.id in self.news:
            self.sheet.outline(box)

    def marked(self, id: str, name: str) -> str:
        """The name, and what is to be said of it."""
        return f"{self.news[id]}: {name}" if id in self.news else name

    def cards(self, things: Sequence[Thing], service: str, columns: int = 0) -> list[Box]:
        """Things in rows, each below the other."""
        made, columns = list[Box](), columns or self.columns
        each = (self.width - GAP * (columns - 1)) / columns
        for at in range(0, len(things), columns):
            some = things[at : at + columns]
            row = [Card(self.marked(one.id, one.name), one.lines, service) for one in some]
            boxes = self.sheet.row(row, self.next, self.left, each * len(row) + GAP * (len(row) - 1), GAP)
            for thing, box in zip(some, boxes, strict=True):
                if thing.id in self.news:
                    self.sheet.outline(box)
            made += boxes
        return made

    def routers(self) -> None:
        """What lies between the world's networks and one's own."""
        routers = self.map.of("router")
        for router, box in zip(routers, self.cards(routers, "neutron", columns=self.columns // 2), strict=True):
            self.at[router.id] = box.y

    def lane(self, router: Thing) -> None:
        """The line that joins the networks that the router joins."""
        x = self.lanes.get(router.id)
        ends = sorted(self.at[id] for id in (router.id, *router.on) if id in self.at)
        if x is None or len(ends) < 2:
            return
        self.sheet.arrow([(x, ends[0]), (x, ends[-1])], "neutron", tip=False)
        for y in ends:
            self.sheet.arrow([(x, y), (self.left, y)], "neutron", tip=False)

    def part(self, title: str, things: Sequence[Thing], service: str) -> None:
        """A heading, and cards."""
        if things:
            self.sheet.words(title, 0, self.next, bold=True, tone="muted")
            self.left, self.width = 0, self.sheet.width
            self.cards(things, service)

    def host(self, host: str, running: Sequence[Process], left: float, top: float, width: float) -> None:
        """A machine, and what runs on it."""
        sheet = self.sheet
        here = sum(one.host == host for one in self.map.of("server"))
        title = f"Host {host}, {counted(here, 'server')}" if here else f"Host {host}"
        with sheet.place(left, top, width, title) as y:
            x = left + GAP
            for process, text in plates(running, host):
                text = shortened(self.marked(process.name, text), TITLE, width - 2 * GAP - 16, bold=True)
                needs = text_width(text, TITLE, bold=True) + 16
                if x + needs > left + width - GAP:
                    x, y = left + GAP, y + BAR + 6
                service = actor(process.name.partition("@")[0]).service
                box = (sheet.bar(x, y, needs, BAR, service, text) if process.up
                       else sheet.frame(x, y, needs, BAR, "muted", text))  # fmt: skip
                if process.name in self.news:
                    sheet.outline(box)
                x = box.right + 6


def plates(running: Sequence[Process], host: str) -> Iterator[tuple[Process, str]]:
    """The processes and what is said of each; databases of which nothing else is to be said are one plate."""
    quiet = [one for one in running if one.kind == DATABASE and one.up]
    for process in running:
        if process not in quiet:
            name = process.name.removesuffix(f"@{host}")
            yield process, name if process.state == "up" else f"{name}: {process.state}"
    if quiet:
        all_of_them = Process("databases", DATABASE, host, True)
        yield all_of_them, counted(len(quiet), "database")


def counted(count: int, what: str) -> str:
    """So many of it.

    >>> counted(1, "server"), counted(2, "server")
    ('1 server', '2 servers')
    """
    return f"{count} {what}{'s' * (count != 1)}"
