"""Sequence diagrams as DOT: one lifeline a process, one numbered arrow a message.

Interface: `sequence(flow)` draws the steps of a flow or of one of its parts, `trace_dot(trace)` every event of a
trace, `legend()` what the lines mean. `WIDE` is for a 736 pixel column, `NARROW` for a phone of 390 pixels.
Invariants: the result is a function of the arguments, byte by byte; each step has the id `step-N`, the class `sN`, the
class of its kind and that of its service, and links to `ref:step-N`; its number links to `code:PATH:LINE`. Sphinx
resolves both.
Any Graphviz draws it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from oslearn.course.drawing.canvas import BAND, BOLD, INK, LINE, PAPER, Canvas, shortened, text_width
from oslearn.course.drawing.palette import (
    ACTORS,
    CAPTIONS,
    COLOURS,
    KINDS,
    Actor,
    MessageKind,
    actor,
    group,
    kind_of,
    labelled,
)
from oslearn.course.drawing.turns import Turn
from oslearn.trace.lens import Flow
from oslearn.trace.profiler import Trace


@dataclass(frozen=True)
class Look:
    """All that differs between the wide and the narrow drawing, in points."""

    name: str
    width: float
    edge: float  # from the paper's edge to the first lifeline
    caption: float  # height of the row of service names
    head: float  # height of a process' head
    gap: float  # between two heads
    head_size: float
    row: float  # height of a message
    arrow: float  # from the top of a message to its arrow
    size: float = 12.5
    badge: float = 17.0
    title: float = 28.0
    short: bool = False


WIDE = Look("wide", 736, 31, caption=17, head=32, gap=3, head_size=11.2, row=34, arrow=25)
NARROW = Look("narrow", 358, 15, caption=17, head=22, gap=1.5, head_size=11.5, row=52, arrow=39, title=30, short=True)


MANY, SMALL = 10, 10.2
"""More heads than this have smaller letters, of this size."""


@dataclass(frozen=True)
class Arrow:
    """One arrow: who sends what to whom, how it is drawn, and where a click on it leads."""

    n: int
    source: str
    target: str
    kind: MessageKind
    label: str
    tip: str
    link: str
    code: str = ""


@dataclass(frozen=True)
class Band:
    """A titled run of messages."""

    key: str
    title: str
    messages: list[Arrow]


def sequence(
    flow: Flow, look: Look = WIDE, part: str | None = None, section: str = "all", nodes: Mapping[str, str] | None = None
) -> str:
    """The steps of `flow`, or of one `part` of it, as DOT.

    `section` is "all", or "heads" or "body", which a page puts under each other so that the heads stay in view while
    the body scrolls. A part keeps every lifeline in its place; those that it does not use are drawn faint. `nodes` says
    on which machine each process runs: then the heads are grouped by machine, in the order in which it names them.
    """
    chosen = [(i, p) for i, p in enumerate(flow.lens.parts, 1) if part in (None, p.key)]
    if not chosen:
        raise ValueError(f"the flow {flow.lens.name!r} has no part {part!r}")
    bands = []
    for i, p in chosen:
        messages = [
            Arrow(m.step.n, m.step.source, m.step.target, kind_of(m.event), m.step.label, m.step.text,
                    f"ref:step-{m.step.n}", m.event.code)
            for m in flow.part(p.key)
        ]  # fmt: skip
        if messages:
            bands.append(Band(p.key, f"{i}. {p.title} ({_span(messages)})", messages))
    actors = _actors(name for m in flow.steps for name in (m.step.source, m.step.target))
    places = {process: node for process, node in (nodes or {}).items() if process in {a.key for a in actors}}
    order = list(dict.fromkeys((nodes or {}).values()))
    actors.sort(key=lambda a: order.index(places[a.key]) if a.key in places else len(order))
    return _Sequence(flow.lens.name, actors, bands, look, places).source(section)


def trace_dot(trace: Trace, look: Look = WIDE, section: str = "all", parts: Sequence[Turn] = ()) -> str:
    """Every event of a trace as one sequence diagram, as wide as its heads need; `section` as of `sequence`.

    `parts` are runs of the trace, each with its heading; without them the trace is one part.
    """
    bands = []
    for i, part in enumerate(parts or [Turn("", trace)], 1):
        messages = [Arrow(e.n, e.source, e.target, kind_of(e), e.what, str(e), "") for e in part.events]
        heading = f"{i}. {part.title} ({_span(messages)})" if part.title else f"{len(messages)} events"
        bands.append(Band(f"trace-{i}", heading, messages))
    actors = _actors(name for e in trace for name in (e.source, e.target))
    return _Sequence("trace", actors, bands, roomy(look, actors)).source(section)


def roomy(look: Look, actors: Sequence[Actor]) -> Look:
    """The look with room for these heads: many stand closer, in smaller letters; a long name makes all of it wider."""
    if look.short:
        return replace(look, edge=look.width / 2 / len(actors))
    size = look.head_size if len(actors) <= MANY else SMALL
    lines = [a.head.split("\n") for a in actors]
    pitch = max(text_width(line, size, bold=True) for head in lines for line in head) + look.gap + 4
    width, height = max(look.width, len(actors) * pitch), 4 + max(map(len, lines)) * size * 1.25
    return replace(look, width=width, edge=width / 2 / len(actors), head=max(look.head, height), head_size=size)


def legend(look: Look) -> str:
    """What the lines and arrow heads mean."""
    columns = 2 if look.short else 3
    pitch, rows = look.width / columns, -(-len(KINDS) // columns)
    canvas = Canvas("legend", look.width)
    for i, kind in enumerate(KINDS.values()):
        left, y = i // rows * pitch, 12 + i % rows * 24
        ends = canvas.point(f"{kind.key}-a", left + 4, y), canvas.point(f"{kind.key}-b", left + 36, y)
        title = kind.title.split(":")[0] if look.short else kind.title
        canvas.text(f"{kind.key}-text", f"{title}\n", left + 40, y - 8, look.size, fillcolor=PAPER, class_="caption")
        canvas.arrow(*ends, style=kind.line, arrowhead=kind.tip, penwidth=kind.width, class_=f"arrow k-{kind.key}")
    return canvas.source(rows * 24)


def _span(messages: list[Arrow]) -> str:
    first, last = messages[0].n, messages[-1].n
    return f"{first}" if first == last else f"{first}–{last}"


def _actors(names: Iterable[str]) -> list[Actor]:
    """The processes in the order of their lifelines: by service, as in the palette, new ones last."""
    found = {name: actor(name) for name in names}
    services = list(dict.fromkeys(group(a) for a in ACTORS.values()))
    known = list(ACTORS)
    return sorted(
        found.values(),
        key=lambda a: (
            services.index(group(a)) if group(a) in services else len(services),
            known.index(a.key) if a.key in known else len(known),
        ),
    )


class _Sequence:
    """One drawing in the making."""

    def __init__(
        self, name: str, actors: list[Actor], bands: list[Band], look: Look, places: Mapping[str, str] | None = None
    ) -> None:
        self.places = places or {}
        self.canvas = Canvas(f"{name}-{look.name}", look.width)
        self.look, self.actors, self.bands = look, actors, bands
        self.pitch = (look.width - 2 * look.edge) / max(1, len(actors) - 1)
        self.x = {a.key: look.edge + i * self.pitch for i, a in enumerate(actors)}
        self.used = {name for band in bands for m in band.messages for name in (m.source, m.target)}

    def source(self, section: str) -> str:
        """The DOT text of the section."""
        look, top = self.look, 0.0
        if section != "body":
            top = look.caption + look.head + 6
            self.canvas.box("frame", 0, 0, look.width, top, fillcolor=PAPER, class_="frame")
        if section == "heads":
            self.lifelines(look.caption + look.head, top)
            self.heads()
            return self.canvas.source(top)
        tops = [top + 2]
        for band in self.bands:
            tops.append(tops[-1] + look.title + len(band.messages) * look.row + 12)
        for band, y in zip(self.bands, tops, strict=False):
            height = look.title + len(band.messages) * look.row + 6
            self.canvas.box(f"band-{band.key}", 0, y, look.width, height, style="filled,rounded", class_="band")
        self.lifelines(top, tops[-1])
        for band, y in zip(self.bands, tops, strict=False):
            words = shortened(band.title, look.size + 1, look.width - 20, bold=True)
            self.canvas.text(f"title-{band.key}", f"{words}\n", 6, y + 6, look.size + 1, fontname=BOLD, class_="title")
            for i, message in enumerate(band.messages):
                self.message(message, y + look.title + i * look.row)
        if section == "all":
            self.heads()
        return self.canvas.source(tops[-1])

    def lifelines(self, top: float, bottom: float) -> None:
        """A thin line for each process; the ones in use are stronger."""
        for a in self.actors:
            idle = "" if a.key in self.used else " idle"
            self.canvas.box(f"life-{a.key}", self.x[a.key] - 0.5, top, 1, bottom - top, fillcolor=LINE,
                            class_=f"life{idle}")  # fmt: skip

    def heads(self) -> None:
        """The names of the processes, under the names of their services."""
        look, width = self.look, self.pitch - self.look.gap
        groups: dict[str, list[Actor]] = {}
        for a in self.actors:
            groups.setdefault(self.places.get(a.key) or group(a), []).append(a)
        for service, members in groups.items():
            title = service if self.places else CAPTIONS.get(service, "")
            captioned = title and (not look.short or len(members) > 1)
            if captioned:
                left, right = (self.x[members[i].key] for i in (0, -1))
                self.canvas.box(f"group-{service}", left - width / 2, 0, right - left + width, look.caption + 6,
                                style="filled,rounded", fillcolor=BAND, class_=f"group {service}")  # fmt: skip
                self.canvas.text(f"caption-{service}", title,
                                 (left + right - text_width(title, look.head_size, True) - 6) / 2, 1,
                                 look.head_size, fontname=BOLD, fontcolor=COLOURS.get(service, INK),
                                 class_=f"caption {service}")  # fmt: skip
            for a in members:
                self.head(a, look.caption if captioned else 0, width)

    def head(self, a: Actor, top: float, width: float) -> None:
        """One process' name; it links to the service's paragraph where there is one."""
        look, idle = self.look, "" if a.key in self.used else " idle"
        self.canvas.box(
            f"head-{a.key}", self.x[a.key] - width / 2, top, width, look.caption + look.head - top,
            label=a.short if look.short else a.head, style="filled,rounded", fillcolor=COLOURS[a.service],
            fontcolor=PAPER, fontsize=look.head_size, fontname=BOLD, URL=f"maybe:service-{group(a)}",
            tooltip=a.key, id=f"head-{a.key}", class_=f"head {a.service}{idle}",
        )  # fmt: skip

    def message(self, m: Arrow, top: float) -> None:
        """The label, the arrow and the number of one message."""
        look, colour = self.look, COLOURS[actor(m.source).service]
        y, x1, x2 = top + look.arrow, self.x[m.source], self.x[m.target]
        classes = f"s{m.n} k-{m.kind.key} {actor(m.source).service}"
        self.label(m, top, classes)
        tail = f"num-{m.n}"
        if look.short:
            tail = self.canvas.point(f"from-{m.n}", x1, y)
        left, middle = (1, top + 8) if look.short else (x1 - look.badge / 2, y)
        self.canvas.box(
            f"num-{m.n}", left, middle - look.badge / 2, look.badge, look.badge, label=str(m.n), shape="circle",
            fontsize=10.5 if m.n < 100 else 8, fontname=BOLD, fillcolor=colour, fontcolor=PAPER,
            **self.number(m, classes),
        )  # fmt: skip
        self.canvas.arrow(
            tail, self.canvas.point(f"to-{m.n}", x2, y), style=m.kind.line, arrowhead=m.kind.tip, color=colour,
            penwidth=m.kind.width, id=f"arrow-{m.n}", class_=f"arrow {classes}", **self.link(m),
        )  # fmt: skip

    def label(self, m: Arrow, top: float, classes: str) -> None:
        """What the message says: over its arrow, or on a phone in two lines with the names of both ends."""
        look = self.look
        room = look.width - (look.badge + 12 if look.short else 12)
        text = shortened(labelled(m.kind, m.label), look.size, room)
        width = text_width(text, look.size) + 6
        attrs: dict[str, str | float] = {"id": f"step-{m.n}", "class_": f"label {classes}", **self.link(m)}
        if look.short:
            who = f"{m.source} → {m.target}\n"
            self.canvas.text(f"who-{m.n}", who, look.badge + 4, top, 12, fontname=BOLD,
                             fontcolor=COLOURS[actor(m.source).service], class_=f"who {classes}")  # fmt: skip
            self.canvas.text(f"label-{m.n}", f"{text}\n", look.badge + 4, top + 16, look.size, fontcolor=INK, **attrs)
            return
        x1, x2 = self.x[m.source], self.x[m.target]
        rim = look.badge / 2 if x2 > x1 else -look.badge / 2
        left = x1 + rim if x2 > x1 else x1 + rim - width
        if width <= abs(x2 - x1) - look.badge / 2:
            left = (x1 + rim + x2 - width) / 2
        left = min(max(left, 3), look.width - width - 3)
        self.canvas.text(f"label-{m.n}", text, left, top, look.size, fontcolor=INK, **attrs)

    def number(self, m: Arrow, classes: str) -> dict[str, str | float]:
        """The number's class and link: the line of code that caused the message, where it is known."""
        if not (m.code and m.link):
            return {"class_": f"num {classes}"}
        tip = f"{m.n}. The code: {m.code}"
        return {"class_": f"num code {actor(m.source).service}", "id": f"code-{m.n}", "URL": f"code:{m.code}",
                "tooltip": tip}  # fmt: skip

    def link(self, m: Arrow) -> dict[str, str | float]:
        """Where the message leads, and the words that show when a pointer rests on it."""
        tip = f"{m.n}. {m.source} → {m.target}, {labelled(m.kind, m.label)}"
        return {"URL": m.link, "tooltip": tip} if m.link else {"tooltip": tip}
