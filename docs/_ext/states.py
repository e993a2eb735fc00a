"""`.. volume-states::`: a volume's life as a drawing, made of what a run wrote into Cinder's database.

The places are fixed here, the arrows come from the run. A status that has no place fails the build, as does a place
that the run does not reach.
"""

from __future__ import annotations

from functools import cache

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from diagrams import Drawn
from happened import LOOKS
from oslearn import Cloud
from oslearn.course.drawing.canvas import BOLD, PAPER, Canvas, text_width
from oslearn.course.drawing.palette import COLOURS
from oslearn.course.drawing.sequence import Look
from oslearn.course.reference import Lab

PLACES = {
    "extending": (1, 0), "creating": (0, 1), "available": (1, 1), "deleting": (2, 1), "reserved": (0, 2),
    "detaching": (2, 2), "attaching": (0, 3), "in-use": (1, 3),
}  # fmt: skip
"""Column and row."""
HEIGHT, PITCH = 34, 92
"""Of a box, and from row to row."""


@cache
def life() -> list[tuple[str, str, str]]:
    """Each change of status of one volume: from, to, and the process that wrote it."""
    cloud = Cloud(seed=7)
    lab = Lab.prepare(cloud)
    demo, server = cloud.connect("demo"), lab.boot()
    cloud.trace.clear()
    attachments = f"/servers/{server}/os-volume_attachments"
    volume = demo.volume.post("/volumes", json={"volume": {"size": 1}}).json()["volume"]["id"]
    demo.compute.post(attachments, json={"volumeAttachment": {"volumeId": volume}})
    demo.compute.delete(f"{attachments}/{volume}")
    demo.volume.post(f"/volumes/{volume}/action", json={"os-extend": {"new_size": 2}})
    demo.volume.delete(f"/volumes/{volume}")
    found, now = [], ""
    for event in cloud.trace.filter(kind="db"):
        if event.phase in ("insert", "update") and event.operation.endswith(" volumes"):
            after = event.payload["parameters"][0].get("status", now)
            if now and after != now:
                found.append((now, after, event.source))
            now = after
    return list(dict.fromkeys(found))


class VolumeStates(Drawn):
    """`.. volume-states::`."""

    option_spec = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        self.note_package()
        changes = life()
        reached = {status for before, after, _ in changes for status in (before, after)}
        if reached != set(PLACES):
            raise self.error(f"no place, or not reached: {reached ^ set(PLACES)}")
        words = "; ".join(f"{before} to {after}, written by {who}" for before, after, who in changes) + "."
        variants = {name: [drawing(look, changes)] for name, look in LOOKS.items()}
        return self.drawing(
            "volume-states", "A volume's life, and who wrote each status", variants, desc=words, words=words
        )


def drawing(look: Look, changes: list[tuple[str, str, str]]) -> str:
    """The DOT text."""
    canvas, colour = Canvas(f"volume-states-{look.name}", look.width), COLOURS["cinder"]
    width = 92 if look.short else 120
    pitch = (look.width - width) / 2
    for status, (column, row) in PLACES.items():
        left, top = column * pitch, row * PITCH
        canvas.box(f"status-{status}", left, top, width, HEIGHT, style="filled,rounded", fillcolor=colour,
                   class_="service cinder")  # fmt: skip
        middle = left + (width - text_width(status, 13, bold=True) - 6) / 2
        canvas.text(f"name-{status}", status, middle, top + 8, 13, style="", fontname=BOLD, fontcolor=PAPER,
                    class_="on cinder")  # fmt: skip
    for before, after, who in changes:
        (x1, y1), (x2, y2) = PLACES[before], PLACES[after]
        aside = 14 if (after, before) in {(a, b) for a, b, _ in changes} else 0  # there and back lie side by side
        shift = aside if y2 < y1 else -aside
        ends = [
            canvas.point(f"{before}-{after}-{end}", column * pitch + width / 2 + shift, row * PITCH + HEIGHT / 2 + lift)
            for end, column, row, lift in edges(x1, y1, x2, y2)
        ] if aside or x1 == x2 else [f"status-{before}", f"status-{after}"]  # fmt: skip
        canvas.arrow(*ends, color=colour, penwidth=1.6, class_="arrow cinder")
        centre = (x1 + x2) / 2 * pitch + width / 2 + shift, (y1 + y2) / 2 * PITCH + HEIGHT / 2
        label(canvas, f"{before}-{after}", who, centre, (x2 - x1, y2 - y1), -1 if shift < 0 else 1, look.short)
    return canvas.source(3 * PITCH + HEIGHT)


def edges(x1: float, y1: float, x2: float, y2: float) -> list[tuple[str, float, float, float]]:
    """Where an upright arrow leaves one box and reaches the other: end, column, row, how far from the middle."""
    down = HEIGHT / 2 if y2 > y1 else -HEIGHT / 2
    return [("a", x1, y1, down), ("b", x2, y2, -down)]


def label(
    canvas: Canvas, ident: str, words: str, at: tuple[float, float], way: tuple[float, float], side: int, short: bool
) -> None:
    """The process beside the middle of its arrow: above a level one, beside an upright one, below a slope."""
    (x, y), (across, down) = at, way
    width = text_width(words, 12) + 6
    if not down:
        left, top = x - width / 2, y - (33 if short else 18)
    elif not across:
        left, top = (x + 4 if side > 0 else x - width - 4), y - 7
    else:
        left, top = (x + 8 if across * down < 0 else x - width - 8), y + 3
    canvas.text(f"who-{ident}", words, left, top, 12, style="", class_="caption")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.setup_extension("diagrams")
    app.add_directive("volume-states", VolumeStates)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
