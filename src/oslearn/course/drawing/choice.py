"""What of a trace is drawn: as much as a reader can look over.

Interface: `chosen(events, wanted)` keeps all if it is little, and else leaves out one sort after another;
`sort_of(event)`, its sort; `takes_part(event, names)`; `LOGIN`, the calls of a login; `FEW`, how many events are few.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from oslearn.trace.profiler import Event

LOGIN = ("GET /v3", "POST /v3/auth/tokens", "GET /v3/auth/tokens", "GET /", "GET /v2.1")
"""What nearly every command does first, and services do with each request."""
FEW = 40
"""Events that a reader can look over."""


def chosen(events: Iterable[Event], wanted: Collection[str] = (), most: int = FEW) -> list[Event]:
    """All events if there are at most `most`; else without login, then without databases, then without replies.

    `login`, `db` and `replies` stay if they are `wanted`.
    """
    left_out: list[str] = []
    kept = list(events)
    for more in ("login", "db", "replies"):
        if len(kept) <= most:
            break
        left_out.append(more)
        kept = [event for event in kept if sort_of(event) in wanted or sort_of(event) not in left_out]
    return kept


def sort_of(event: Event) -> str:
    """What an event is to a reader: login, db, replies, or the course of things."""
    if event.kind == "http" and event.operation in LOGIN:
        return "login"
    if event.kind == "db":
        return "db"
    return "replies" if event.phase in ("reply", "receive") else "course"


def takes_part(event: Event, names: Collection[str]) -> bool:
    """Whether one of these processes sends or gets it; no name stands for all."""
    return not names or event.source in names or event.target in names
