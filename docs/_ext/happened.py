"""What a command caused, made ready to draw: which of its events, in which turns, in which words.

Interface: `happened(events, followed, wanted)` is a `Happened`, or None where there is nothing to draw.
The site's build (lesson.py) and the page in the reader's browser (docs/_tab) show the same; needs no Sphinx.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from oslearn.course.drawing import sequence as dot
from oslearn.course.drawing.choice import chosen, left_out, takes_part
from oslearn.course.drawing.turns import Turn, turns
from oslearn.trace.profiler import Event, Trace

LOOKS = {"wide": dot.WIDE, "narrow": dot.NARROW}
PLACES = ("heads", "body")


@dataclass(frozen=True)
class Happened:
    """The events that are drawn, numbered from 1, and what is said of them."""

    trace: Trace
    parts: list[Turn]
    counted: str
    """How many of how many events are drawn."""
    caption: str
    causes: dict[int, int | None]
    """By an event's number that of the one that is drawn and caused it; None for what the client began."""

    @property
    def title(self) -> str:
        """What the drawing shows."""
        return f"What happened inside: {self.counted}"

    @property
    def words(self) -> str:
        """The drawing in words."""
        return f"Messages: {'; '.join(f'{e.n}. {e.source} to {e.target}, {e.what}' for e in self.trace)}."

    def dots(self, look: dot.Look) -> list[str]:
        """The drawings that stand under each other, as DOT."""
        return [dot.trace_dot(self.trace, look, place, self.parts) for place in PLACES]


def happened(events: Iterable[Event], followed: Collection[str] = (), wanted: Collection[str] = ()) -> Happened | None:
    """What of the events is drawn: of the processes that are followed, with the sorts that are wanted."""
    events = tuple(events)
    kept = chosen((event for event in events if takes_part(event, followed)), wanted)
    if not kept:
        return None
    numbers = {event.n: n for n, event in enumerate(kept, 1)}
    trace = Trace([replace(event, n=numbers[event.n]) for event in kept])
    parts = [Turn(turn.title, [trace[numbers[e.n] - 1] for e in turn.events]) for turn in turns(events, kept)]
    counted = f"{len(kept)} of {len(events)} events"
    causes = {numbers[event.n]: numbers.get(cause(event, events, numbers)) for event in kept}
    return Happened(trace, parts, counted, left_out(events, kept) or "Nothing is left out.", causes)


def cause(event: Event, events: Collection[Event], drawn: Collection[int]) -> int:
    """The number of the nearest event above that is drawn; 0 if there is none."""
    above = {one.n: one.parent or 0 for one in events}
    number = event.parent or 0
    while number and number not in drawn:
        number = above.get(number, 0)
    return number
