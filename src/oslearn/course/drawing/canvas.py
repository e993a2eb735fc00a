"""A sheet of paper for Graphviz: everything is pinned, so the same bytes come out on every run and machine.

Interface: `Canvas`, on which boxes, texts and arrows are put in points, y downwards; `text_width`.
Invariants: the drawing is exactly as wide and high as the canvas; what is put first lies lowest; no import.
Why so: Graphviz has no layout for sequence diagrams. `neato` with pinned nodes only draws, and lets us keep text as
text, links, classes and ids.
"""

from __future__ import annotations

FONT = "Helvetica"
BOLD = "Helvetica-Bold"
INK, PAPER, BAND, LINE, MUTED = "#1e293b", "#ffffff", "#f1f5f9", "#94a3b8", "#475569"

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


def quote(text: str) -> str:
    """`text` as a DOT string. A line break at the end asks for text at the left edge, as Graphviz's `\\l` does."""
    escaped = text.removesuffix("\n").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}\\l"' if text.endswith("\n") else f'"{escaped}"'


def _attributes(attrs: dict[str, str | float]) -> str:
    named = ((key.rstrip("_").replace("class_", "class"), value) for key, value in attrs.items())
    return ", ".join(
        f"{key}={quote(value)}" if isinstance(value, str) else f'{key}="{value:g}"' for key, value in named
    )


class Canvas:
    """DOT source in the making. Attributes are Graphviz's; write `class_` for `class`."""

    def __init__(self, name: str, width: float) -> None:
        self.width = width
        self._name = name
        self._lines: list[str] = []

    def box(self, ident: str, left: float, top: float, width: float, height: float, **attrs: str | float) -> None:
        """A filled rectangle; `label` is centred in it."""
        attrs = {"style": "filled", **attrs}
        x, y = (left + width / 2) / 72, -(top + height / 2) / 72
        place = f'pos="{x:.4f},{y:.4f}!", width="{width / 72:.4f}", height="{height / 72:.4f}"'
        self._lines.append(f"{quote(ident)} [{place}, {_attributes(attrs)}];")

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
        self._lines.append(f"{quote(tail)} -> {quote(head)} [{_attributes(attrs)}];")

    def source(self, height: float) -> str:
        """The DOT text of the canvas, cut off at `height`."""
        sheet = Canvas("", self.width)
        sheet.box("sheet", 0, 0, self.width, height, style="invis")
        head = [
            f"digraph {quote(self._name)} {{",
            'layout="neato"; splines="line"; outputorder="nodesfirst"; bgcolor="transparent"; pad="0"; overlap="true";',
            f'node [fontname="{FONT}", fixedsize="true", margin="0", shape="box", penwidth="0", label="", '
            f'fontcolor="{INK}", fillcolor="{BAND}"];',
            f'edge [arrowsize="0.75", penwidth="1.4", color="{INK}"];',
        ]
        return "\n".join([*head, *sheet._lines, *self._lines, "}"]) + "\n"
