"""What runs in a cloud, as data and as a table.

Interface: `Process`, and the kinds of it; `text(processes)`.
Invariants: needs no cloud, so a command that asks one behind a port starts fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

API, SERVER, DATABASE, QUEUE = "API", "RPC server", "database", "queue"


@dataclass(frozen=True)
class Process:
    """One thing that runs or could run: its kind, the machine it is on, and how many messages wait for it."""

    name: str
    kind: str
    host: str
    up: bool
    waiting: int = 0

    @property
    def state(self) -> str:
        """In a word, and what waits."""
        waits = f", {self.waiting} message{'s' * (self.waiting > 1)} waiting" if self.waiting else ""
        return ("up" if self.up else "stopped") + waits


def text(processes: Sequence[Process]) -> str:
    """A line for each."""
    rows = [("process", "kind", "on", "state"), *((one.name, one.kind, one.host, one.state) for one in processes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
