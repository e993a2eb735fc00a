"""A trace as text for a terminal.

Interface: `tree(events)`, what caused what; `steps_table(flow)`, the steps of a flow; `every_event(flow)`;
`one(matched)`.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Sequence

from oslearn.trace.lens import Flow, MatchedStep
from oslearn.trace.profiler import Event, printable

WIDTH = 80
DEEPEST = 8
"""Steps of indentation; what lies deeper stands there too."""


def tree(events: Iterable[Event]) -> str:
    """One line an event, indented below what caused it."""
    depth: dict[int | None, int] = {}
    lines = []
    for event in events:
        depth[event.n] = depth.get(event.parent, -1) + 1
        margin = "  " * min(depth[event.n], DEEPEST)
        who = f"{event.source} -> {event.target}"
        what = f"{printable(event.what)}{outcome(event)}"
        lines.append(f"{event.n:>5}  {margin}{event.kind} {event.phase}  {who}  {what}")
    return "\n".join(lines)


def outcome(event: Event) -> str:
    """The status of a reply that is no success, or why there is none."""
    if (event.kind, event.phase) != ("http", "reply"):
        return ""
    status, error = event.payload.get("status", 0), event.payload.get("error")
    return f"  {printable(error)}" if error else f"  {status}" if status >= 300 else ""


def steps_table(flow: Flow) -> str:
    """The steps by part, at most 80 columns wide."""
    rows = []
    for part in flow.lens.parts:
        rows += ["", part.title]
        for matched in flow.part(part.key):
            step, kind = matched.step, f"{matched.event.kind} {matched.event.phase}"
            what = textwrap.shorten(step.label, WIDTH - 51, placeholder="...")
            rows.append(f"{step.n:>3}  {step.source:<15} {step.target:<15} {kind:<13} {what}".rstrip())
    return "\n".join([f"  #  {'from':<15} {'to':<15} {'kind':<13} what", *rows])


def every_event(flow: Flow) -> str:
    """Every event: a step's number, or the rule that leaves it out."""
    notes = {m.event.n: f"step {m.step.n}" for m in flow.steps} | {e.n: f"({r.name})" for e, r in flow.left_out}
    everything: Sequence[Event] = sorted(
        [m.event for m in flow.steps] + [e for e, _ in flow.left_out], key=lambda e: e.n
    )
    return "\n".join(f"{event}  {notes[event.n]}" for event in everything)


def one(matched: MatchedStep) -> str:
    """A step with its words, its place in the code and its payload."""
    step, event = matched.step, matched.event
    return "\n".join(
        [
            f"Step {step.n}: {step.source} -> {step.target}, {event.kind} {event.phase} {event.what}",
            *textwrap.wrap(step.text.replace("``", ""), WIDTH),
            f"code: {event.code}",
            f"request: {event.request_id}",
            json.dumps(event.payload, indent=2),
        ]
    )
