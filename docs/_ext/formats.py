"""`.. formats::`: how the image formats are related, as a drawing; the table on the same page says what each is for."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from diagrams import Drawn
from happened import LOOKS
from oslearn.course.drawing.canvas import BOLD, PAPER, Canvas, text_width
from oslearn.course.drawing.palette import COLOURS
from oslearn.course.drawing.sequence import Look

WORDS = (
    "An OVA is a parcel of an OVF, which describes a machine, and its VMDK disks. qcow2, VMDK, VDI, VHD and VHDX, that "
    "followed VHD, grow with what is written; each unfolds to raw, every byte of the disk in order. From an ISO you "
    "install onto a disk. A UEC tarball held a machine in three files: AKI, ARI, and AMI, a file system of the disk."
)
BANDS = (
    ("parcel", "A parcel: OVA", 0, 2, 0),
    ("growing", "Disks that grow", 0, 5, 1),
    ("disc", "A disc", 0, 1.5, 3),
    ("parts", "A UEC tarball (history)", 1.5, 5, 3),
)
"""Title, first and last column, row."""
BOXES = (
    ("OVF", "describes it", 0, 2, 0, "client"),
    ("qcow2", "QEMU", 0, 1, 1, "glance"),
    ("VMDK", "VMware", 1, 2, 1, "glance"),
    ("VDI", "VirtualBox", 2, 3, 1, "glance"),
    ("VHD", "Microsoft", 3, 4, 1, "glance"),
    ("VHDX", "Microsoft", 4, 5, 1, "glance"),
    ("raw", "every byte of the disk, in order", 0, 5, 2, "glance"),
    ("ISO", "to install from", 0, 1.5, 3, "glance"),
    ("AKI", "kernel", 1.5, 2.67, 3, "client"),
    ("ARI", "RAM disk", 2.67, 3.83, 3, "client"),
    ("AMI", "file system", 3.83, 5, 3, "client"),
)
"""Name, what stands under it, first and last column, row, colour: Glance's for what is one file with one disk."""
ARROWS = (
    ("OVF", "VMDK", "holds"),
    ("qcow2", "raw", "unfolds to"),
    ("VMDK", "raw", ""),
    ("VDI", "raw", ""),
    ("VHD", "raw", ""),
    ("VHDX", "raw", ""),
    ("ISO", "raw", "installed onto"),
    ("AMI", "raw", "in a partition"),
)
TOP, HEIGHT, PITCH = 28, 46, 126
"""From a row's top to its boxes; a box; from row to row."""


class Formats(Drawn):
    """`.. formats::`."""

    option_spec = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        variants = {name: [drawing(look)] for name, look in LOOKS.items()}
        return self.drawing("formats", "How the image formats are related", variants, desc=WORDS, words=WORDS)


def drawing(look: Look) -> str:
    """The DOT text."""
    return _Sheet(look).source()


class _Sheet:
    """One drawing in the making; all measures follow from the paper's width."""

    def __init__(self, look: Look) -> None:
        self.canvas, self.look, self.width = Canvas(f"formats-{look.name}", look.width), look, look.width
        self.gap = 6 if look.short else 16

    def source(self) -> str:
        """The DOT text."""
        for ident, title, first, last, row in BANDS:
            left, width = self.columns(first, last)
            self.canvas.box(f"band-{ident}", left, row * PITCH, width, TOP + HEIGHT + 8, style="filled,rounded",
                            class_="band")  # fmt: skip
            if ident == "growing":
                left, _ = self.columns(2, 5)  # an arrow comes down on the left
            self.canvas.text(f"title-{ident}", f"{title}\n", left + 4, row * PITCH + 6, 12, fontname=BOLD,
                             class_="title")  # fmt: skip
        middles = {where[0]: self.box(*where) for where in BOXES}
        for start, end, words in ARROWS:
            self.arrow(start, end, words, middles)
        return self.canvas.source(3 * PITCH + TOP + HEIGHT + 10)

    def columns(self, first: float, last: float) -> tuple[float, float]:
        """Left edge and width of what stands in these of the five columns."""
        column = (self.width + self.gap) / 5
        return first * column, (last - first) * column - self.gap

    def box(self, name: str, under: str, first: float, last: float, row: int, colour: str) -> tuple[float, float]:
        """A format: its name and what stands under it; returns the middle of its upper edge."""
        left, width = self.columns(first, last)
        inset, top = (0 if name == "raw" else self.gap / 3), row * PITCH + TOP
        self.canvas.box(f"format-{name}", left + inset, top, width - 2 * inset, HEIGHT, style="filled,rounded",
                        fillcolor=COLOURS[colour], class_=f"service {colour}")  # fmt: skip
        middle = left + width / 2
        for text, size, down, more in ((name, 13, 5, {"fontname": BOLD}), (under, 12, 25, {})):
            self.line(f"{name}-{down}", text, middle, top + down, size, colour, **more)
        return middle, top

    def line(self, ident: str, text: str, middle: float, top: float, size: float, colour: str, **more: Any) -> None:
        """A line of text in the middle of a box."""
        left = middle - (text_width(text, size, "fontname" in more) + 6) / 2
        self.canvas.text(ident, text, left, top, size, style="", fontcolor=PAPER, class_=f"on {colour}", **more)

    def arrow(self, start: str, end: str, words: str, middles: dict[str, tuple[float, float]]) -> None:
        """An upright arrow from one box to another, with its words beside it."""
        (x, top), (middle, aim) = middles[start], middles[end]
        if end == "VMDK":
            x = middle - self.gap
        down = top < aim
        y1, y2 = (top + HEIGHT, aim) if down else (top, aim + HEIGHT)
        ends = self.canvas.point(f"{start}-a", x, y1), self.canvas.point(f"{start}-b", x, y2)
        colour = next(box[-1] for box in BOXES if box[0] == start)
        self.canvas.arrow(*ends, color=COLOURS[colour], penwidth=1.8, class_=f"arrow {colour}")
        if words:
            y = y1 + 20 if down else y2 + 18
            width = text_width(words, 12) + 6
            left = x + 5 if x + 5 + width < self.width else x - 5 - width
            self.canvas.text(f"{start}-words", f"{words}\n", left, y, 12, style="", class_="words")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.setup_extension("diagrams")
    app.add_directive("formats", Formats)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
