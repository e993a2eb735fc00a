"""Reads a drawing's DOT text back, as the library `graphviz` writes it."""

from __future__ import annotations

import re
from typing import NamedTuple

ID = r'"(?:[^"\\]|\\.)*"|[^\s\[\]"]+'
STATEMENT = re.compile(rf"^\t({ID})(?: -> ({ID}))? \[(.*)\]$", re.MULTILINE)
ATTRIBUTE = re.compile(rf"(\w+)=({ID})")


class Statement(NamedTuple):
    """A box, or with a `head` an arrow; the values of its attributes stand as Graphviz reads them."""

    name: str
    head: str
    attrs: dict[str, str]

    def place(self) -> tuple[float, float, float, float]:
        """Its middle, its width and its height in points, y upwards."""
        x, y = self.attrs["pos"].removesuffix("!").split(",")
        inches = (x, y, self.attrs["width"], self.attrs["height"])
        return tuple(float(number) * 72 for number in inches)  # type: ignore[return-value]

    @property
    def words(self) -> str:
        """The text in it."""
        return self.attrs.get("label", "").replace(r"\n", "\n").removesuffix(r"\l")


def plain(text: str) -> str:
    """A value without its quotes."""
    return re.sub(r"\\(.)", lambda m: m[1] if m[1] in '"\\' else m[0], text[1:-1]) if text.startswith('"') else text


def statements(dot: str) -> list[Statement]:
    """Every box and every arrow, in the order of the text."""
    return [
        Statement(plain(name), plain(head), {key: plain(value) for key, value in ATTRIBUTE.findall(rest)})
        for name, head, rest in STATEMENT.findall(dot)
        if name not in ("graph", "node", "edge")
    ]


def boxes(dot: str) -> list[Statement]:
    """What is placed."""
    return [found for found in statements(dot) if not found.head]


def named(dot: str, prefix: str) -> list[str]:
    """The rest of the names of the boxes that begin so."""
    return [box.name.removeprefix(prefix) for box in boxes(dot) if box.name.startswith(prefix)]


def ids(dot: str) -> list[str]:
    """The ids of boxes and arrows."""
    return [found.attrs["id"] for found in statements(dot) if "id" in found.attrs]
