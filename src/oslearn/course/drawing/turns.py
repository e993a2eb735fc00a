"""Whose turn it is: a trace in parts, by who began the work.

Interface: `turns(trace, events)` parts `events`, which are some of a trace, into runs of one turn each.
Invariants: the parts have the events in their order, each once; a turn begins with what a client asks, or with a
message that a process takes from the queue and that nobody waits for.
Why so: a boot is many messages, and a reader follows it by asking who works now. A call belongs to its caller's turn,
because the caller waits; a cast does not, because its sender goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from oslearn.course.drawing.choice import LOGIN
from oslearn.trace.profiler import Event

SHORT = 3
"""A turn of fewer messages has no heading of its own: it stands with the one after it."""


@dataclass(frozen=True)
class Turn:
    """A run of messages: who works, and on what."""

    title: str
    events: Sequence[Event]


def turns(trace: Iterable[Event], events: Iterable[Event]) -> list[Turn]:
    """The runs. `trace` has the events that caused them, too."""
    known = {event.n: event for event in trace}
    runs = [list(run) for _, run in groupby(events, key=lambda event: key_of(beginning(event, known)))]
    joined: list[list[Event]] = []
    for run in runs:
        if joined and len(joined[-1]) < SHORT:
            joined[-1].extend(run)
        else:
            joined.append(run)
    if len(joined) > 1 and len(joined[-1]) < SHORT:
        joined[-2].extend(joined.pop())
    made: list[Turn] = []
    for run in joined:
        begun = [beginning(event, known) for event in run]
        main = max(begun, key=lambda first: [key_of(one) for one in begun].count(key_of(first)))
        made.append(Turn(title(main, list({one.n: one for one in begun}.values())), run))
    return made


def beginning(event: Event, known: dict[int, Event]) -> Event:
    """The event that began the turn: the nearest above, or itself, that a client sent or that a cast delivered."""
    while (above := known.get(event.parent or 0)) is not None:
        if event.phase == "deliver" and above.phase == "cast":
            return event
        event = above
    return event


def key_of(first: Event) -> tuple[str, int]:
    """What the messages of a turn share: all that a client asks in a row is one turn, a delivery is one of its own."""
    return (first.source, 0) if first.phase == "request" else (first.target, first.n)


def title(main: Event, begun: Sequence[Event]) -> str:
    """Who works, and on what; of a client's requests how many, and the one that changes something, if there is one.

    A login comes first with each command, and tells nothing of it.
    """
    if main.phase != "request":
        return f"{main.target}: {main.what}"
    asked = [one for one in begun if one.phase == "request"]
    meant = [one for one in asked if one.operation not in LOGIN] or asked
    change = [one for one in meant if not one.what.startswith("GET ")]
    many = f", {len(asked)} requests" if len(asked) > 1 else ""
    return f"{main.source}{many}: {(change or meant)[0].what}"
