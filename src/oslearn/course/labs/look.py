"""How a check looks at a learner's cloud: through the same client that the learner uses.

Interface: `Look(run)`: `one("network show blue")`, `all("server list")`; `Finding`, one thing that is right or missing.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any

from oslearn.core.oslo.context import Body
from oslearn.course.labs import Runner


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    right: bool
    words: str


class Look:
    """Asks the cloud; answers are the client's JSON."""

    def __init__(self, run: Runner, user: str = "demo") -> None:
        self.run, self.user = run, user

    def one(self, command: str) -> Body | None:
        """What `openstack COMMAND -f json` shows; None if there is no such thing."""
        found = self._ask(command)
        return dict(found) if found is not None else None

    def all(self, command: str) -> list[Body]:
        """The rows of a list."""
        return list(self._ask(command) or [])

    def _ask(self, command: str) -> Any:
        done = self.run([*shlex.split(command), "-f", "json"], self.user)
        return json.loads(done.stdout) if done.status == 0 and done.stdout.strip() else None


def finding(right: object, words: str) -> Finding:
    """A finding; anything true is right."""
    return Finding(bool(right), words)
