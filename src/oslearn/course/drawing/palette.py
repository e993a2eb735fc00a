"""How processes and kinds of message look in every drawing: names, short names, services, lines.

Interface: `actor(process)`, `kind_of(event)`, `KINDS`, `COLOURS`.
Invariants: no two kinds share both line and arrow head, nor the word on the label: nothing rests on colour alone.
The colours are those of light paper; on a page, CSS variables named after the service (`--os-nova`) replace them.
"""

from __future__ import annotations

from dataclasses import dataclass

from oslearn.trace.profiler import Event

COLOURS = {
    "client": "#475569",
    "keystone": "#6d28d9",
    "nova": "#1d4ed8",
    "store": "#57534e",
    "glance": "#047857",
    "placement": "#4d7c0f",
    "neutron": "#0e7490",
    "cinder": "#b45309",
    "swift": "#a21caf",
    "trove": "#7c2d12",
    "virt": "#be123c",
}
"""The colour of each service. White text on it, and it on white, have a contrast of 4.5 to 1 or more."""


@dataclass(frozen=True)
class Actor:
    """A process in a drawing: `head` is its name in at most three lines, `short` the one for phones."""

    key: str
    head: str
    short: str
    service: str


@dataclass(frozen=True)
class MessageKind:
    """A kind of message: `word` is on the label, `title` in the legend; the rest is how it is drawn."""

    key: str
    word: str
    title: str
    line: str
    tip: str
    width: float


ACTORS = {
    a.key: a
    for a in (
        Actor("client", "client", "CLI", "client"),
        Actor("keystone", "Keystone", "KEY", "keystone"),
        Actor("nova-api", "nova-\napi", "API", "nova"),
        Actor("nova-db", "nova-\ndb", "DB", "store"),
        Actor("queue", "message\nqueue", "MQ", "store"),
        Actor("nova-scheduler", "nova-\nscheduler", "SCH", "nova"),
        Actor("nova-conductor", "nova-\nconductor", "CON", "nova"),
        Actor("nova-compute", "nova-\ncompute", "CMP", "nova"),
        Actor("glance-api", "glance-\napi", "GLA", "glance"),
        Actor("neutron-server", "neutron-\nserver", "NEU", "neutron"),
        Actor("cinder-api", "cinder-\napi", "CIN", "cinder"),
        Actor("hypervisor", "hyper-\nvisor", "HYP", "virt"),
    )
}
"""The processes of the classic flow, in the order of their lifelines."""

CAPTIONS = {
    "nova": "Nova",
    "glance": "Glance",
    "neutron": "Neutron",
    "cinder": "Cinder",
    "placement": "Placement",
    "swift": "Swift",
    "trove": "Trove",
}
"""Services whose name stands over the heads of their processes."""

KINDS = {
    k.key: k
    for k in (
        MessageKind("request", "REST", "REST request", "solid", "normal", 1.5),
        MessageKind("reply", "reply", "reply", "dashed", "vee", 1.5),
        MessageKind("call", "call", "RPC call: waits for a reply", "solid", "normalnormal", 1.9),
        MessageKind("cast", "cast", "RPC cast: does not wait", "solid", "onormal", 1.9),
        MessageKind("deliver", "deliver", "delivery: from the queue", "dotted", "vee", 1.9),
        MessageKind("db", "SQL", "database access (SQL)", "solid", "diamond", 1.5),
        MessageKind("virt", "driver", "hypervisor call (driver)", "solid", "box", 1.9),
    )
}
_BY_PHASE = {"request": "request", "reply": "reply", "call": "call", "cast": "cast", "receive": "deliver"}


LONG = 11
"""Letters of a head's line; a longer one breaks at its hyphens."""


def actor(process: str) -> Actor:
    """How the process looks; one that is not in `ACTORS` takes the looks of its service."""
    if process in ACTORS:
        return ACTORS[process]
    first, _, rest = process.partition("-")
    lines = [first, *(rest.split("-") if len(rest) > LONG else filter(None, [rest]))]
    head = "-\n".join(lines)
    return Actor(process, head, (rest or first)[:3].upper(), first if first in COLOURS else "store")


def group(who: Actor) -> str:
    """The service whose caption stands over the head: the queue and its databases are Nova's own."""
    nova = who.key == "queue" or (who.key.startswith("nova") and who.key.endswith("-db"))
    return "nova" if nova else who.key.partition("-")[0]


def kind_of(event: Event) -> MessageKind:
    """The kind of message that the event is."""
    if event.kind in ("db", "virt"):
        return KINDS[event.kind]
    return KINDS[_BY_PHASE.get(event.phase, "deliver")]


def labelled(kind: MessageKind, label: str) -> str:
    """The label with the kind's word in it."""
    return label if kind.word.lower() in label.lower() else f"{kind.word}: {label}"
