"""Which events of a long trace a reader asks for: those of the last command, of a request, of a server's boot.

Interface: `select(trace, what)`; `contents(trace)`, what may be asked for; `commands(trace)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from oslearn.trace.profiler import Event

LOGIN = ("GET /v3", "POST /v3/auth/tokens")
"""What each `openstack` command begins with, in this order."""
MENTIONED = 5
"""Servers that are named to who asked for what is not there."""


def select(trace: Sequence[Event], what: str) -> list[Event]:
    """The events of `last` (the last command), of a request's id, or of the boot of a server by name or id.

    Raises KeyError if the trace does not have it (any more).
    """
    if what == "last" and (found := commands(trace)):
        return found[-1]
    roots = [e.n for e in trace if e.request_id == what or (asks(e) and names_server(trace, e, what))]
    if not roots:
        raise KeyError(what)
    return caused_by(trace, set(roots) if what.startswith("req-") else {roots[-1]})


def contents(trace: Sequence[Event]) -> str:
    """A sentence for who asked for what the trace does not have."""
    made = [e for e in trace if asks(e) and creates_server(e)]
    names = dict.fromkeys(str(name) for e in made if (name := said(e, "name")))
    requests = [e.request_id for e in trace if asks(e) and e.request_id]
    if not requests:
        return "Nobody has asked the cloud for anything yet"
    servers = f"the servers {', '.join([*names][-MENTIONED:])}" if names else "no server"
    return f"It has `last`, {servers}, and {len(requests)} requests, such as {requests[-1]}"


def commands(trace: Sequence[Event]) -> list[list[Event]]:
    """The events by client command: a new one begins where a client logs in."""
    starts: list[int] = []
    before = ""
    for place, event in enumerate(trace):
        if not asks(event):
            continue
        if not starts or (event.operation in LOGIN and (before, event.operation) != LOGIN):
            starts.append(place)
        before = event.operation
    spans = [trace[a:b] for a, b in pairwise([*starts, len(trace)])]
    return [caused_by(span, {event.n for event in span if asks(event)}) for span in spans]


def caused_by(trace: Sequence[Event], roots: set[int]) -> list[Event]:
    """The roots, what they caused, what that caused, and so on."""
    inside = set(roots)
    for event in trace:
        if event.parent in inside:
            inside.add(event.n)
    return [event for event in trace if event.n in inside]


def asks(event: Event) -> bool:
    """Whether it is a client's request."""
    return event.source == "client" and event.phase == "request"


def creates_server(event: Event) -> bool:
    """Whether a client's request makes a server."""
    return event.operation.startswith("POST /v2.1") and event.operation.endswith("/servers")


def names_server(trace: Sequence[Event], event: Event, what: str) -> bool:
    """Whether a client's request made the server of that name or id."""
    if not creates_server(event):
        return False
    replies = (e for e in trace if e.parent == event.n and e.phase == "reply" and e.target == "client")
    return what == said(event, "name") or any(what == said(reply, "id") for reply in replies)


def said(event: Event, field: str) -> object:
    """What a body says of a server, if it is about one: anybody may send anything."""
    found: object = event.payload
    for name in ("body", "server", field):
        found = found.get(name) if isinstance(found, dict) else None
    return found
