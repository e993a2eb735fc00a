"""What happened inside a real cloud while a command ran, against our trace: who asked whom, for what, and how.

Processes work side by side in a real cloud, so the order is compared caller by caller. recordings/inside.jsonl has a
line a command with its events in order: `KIND: CALLER -> CALLEE OPERATION`. The names of processes are this cloud's.
inside.toml has the differences that stay.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from functools import cache
from typing import NamedTuple

from oslearn.trace.profiler import Event

from .replay import HERE

TOPICS = {
    "conductor": "nova-conductor",
    "scheduler": "nova-scheduler",
    "compute": "nova-compute",
    "compute-alt": "nova-compute",
    "q-plugin": "neutron-rpc-server",
    "q-l3-plugin": "neutron-rpc-server",
    "dhcp_agent": "neutron-dhcp-agent",
    "l3_agent": "neutron-l3-agent",
}
"""Who listens to a topic of the bus."""


class Rule(NamedTuple):
    """A difference that stays: patterns of the command and of the event, and why."""

    command: str
    event: str
    reason: str

    def covers(self, command: str, event: str) -> bool:
        """Whether it is about this event. `*` stands for any text."""
        return fnmatchcase(command, self.command) and fnmatchcase(event, self.event)


@cache
def recorded() -> dict[str, list[str]]:
    """The events of each recorded command."""
    lines = (HERE / "recordings" / "inside.jsonl").read_text("utf-8").splitlines()
    return {item["command"]: item["events"] for item in map(json.loads, lines)}


@cache
def rules(name: str) -> list[Rule]:
    """A list of inside.toml, which says what the names mean."""
    entries = tomllib.loads((HERE / "inside.toml").read_text("utf-8")).get(name, [])
    return [Rule(entry.get("command", "*"), entry["event"], entry["reason"]) for entry in entries]


def seen(trace: Iterable[Event]) -> list[str]:
    """The events of a trace that have a counterpart in the recording: what a process asks another."""
    return [text for event in trace if (text := line(event))]


def line(event: Event) -> str | None:
    """An event as the recording writes it."""
    if event.source == "client" or event.phase not in ("request", "call", "cast") or event.kind not in ("http", "rpc"):
        return None
    callee, operation = event.target, event.operation
    if event.kind == "rpc":
        args = event.payload["args"]
        topic = str(event.payload["topic"]).partition(".")[0]
        callee = TOPICS.get(topic, topic)
        if operation.startswith("object_"):
            operation = f"{args.get('objname') or args.get('objinst')}.{args['objmethod']}"
    return f"{event.kind} {event.phase}: {event.source} -> {callee} {operation}"


def compare(command: str, ours: list[str]) -> Iterator[str]:
    """Differences between what was recorded of a command and what happened here, that no rule covers."""
    theirs = [event.replace("rpc fanout:", "rpc cast:") for event in recorded()[command]]  # our trace writes it so
    left = [event for event in theirs if not covered("left_out", command, event)]
    right = [event for event in ours if not covered("added", command, event)]
    for kind, compared in (("repeated", set), ("moved", list)):
        yield from counts(*(compared(e for e in side if covered(kind, command, e)) for side in (left, right)))
        left, right = ([e for e in side if not covered(kind, command, e)] for side in (left, right))
    for caller in dict.fromkeys(map(source, left + right)):
        yield from order([e for e in left if source(e) == caller], [e for e in right if source(e) == caller])


def source(event: str) -> str:
    """Who asked."""
    return event.partition(": ")[2].partition(" -> ")[0]


def order(left: list[str], right: list[str]) -> Iterator[str]:
    """Differences of two sequences."""
    for same, i, i2, j, j2 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if same != "equal":
            yield from (f"missing: {event}" for event in left[i:i2])
            yield from (f"not recorded: {event}" for event in right[j:j2])


def counts(left: Iterable[str], right: Iterable[str]) -> Iterator[str]:
    """Differences of two lists, in whatever order."""
    theirs, ours = Counter(left), Counter(right)
    yield from (f"missing: {event}" for event in (theirs - ours).elements())
    yield from (f"not recorded: {event}" for event in (ours - theirs).elements())


def covered(name: str, command: str, event: str) -> bool:
    """Whether a rule is about this event."""
    return any(rule.covers(command, event) for rule in rules(name))
