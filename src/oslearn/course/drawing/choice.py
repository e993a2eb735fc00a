"""What of a trace is drawn: as much as a reader can look over.

Interface: `chosen(events, wanted)` keeps all if it is little, and else leaves out one sort after another;
`left_out(events, kept)` says in words what; `sort_of(event)`, its sort; `takes_part(event, names)`; `LOGIN`, the calls
of a login; `FEW`, how many events are few.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from oslearn.trace.profiler import Event

LOGIN = ("GET /v3", "POST /v3/auth/tokens", "GET /v3/auth/tokens", "GET /", "GET /v2.1")
"""What nearly every command does first, and services do with each request."""
OBJECTS = ("object_action", "object_class_action_versions", "object_backport_versions")
"""Calls of nova-conductor that stand for the database, which a compute host does not have."""
SORTS = {
    "login": "the login",
    "db": "what the databases are asked",
    "replies": "replies",
    "objects": "what nova-compute reads and writes through nova-conductor",
}
"""What is left out, in this order, and how a page calls it."""
FEW = 40
"""Events that a reader can look over."""


def chosen(events: Iterable[Event], wanted: Collection[str] = (), most: int = FEW) -> list[Event]:
    """All events if there are at most `most`; else without one of `SORTS` after another, but for those `wanted`."""
    left_out: list[str] = []
    kept = list(events)
    for more in SORTS:
        if len(kept) <= most:
            break
        left_out.append(more)
        kept = [event for event in kept if sort_of(event) in wanted or sort_of(event) not in left_out]
    return kept


def left_out(events: Iterable[Event], kept: Iterable[Event]) -> str:
    """What of the events is not kept, as a sentence; nothing if all are. A sort that is partly kept is not left out."""
    there = {event.n: sort_of(event) for event in kept}
    lost = {sort_of(event) for event in events if event.n not in there}
    words = [words for sort, words in SORTS.items() if sort in lost - set(there.values())]
    if "course" in lost or lost & set(there.values()):
        words.append("what other processes do")
    if not words:
        return ""
    return f"Left out: {', '.join(words[:-1])}{' and ' if words[1:] else ''}{words[-1]}."


def sort_of(event: Event) -> str:
    """What an event is to a reader: one of `SORTS`, or the course of things."""
    if event.kind == "http" and event.operation in LOGIN:
        return "login"
    if event.kind == "db":
        return "db"
    if event.phase in ("reply", "receive"):
        return "replies"
    return "objects" if event.kind == "rpc" and event.operation in OBJECTS else "course"


def takes_part(event: Event, names: Collection[str]) -> bool:
    """Whether one of these processes sends or gets it; no name stands for all."""
    return not names or event.source in names or event.target in names
