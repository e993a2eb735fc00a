"""How a check looks at a learner's cloud: through the same client that the learner uses.

Interface: `Look(run)`: `one("network show blue")`, `all("server list")`; `finding(...)`, one thing that is right, or
wrong, or missing, with what was found and the commands that repair it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from oslearn.core.oslo.context import Body
from oslearn.course.labs import Outcome, Runner, twice


class Ambiguous(LookupError):
    """Two things have a name that one should have; the words say what to do."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: `found` is what is there instead, `repair` the commands from that to what is right.

    A command is one of `openstack`.
    """

    right: bool
    words: str
    found: str = ""
    repair: tuple[str, ...] = ()


class Look:
    """Asks the cloud; answers are the client's JSON."""

    def __init__(self, run: Runner, user: str = "demo") -> None:
        self.run, self.user = run, user

    def one(self, command: str) -> Body | None:
        """What `openstack COMMAND -f json` shows; None if there is no such thing. Raises Ambiguous."""
        done = self._ask(command)
        if "More than one" in done.stderr:
            what, _, name = command.partition(" show ")
            raise Ambiguous(twice(what, name, self.run, self.user))
        return dict(read(done)) if done.status == 0 else None

    def all(self, command: str) -> list[Body]:
        """The rows of a list."""
        done = self._ask(command)
        return list(read(done) or []) if done.status == 0 else []

    def _ask(self, command: str) -> Outcome:
        return self.run([*shlex.split(command), "-f", "json"], self.user)


def read(done: Outcome) -> Any:
    """What a command printed as JSON; nothing is an empty object."""
    return json.loads(done.stdout) if done.stdout.strip() else {}


def finding(right: object, words: str, found: object = "", repair: str | Sequence[str] = ()) -> Finding:
    """A finding; anything true is right, and what is right needs no repair."""
    commands = (repair,) if isinstance(repair, str) else tuple(repair)
    return Finding(True, words) if right else Finding(False, words, str(found or ""), commands)
