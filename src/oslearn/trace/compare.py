"""A boot in 2013 and a boot today, side by side.

Interface: `compare(classic, current)` → rows of a topic, then and now; `table(rows)` for a terminal. The words stand in
`compare.toml`, each with the event that proves it.
Invariants: a row whose event did not happen, or whose `never` did, is an error: the table cannot be wrong.
"""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from oslearn.trace.lens import Flow, LensMismatch
from oslearn.trace.profiler import Event, Trace

COLUMN = 28


@dataclass(frozen=True)
class Row:
    """One difference, the first event of each run that shows it, and the release that brought it, where one did."""

    topic: str
    then: str
    now: str
    classic: Event
    current: Event
    since: str = ""


def compare(classic: Flow, current: Flow) -> list[Row]:
    """What changed since 2013. Raises LensMismatch for a row that the runs do not show."""
    data = tomllib.loads((Path(__file__).parent / "compare.toml").read_text("utf-8"))
    before, after = whole(classic), whole(current)
    rows = []
    for row in data["row"]:
        if unwanted := after.filter(**row["never"]) if "never" in row else ():
            raise LensMismatch(f"{row['topic']}: this should not happen any more: {unwanted[0]}")
        found = [first(before, row["topic"], row["classic"]), first(after, row["topic"], row["current"])]
        rows.append(Row(row["topic"], row["then"], row["now"], found[0], found[1], since=row.get("since", "")))
    return rows


def whole(flow: Flow) -> Trace:
    """Every event of a run, steps or not, in order."""
    events = [matched.event for matched in flow.steps] + [event for event, _ in flow.left_out]
    return Trace(sorted(events, key=lambda event: event.n))


def first(trace: Trace, topic: str, pattern: dict[str, str]) -> Event:
    """The first event that fits. Raises LensMismatch."""
    for event in trace:
        if event.matches(**pattern):
            return event
    raise LensMismatch(f"{topic}: nothing fits {pattern}")


def table(rows: Iterable[Row]) -> str:
    """The rows at most 80 columns wide."""
    lines = [f"{'':<20}{'2013':<{COLUMN + 2}}today"]
    for row in rows:
        cells = [textwrap.wrap(text, width) for text, width in ((row.topic, 18), (row.then, COLUMN), (row.now, COLUMN))]
        lines.append("")
        for n in range(max(map(len, cells))):
            topic, then, now = (cell[n] if n < len(cell) else "" for cell in cells)
            lines.append(f"{topic:<20}{then:<{COLUMN + 2}}{now}".rstrip())
    return "\n".join(lines)
