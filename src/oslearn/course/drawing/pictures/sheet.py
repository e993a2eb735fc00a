"""The kit of the course's pictures: cards, places, bars, signs and arrows, in a wide and a narrow variant.

Interface: `Sheet(name, look)`: `card`, `row`, `column`, `chain`, `place`, `bar`, `words`, `arrow`, `source`; `Card`.
Invariants: text is wrapped to the width that it has, so it never leaves its card; a card of a service has the colour of
that service, every other thing is ink or grey; what is good or bad has a sign beside its colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

from oslearn.course.drawing.canvas import BAND, BOLD, INK, MUTED, PAPER, Box, Canvas, text_width
from oslearn.course.drawing.palette import COLOURS
from oslearn.course.drawing.sequence import Look

SIZE, TITLE, STEP = 12, 12.5, 16
"""Text, titles, and from line to line, in points: a phone shows them as large as they are."""
PAD, DISC = 8, 18
TONES = COLOURS | {"ink": INK, "muted": MUTED, "good": "#15803d", "bad": "#b42318"}
"""The colours of light paper; on a page, CSS replaces them."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Card:
    """A thing: its name, lines about it, whose it is. `sign` says yes or no; `dashed`: it is not there (yet)."""

    title: str
    lines: Sequence[str] = ()
    service: str = "client"
    sign: bool | None = None
    number: int = 0
    dashed: bool = False


def wrap(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """The text in lines that are not wider; a word that is too long is cut."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, size, bold) <= width:
            lines[-1] = longer
            continue
        lines += [""] if lines[-1] else []
        for char in word:
            if text_width(lines[-1] + char, size, bold) > width:
                lines.append("")
            lines[-1] += char
    return lines


class Sheet:
    """A picture in the making. `low` is how far down it reaches."""

    def __init__(self, name: str, look: Look) -> None:
        self.canvas, self.short, self.width = Canvas(f"{name}-{look.name}", look.width), look.short, look.width
        self.low, self._count = 0.0, 0

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._count}"

    def _reach(self, down: float) -> None:
        self.low = max(self.low, down)

    def source(self) -> str:
        """The DOT text."""
        return self.canvas.source(self.low + 2)

    def words(self, said: str, left: float, top: float, width: float = 0, *, size: float = SIZE, bold: bool = False,
              tone: str = "ink", align: str = "left") -> float:  # fmt: skip
        """Text in as many lines as it needs; returns where it ends. At the left, in the middle or at the right."""
        for line in wrap(said, width, size, bold) if width else [said]:
            needs = text_width(line, size, bold) + 6
            x = left + {"left": -min(3, left), "middle": (width - needs) / 2, "right": width - needs}[align]
            text = f"{line}\n" if align == "left" else line
            self.canvas.text(self._name("words"), text, x, top, size, style="", fontcolor=TONES[tone],
                             class_=f"caption {tone}", **({"fontname": BOLD} if bold else {}))  # fmt: skip
            top += STEP
        self._reach(top)
        return top

    def height(self, card: Card, width: float) -> float:
        """How high the card has to be."""
        titles = wrap(card.title, self._room(card, width), TITLE, bold=True)
        lines = [line for text in card.lines for line in wrap(text, width - 2 * PAD, SIZE)]
        return 2 * PAD + STEP * (len(titles) + len(lines))

    def _room(self, card: Card, width: float) -> float:
        """The width that its title has."""
        return width - 2 * PAD - (DISC + 4) * ((card.sign is not None) + bool(card.number))

    def card(self, card: Card, left: float, top: float, width: float, height: float = 0) -> Box:
        """A thing, with its name and lines."""
        box = Box(left, top, width, max(height, self.height(card, width)))
        self._rounded("card", box, card.service, PAPER, dashed=card.dashed)
        x, y = left + PAD, top + PAD - 1
        if card.number:
            self.disc(str(card.number), x, y - 1, "ink")
        if card.sign is not None:
            self.disc("✓" if card.sign else "✗", box.right - PAD - DISC, y - 1, "good" if card.sign else "bad")
        shift = (DISC + 4) * bool(card.number)
        y = self.words(card.title, x + shift, y, self._room(card, width), size=TITLE, bold=True, tone=card.service)
        for line in card.lines:
            y = self.words(line, x, y, width - 2 * PAD)
        self._reach(box.bottom)
        return box

    def disc(self, text: str, left: float, top: float, tone: str) -> None:
        """A numbered disc, or a sign."""
        self.canvas.box(self._name("num"), left, top, DISC, DISC, shape="circle", label=text, fontsize=SIZE,
                        fontname=BOLD, fillcolor=TONES[tone], fontcolor=PAPER, class_=f"num {tone}")  # fmt: skip

    def signed(self, said: str, good: bool, left: float, top: float) -> None:
        """A sign, and words beside it."""
        tone = "good" if good else "bad"
        self.disc("✓" if good else "✗", left, top, tone)
        if said:
            self.words(said, left + DISC + 5, top + 1)
        self._reach(top + DISC)

    def frame(self, left: float, top: float, width: float, height: float, tone: str, text: str = "") -> Box:
        """An empty bar: what there could be. With words on it: what is there and does nothing."""
        box = Box(left, top, width, height)
        self._rounded("card", box, tone, PAPER, dashed=bool(text))
        if text:
            self._on(box, text, f"caption {tone}", TONES[tone])
        return box

    def outline(self, box: Box) -> None:
        """A strong line around what was put there."""
        self.canvas.box(self._name("outline"), box.left + 1.2, box.top + 1.2, box.width - 2.4, box.height - 2.4,
                        style="rounded", penwidth=2.4, color=INK, class_="outline ink")  # fmt: skip

    def ground(self, left: float, top: float, width: float, height: float) -> None:
        """A stripe behind words."""
        self.canvas.box(self._name("band"), left, top, width, height, style="filled,rounded", fillcolor=BAND,
                        class_="band")  # fmt: skip
        self._reach(top + height)

    def _rounded(self, kind: str, box: Box, tone: str, fill: str, dashed: bool = False) -> None:
        style = "filled,rounded,dashed" if dashed else "filled,rounded"
        self.canvas.box(self._name(kind), box.left + 0.7, box.top + 0.7, box.width - 1.4, box.height - 1.4, style=style,
                        penwidth=1.4, color=TONES[tone], fillcolor=fill, class_=f"{kind} {tone}")  # fmt: skip
        self._reach(box.bottom)

    def row(self, cards: Sequence[Card], top: float, left: float = 0, width: float = 0, gap: float = 12) -> list[Box]:
        """Cards beside each other, equally wide and high."""
        each = ((width or self.width - left) - gap * (len(cards) - 1)) / len(cards)
        high = max(self.height(card, each) for card in cards)
        return [self.card(card, left + n * (each + gap), top, each, high) for n, card in enumerate(cards)]

    def column(self, cards: Sequence[Card], top: float, left: float, width: float, gap: float = 8) -> list[Box]:
        """Cards below each other."""
        made = list[Box]()
        for card in cards:
            made.append(self.card(card, left, made[-1].bottom + gap if made else top, width))
        return made

    def chain(self, cards: Sequence[Card], words: Sequence[str], top: float = 0) -> list[Box]:
        """Cards with arrows from each to the next, and words at each arrow: a row, or on a phone a column.

        To a dashed card leads a dashed arrow.
        """
        if self.short:
            made = [self.card(cards[0], 0, top, self.width)]
            for card, text in zip(cards[1:], words, strict=True):
                text, gap = text.replace("\n", " "), 30 if text else 20
                made.append(self.card(card, 0, made[-1].bottom + gap, self.width))
                self.arrow([(24, made[-2].bottom), (24, made[-1].top)], words=text, dashed=card.dashed)
            return made
        gaps = [max(26, *(text_width(line, SIZE) + 18 for line in text.split("\n"))) for text in words]
        each = (self.width - sum(gaps)) / len(cards)
        high = max(self.height(card, each) for card in cards)
        lefts = [n * each + sum(gaps[:n]) for n in range(len(cards))]
        made = [self.card(card, left, top, each, high) for card, left in zip(cards, lefts, strict=True)]
        for (one, other), text, card in zip(pairwise(made), words, cards[1:], strict=True):
            self.arrow([(one.right, one.y), (other.left, other.y)], words=text, dashed=card.dashed)
        return made

    @contextmanager
    def place(self, left: float, top: float, width: float, title: str, *, least: float = 0, tone: str = "muted",
              line: bool = False) -> Iterator[float]:  # fmt: skip
        """A ground around what is drawn within, with a line around it or without; gives where its inside begins."""
        mark, outside = len(self.canvas.body), self.low
        self.low = top
        y = self.words(title, left + 10, top + 7, width - 20, size=TITLE, bold=True, tone=tone)
        yield y + 5
        box = Box(left, top, width, max(least, self.low + 10 - top))
        inside = self.canvas.body[mark:]
        del self.canvas.body[mark:]
        if line:
            self._rounded("hypervisor", box, tone, BAND)
        else:
            self.ground(box.left, box.top, box.width, box.height)
        self.canvas.body.extend(inside)
        self.low = max(outside, box.bottom)

    def bar(self, left: float, top: float, width: float, height: float, tone: str, text: str = "") -> Box:
        """A filled bar, with words on it."""
        box = Box(left, top, width, height)
        self.canvas.box(self._name("bar"), left, top, width, height, style="filled,rounded", fillcolor=TONES[tone],
                        class_=f"{'service' if text else 'used'} {tone}")  # fmt: skip
        if text:
            self._on(box, text, f"on {tone}", PAPER)
        self._reach(box.bottom)
        return box

    def _on(self, box: Box, text: str, kind: str, colour: str) -> None:
        """Words on a bar."""
        y = box.top + (box.height - TITLE * 1.3) / 2
        self.canvas.text(self._name("words"), f"{text}\n", box.left + 7, y, TITLE, style="", fontname=BOLD,
                         fontcolor=colour, class_=kind)  # fmt: skip

    def arrow(self, corners: Sequence[Point], tone: str = "ink", *, words: str = "", dashed: bool = False,
              tip: bool = True) -> None:  # fmt: skip
        """A line over the corners, with words above its first piece if that is level, else beside it."""
        names = [self.canvas.point(self._name("point"), *corner) for corner in corners]
        for tail, head in pairwise(names):
            self.canvas.arrow(tail, head, style="dashed" if dashed else "solid", penwidth=1.6, color=TONES[tone],
                              arrowhead="normal" if tip and head == names[-1] else "none",
                              class_=f"arrow {tone}")  # fmt: skip
        if not words:
            return
        (x1, y1), (x2, y2) = corners[:2]
        lines = words.split("\n")
        level = y1 == y2
        y = y1 - 3 - STEP * len(lines) if level else (y1 + y2) / 2 - STEP * len(lines) / 2
        for line in lines:
            if level:
                self.words(line, min(x1, x2), y, abs(x2 - x1), align="middle")
            else:
                self.words(line, x1 + 10, y)
            y += STEP
