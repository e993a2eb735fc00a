"""The ecosystem as DOT: the services, what each provides to which, the queue, the hypervisor and its instance.

Interface: `ecosystem(load(), WIDE | NARROW)`.
Invariants: every service of the register and everything that one provides is drawn: as an arrow with its words, or,
for Keystone's token checks, as the frame around the services whose requests it checks; REST leads to the frame, and so
to each service in it. Who talks over the queue is joined with it. Each service has the id `service-KEY` and links to
the label `service-KEY`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from oslearn.course.drawing.canvas import BAND, BOLD, INK, MUTED, PAPER, Box, Canvas, text_width
from oslearn.course.drawing.palette import COLOURS, actor
from oslearn.course.drawing.registry import INSTANCE, Service, load
from oslearn.course.drawing.sequence import NARROW, WIDE, Look

__all__ = ["NARROW", "WIDE", "ecosystem", "load"]


QUEUE = "queue"
EDGE, BAR, ROOM, FRAME = 6, 26, 22, 116
"""Points: the margin, the height of the queue, the room above and below it, where the frame begins."""
CLIENTS = 46 + 2 * EDGE  # height of the plate that holds the clients
SMALL = 12  # what is not a name


def ecosystem(services: Iterable[Service], look: Look) -> str:
    """The register as a drawing."""
    return _Ecosystem(list(services), look).source()


class _Ecosystem:
    """One drawing in the making. All measures follow from the paper's width."""

    def __init__(self, services: list[Service], look: Look) -> None:
        self.canvas = Canvas(f"ecosystem-{look.name}", look.width)
        self.services, self.look = services, look
        self.side = 6 if look.short else 20
        self.boxes = self.places()

    def places(self) -> dict[str, Box]:
        """Where each service lies."""
        w, short, side = self.look.width, self.look.short, self.side
        col, last, gap = (88, 98, 46) if short else (150, 150, 96)  # on a phone each column is as wide as its words
        inner = w - 2 * side
        upper, high, beside, boxes = 168, 74, 12, {}
        bar = upper + 2 * high + beside + ROOM
        middle = bar + BAR + ROOM + 4
        half = (inner - 70) / 2 if short else col + 60
        at = {
            "gate": Box(side, 94, 122 if short else col + 60, 48),
            "upper-left": Box(side, upper, col, high),
            "middle-left": Box(side, upper + high + beside, col, high),
            "upper-right": Box(side + col + gap, upper, inner - col - gap, 2 * high + beside),
            "left": Box(side, middle + 10, col, high),
            "right": Box(w - side - last, middle + 10, last, high),
            "lower-left": Box(side, 0, half, high),
            "lower-right": Box(w - side - half, 0, half, high),
        }
        top = [s for s in self.services if s.place == "top"]
        share = (w - 2 * EDGE - (len(top) - 1) * 8) / max(1, len(top))
        for service in self.services:
            boxes[service.key] = at.get(service.place) or Box(EDGE + top.index(service) * (share + 8), EDGE, share, 46)
        boxes["hypervisor"] = Box(side + col + gap, middle, inner - col - last - 2 * gap, 98)
        boxes[QUEUE] = Box(side, bar, inner, BAR)
        for service in self.services:  # a box holds all its processes, however many rows they take
            if service.place in ("left", "right", "lower-left", "lower-right"):
                box = boxes[service.key]
                boxes[service.key] = replace(box, height=max(box.height, 50 + 24 * len(self.rows(service, box))))
        lowest = max(box.bottom for box in boxes.values()) + 22
        for service in self.services:
            if service.place.startswith("lower"):
                boxes[service.key] = replace(boxes[service.key], top=lowest)
        inset = 4 if short else 28
        boxes[INSTANCE] = Box(side + col + gap + inset, middle + 12, inner - col - last - 2 * (gap + inset), 54)
        return boxes

    def source(self) -> str:
        """The DOT text."""
        height = max(box.bottom for box in self.boxes.values()) + 18
        self.canvas.box("auth", 0.5, FRAME, self.look.width - 1, height - FRAME - 1, style="filled,rounded",
                        penwidth=1.2, fillcolor=PAPER, color=COLOURS["keystone"], class_="auth keystone")  # fmt: skip
        self.canvas.box("clients", 0, 0, self.look.width, CLIENTS, style="filled,rounded", class_="clients")
        self.gate()
        self.queue()
        for service in self.services:
            self.service(service)
        self.machine()
        for service in self.services:
            for given in service.provides:
                self.gives(service, given.to, given.what)
        self.requests()
        return self.canvas.source(height)

    def service(self, service: Service) -> None:
        """One service: its name, what it is for, its processes."""
        box, colour = self.boxes[service.key], service.key if service.key in COLOURS else "client"
        client = service.place == "top"
        self.canvas.box(
            f"service-{service.key}", box.left, box.top, box.width, box.height, style="filled,rounded",
            fillcolor=COLOURS[colour], class_=f"service {colour}", id=f"service-{service.key}",
            URL=f"maybe:service-{service.key}" if client else f"ref:service-{service.key}",
            tooltip=f"{service.name}: {service.what}",
        )  # fmt: skip
        self.line(f"{service.key}-name", service.name, box, 5, 14, on=colour, fontname=BOLD)
        what = service.what
        if text_width(what, SMALL) + 6 > box.width:
            what = service.brief or service.type or service.project
        self.line(f"{service.key}-what", what, box, 23, SMALL, on=colour)
        if service.place not in ("top", "gate"):
            self.processes(service, box)

    def line(self, ident: str, text: str, box: Box, down: float, size: float, on: str, **attrs: str | float) -> None:
        """A line of text in the middle of a filled box."""
        width = text_width(text, size, "fontname" in attrs) + 6
        self.canvas.text(ident, text, box.x - width / 2, box.top + down, size, style="", fontcolor=PAPER,
                         class_=f"on {on}", **attrs)  # fmt: skip

    def rows(self, service: Service, box: Box) -> list[list[tuple[str, float]]]:
        """The service's processes with the widths of their plates, as rows that fit the box."""
        rows: list[list[tuple[str, float]]] = [[]]
        most = 4 if len(service.processes) < 5 else 3
        for process in service.processes:
            width = text_width(process, SMALL) + (4 if self.look.short else 8)
            if len(rows[-1]) == most or (rows[-1] and sum(w + 6 for _, w in rows[-1]) + width > box.width - 8):
                rows.append([])
            rows[-1].append((process, width))
        return rows

    def processes(self, service: Service, box: Box) -> None:
        """The service's processes as small plates, in as many rows as they need."""
        if service.roles:
            self.roles(service, box)
            return
        rows = self.rows(service, box)
        for i, row in enumerate(rows):
            left = box.x - (sum(w for _, w in row) + 6 * (len(row) - 1)) / 2
            for text, width in row:
                self.canvas.box(f"process-{text}", left, box.top + 46 + i * 24, width, 20, label=text, fontsize=SMALL,
                                fillcolor=PAPER, fontcolor=INK, style="filled,rounded",
                                class_=f"process {actor(text).service}")  # fmt: skip
                left += width + 6

    def roles(self, service: Service, box: Box) -> None:
        """Each process as a plate of its own, and beside it what it does."""
        widest = max(text_width(process, SMALL) for process in service.processes) + 8
        room = widest + 10 + max(text_width(role, SMALL) for role in service.roles)
        left, pitch = box.x - room / 2, (box.height - 46) / len(service.processes)
        for n, (process, role) in enumerate(zip(service.processes, service.roles, strict=True)):
            top = box.top + 46 + n * pitch
            self.canvas.box(f"process-{process}", left, top, widest, 20, label=process, fontsize=SMALL,
                            fillcolor=PAPER, fontcolor=INK, style="filled,rounded",
                            class_=f"process {actor(process).service}")  # fmt: skip
            self.canvas.text(f"role-{process}", f"{role}\n", left + widest + 7, top + 2, SMALL, style="",
                             fontcolor=PAPER, class_=f"on {service.key}")  # fmt: skip

    def gate(self) -> None:
        """What the frame means: the services within have their requests' tokens checked by Keystone."""
        words = "checks tokens" if self.look.short else "Keystone checks the token of every request in this frame"
        left = self.boxes["keystone"].right + 8 if "keystone" in self.boxes else 8
        self.canvas.text("auth-words", f"{words}\n", left, 120, SMALL, fontcolor=COLOURS["keystone"], fillcolor=PAPER,
                         class_="auth-words keystone")  # fmt: skip

    def queue(self) -> None:
        """The message queue, and a line to each service whose processes talk over it."""
        box = self.boxes[QUEUE]
        self.canvas.box(QUEUE, box.left, box.top, box.width, box.height, style="filled,rounded", penwidth=1.5,
                        color=COLOURS["store"], fillcolor=BAND, class_="hypervisor store", URL="maybe:service-queue",
                        tooltip="the message queue")  # fmt: skip
        words = "message queue (RabbitMQ)"
        left = box.right - text_width(words, SMALL) - 12
        self.canvas.text("queue-name", words, left, box.top + 5, SMALL, style="", fontcolor=COLOURS["store"],
                         class_="hypervisor-name store")  # fmt: skip
        for service in (s for s in self.services if s.queue):
            own = self.boxes[service.key]
            above = own.top < box.top
            x = own.left + (24 if above else own.width / 2)
            if service.place.startswith("lower"):  # beside the box that lies between
                x = self.boxes["cinder"].left - (3 if self.look.short else 16)
            start, end = (own.bottom, box.top) if above else (own.top, box.bottom)
            tail, head = (
                self.canvas.point(f"{service.key}-queue", x, start),
                self.canvas.point(f"queue-{service.key}", x, end),
            )
            self.canvas.arrow(tail, head, dir="both", arrowsize=0.6, color=COLOURS["store"], penwidth=1.8,
                              class_="arrow store")  # fmt: skip

    def machine(self) -> None:
        """The compute host: a hypervisor with the instance in it."""
        hypervisor, instance = self.boxes["hypervisor"], self.boxes[INSTANCE]
        self.canvas.box("hypervisor", hypervisor.left, hypervisor.top, hypervisor.width, hypervisor.height,
                        style="filled,rounded", penwidth=1.5, color=COLOURS["virt"], fillcolor=BAND,
                        class_="hypervisor virt")  # fmt: skip
        width = text_width("hypervisor", 12.5, True) + 6
        self.canvas.text("hypervisor-name", "hypervisor", hypervisor.x - width / 2, hypervisor.top + 73, 12.5,
                         fontname=BOLD, fontcolor=COLOURS["virt"], class_="hypervisor-name virt")  # fmt: skip
        self.canvas.box(INSTANCE, instance.left, instance.top, instance.width, instance.height, label="instance",
                        style="filled,rounded", fillcolor=COLOURS["virt"], fontcolor=PAPER, fontname=BOLD,
                        fontsize=13, class_="instance virt", id=INSTANCE, tooltip="the virtual machine")  # fmt: skip

    def gives(self, service: Service, to: str, what: str) -> None:
        """An arrow for what one provides; token checks are the frame instead."""
        start, end = self.boxes[service.key], self.boxes[to]
        if service.place == "gate":
            if self.boxes[to].top == EDGE:
                self.token(service, to, what)
            return
        inside = self.boxes["hypervisor"] if to == INSTANCE else end
        if service.place == "upper-right":
            x = inside.x
            words = self.boxes[QUEUE].top + BAR + 4  # the arrow passes the queue, its words do not
            self.arrow(f"{service.key}-{to}", (x, start.bottom), (x, end.top), what, service.key, up=words)
            return
        y, rightwards = start.y, start.left < end.left
        if not end.top < y < end.bottom:
            y = end.y
        x1, x2 = (start.right, end.left) if rightwards else (start.left, end.right)
        middle = (x1 + (inside.left if rightwards else inside.right)) / 2
        if self.look.short and not rightwards:
            middle -= 2  # beside it the queue's line passes
        self.arrow(f"{service.key}-{to}", (x1, y), (x2, y), what, service.key, middle)

    def token(self, service: Service, to: str, what: str) -> None:
        """What goes between Keystone and its nearest client: a password down, a token up."""
        start, end = self.boxes[service.key], self.boxes[to]
        if not end.left <= start.left <= end.right:
            return  # the plate of the clients stands for the others
        x = start.left + 8
        self.arrow(f"{service.key}-{to}", (x, start.top), (x, CLIENTS), what, service.key, style="dashed", tip="vee")
        x += start.width / 2 - 2
        self.arrow(f"{to}-{service.key}", (x, CLIENTS), (x, start.top), "password", "client")

    def requests(self) -> None:
        """The clients' REST requests, to each service in the frame."""
        x = self.look.width * (0.62 if self.look.short else 0.7)
        words = "REST, to each API" if self.look.short else "REST with the token, to each API"
        self.arrow("client-rest", (x, CLIENTS), (x, FRAME), words, "client", up=78)

    def arrow(self, ident: str, start: tuple[float, float], end: tuple[float, float], words: str, service: str,
              middle: float | None = None, style: str = "solid", tip: str = "normal",
              up: float | None = None) -> None:  # fmt: skip
        """An arrow with its words: above a level one, beside an upright one."""
        level = start[1] == end[1]
        width = text_width(words, SMALL) + 6
        left = (middle if middle is not None else start[0]) - width / 2 if level else start[0] + 5
        top = start[1] - 18 if level else (up or (start[1] + end[1]) / 2 - 8)
        self.canvas.text(f"{ident}-words", f"{words}\n", left, top, SMALL, fontcolor=INK, fillcolor=PAPER, style="",
                         class_="words")  # fmt: skip
        tail, head = self.canvas.point(f"{ident}-a", *start), self.canvas.point(f"{ident}-b", *end)
        self.canvas.arrow(tail, head, style=style, arrowhead=tip, color=COLOURS.get(service, MUTED), penwidth=1.8,
                          id=f"{ident}-arrow", class_=f"arrow {service}")  # fmt: skip
