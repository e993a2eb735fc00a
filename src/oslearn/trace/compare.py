"""The 28 steps as run here, Grizzly's own code, and a boot today, side by side.

Interface: `compare(classic, current)` → rows of a topic, then, Grizzly and now; `address(place)`, where a line of
Grizzly's can be read; `table(rows)` for a terminal. The words stand in `compare.toml`, each with what proves it.
Invariants: a row whose event did not happen, or whose `never` did, is an error: the two runs cannot be told wrong.
Upstream: Nova's tag 2013.1.
"""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from oslearn.trace.lens import Flow, LensMismatch
from oslearn.trace.profiler import Event, Trace

WIDTH = 80
GRIZZLY = "https://github.com/openstack/nova/blob/2013.1/nova"


@dataclass(frozen=True)
class Row:
    """One difference: the words of each side, the first event of each run that shows it, `places` in Grizzly's code.

    `since` is the release that brought what is now, where one did.
    """

    topic: str
    then: str
    grizzly: str
    now: str
    classic: Event
    current: Event
    places: tuple[str, ...]
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
        topic, then, grizzly, now = (str(row[side]) for side in ("topic", "then", "grizzly", "now"))
        rows.append(Row(topic, then, grizzly, now, found[0], found[1], tuple(row["places"]), row.get("since", "")))
    return rows


def address(place: str) -> str:
    """The page of `compute/api.py:613` in Grizzly's code.

    >>> address("compute/api.py:613")
    'https://github.com/openstack/nova/blob/2013.1/nova/compute/api.py#L613'
    """
    path, _, line = place.partition(":")
    return f"{GRIZZLY}/{path}#L{line}"


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
    lines = []
    for row in rows:
        since = f" (since {row.since})" if row.since else ""
        grizzly = f"{row.grizzly} ({', '.join(row.places)})"
        lines += ["", row.topic]
        for side, words in (("28 steps", row.then), ("Grizzly", grizzly), ("today", row.now + since)):
            lines += textwrap.wrap(
                words, WIDTH, initial_indent=f"  {side:<10}", subsequent_indent=12 * " ", break_on_hyphens=False
            )
    return "\n".join(lines[1:])
