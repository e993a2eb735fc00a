"""A sheet of paper for Graphviz: everything is pinned, so the same bytes come out on every run and machine.

Interface: `Canvas`, on which boxes, texts and arrows are put in points, y downwards; `Box`, a place on it;
`text_width`; `shortened`.
Invariants: the drawing is exactly as wide and high as the canvas; what is put first lies lowest; no text in it means
anything to Graphviz.
Why so: Graphviz has no layout for sequence diagrams. `neato` with pinned nodes only draws, and lets us keep text as
text, links, classes and ids.
"""

from __future__ import annotations

from dataclasses import dataclass

import graphviz

FONT = "Helvetica"
BOLD = "Helvetica-Bold"
INK, PAPER, BAND, LINE, MUTED = "#1e293b", "#ffffff", "#f1f5f9", "#94a3b8", "#475569"

SHEET = {"layout": "neato", "splines": "line", "outputorder": "nodesfirst", "bgcolor": "transparent", "pad": "0",
         "overlap": "true"}  # fmt: skip
NODE = {"fontname": FONT, "fixedsize": "true", "margin": "0", "shape": "box", "penwidth": "0", "label": "",
        "fontcolor": INK, "fillcolor": BAND}  # fmt: skip
EDGE = {"arrowsize": "0.75", "penwidth": "1.4", "color": INK}
"""What holds unless a box or an arrow says otherwise. Nodes first: an arrow is never hidden by a box."""

_WIDTHS = {  # Helvetica's advance widths in 1/1000 em; all other characters are 556 wide
    191: "'", 222: "ijl", 260: "|", 278: " !,./:;I[]\\ft", 333: "()-r`", 355: '"', 389: "*", 500: "Jcksvxyz",
    584: "+<=>~", 611: "FTZ", 667: "ABEKPSVXY&", 722: "CDHNRUw", 778: "GOQ", 833: "Mm", 889: "%", 944: "W",
    1000: "→…", 1015: "@",
}  # fmt: skip
_WIDTH_OF = {char: width for width, chars in _WIDTHS.items() for char in chars}


def text_width(text: str, size: float, bold: bool = False) -> float:
    """How wide the longest line of `text` is in Helvetica or Arial of `size`, in the same unit."""
    widest = max(sum(_WIDTH_OF.get(char, 556) for char in line) for line in text.split("\n"))
    return widest * size / 1000 * (1.08 if bold else 1.0)


def shortened(text: str, size: float, width: float, bold: bool = False) -> str:
    """The text, or as much of its beginning and its end as `width` holds.

    >>> shortened("short", 12, 100), shortened("PUT /v1/a/volume_b0b0b0b0/2026/chunk-00001", 12, 160)
    ('short', 'PUT /v1/a/vol…/chunk-00001')
    """
    kept = len(text)
    while kept > 2 and text_width(text if kept == len(text) else _ends(text, kept), size, bold) > width:
        kept -= 1
    return text if kept == len(text) else _ends(text, kept)


def _ends(text: str, kept: int) -> str:
    """The beginning and the end of a text, `kept` characters in all."""
    return f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"


def literal(text: str) -> str:
    r"""`text` as Graphviz draws it letter by letter: neither a tag nor a backslash in it means anything.

    A line break at its end asks for text at the left edge, as Graphviz's `\l` does.

    >>> print(literal("<b>"), literal("left\n"))
    <b> left\l
    """
    escaped: str = graphviz.escape(text.removesuffix("\n")).replace("\n", r"\n")
    drawn: str = graphviz.nohtml(escaped + r"\l" if text.endswith("\n") else escaped)
    return drawn  # a kind of str that the library does not take for HTML


def _name(ident: str) -> str:
    """The name of a drawing or a box: in an arrow's end the library takes a colon for a port, and a tag for HTML."""
    name: str = graphviz.escape(ident.translate({ord(char): "-" for char in ":<>"}))
    return name


def _values(attributes: dict[str, str | float]) -> dict[str, str]:
    """Attributes as the library takes them: text, `class` without the underscore that Python asks for."""
    return {
        name.removesuffix("_"): literal(value) if isinstance(value, str) else f"{value:g}"
        for name, value in attributes.items()
    }


@dataclass(frozen=True)
class Box:
    """A rectangle of the canvas."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    @property
    def x(self) -> float:
        """Half way between its left and its right edge."""
        return self.left + self.width / 2

    @property
    def y(self) -> float:
        """Half way down."""
        return self.top + self.height / 2


class Canvas:
    """A drawing in the making. Attributes are Graphviz's; write `class_` for `class`."""

    def __init__(self, name: str, width: float) -> None:
        self.name, self.width = name, width
        self._graph = graphviz.Digraph(_name(name), graph_attr=SHEET, node_attr=NODE, edge_attr=EDGE)

    @property
    def body(self) -> list[str]:
        """What was put so far, lowest first."""
        body: list[str] = self._graph.body
        return body

    def box(self, ident: str, left: float, top: float, width: float, height: float, **attrs: str | float) -> None:
        """A filled rectangle; `label` is centred in it."""
        x, y = (left + width / 2) / 72, -(top + height / 2) / 72
        place = {"pos": f"{x:.4f},{y:.4f}!", "width": f"{width / 72:.4f}", "height": f"{height / 72:.4f}"}
        self._graph.node(_name(ident), _attributes=_values({"style": "filled", **attrs}) | place)

    def text(self, ident: str, text: str, left: float, top: float, size: float, **attrs: str | float) -> float:
        """One line of text whose box fits it; returns the width. With a line break at the end it starts at the left."""
        width = text_width(text, size, attrs.get("fontname") == BOLD) + 6
        if text.endswith("\n"):
            attrs["margin"] = "0.04,0"
        self.box(ident, left, top, width, size * 1.3, label=text, fontsize=size, **attrs)
        return width

    def point(self, ident: str, x: float, y: float) -> str:
        """An invisible place where an arrow may end; returns its name."""
        self.box(ident, x - 0.05, y - 0.05, 0.1, 0.1, shape="point", style="invis")
        return ident

    def arrow(self, tail: str, head: str, **attrs: str | float) -> None:
        """A straight line from one box or point to another."""
        self._graph.edge(_name(tail), _name(head), _attributes=_values(attrs))

    def source(self, height: float) -> str:
        """The DOT text of the canvas, cut off at `height`."""
        sheet = Canvas(self.name, self.width)
        sheet.box("sheet", 0, 0, self.width, height, style="invis")  # the drawing is as large as its lowest box
        sheet._graph.body += self._graph.body
        return str(sheet._graph.source)
