"""The secrets that went by, to be found where no name gives them away: in an error's text, for example.

Interface: `Vault.note(data)` keeps the secrets in what crossed a seam; `Vault.hide(value)` takes them out of anything.
Invariants: what a name gave away once is hidden everywhere else; the vault keeps so many and no more; what was noted is
looked into when somebody reads, or before it goes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from oslearn.trace.masking import DEEPEST, HINTS, MASK, WORDS, secret

LEAST, MOST = 8, 2000
"""Characters of a value that is looked for elsewhere, as a shorter one stands everywhere by chance; and how many."""
NAME_HINTS = (*(hint for hint in HINTS if hint != "rivate"), "rivate-key", "rivate key", "rivate.key")
"""What a secret's name has: a network that is called private is none."""
RAW_HINTS = tuple(hint.encode() for hint in NAME_HINTS)
SENT_HINTS = tuple('user_data": "' if hint == "user_data" else hint for hint in NAME_HINTS)
"""The same for messages between Nova's processes: every instance has user data, but for most it is null."""


class Vault:
    """The secrets that went by: what one name gave away is hidden everywhere else, in an error's text for example."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None
        self._noted: list[object] = []

    def note(self, data: object) -> None:
        """Data, or JSON, in which secrets may stand: most of it nobody ever reads."""
        if data and not (self._noted and data is self._noted[-1]):  # a reply is sent and received
            self._noted.append(data)

    def look(self) -> None:
        """Learn from all that was noted."""
        noted, self._noted = self._noted, []
        for data in noted:
            self.learn(data)

    def learn(self, data: object) -> None:
        """Keep the secrets in data, or in JSON."""
        if isinstance(data, bytes) and not any(hint in data for hint in RAW_HINTS):
            return
        if isinstance(data, str) and not any(hint in data for hint in SENT_HINTS):
            return
        if isinstance(data, str | bytes):
            try:
                data = json.loads(data)
            except (ValueError, RecursionError):
                return
        for value in secrets_in(data):
            if value not in self._known:
                self._known[value], self._pattern = None, None
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]

    def hide(self, value: Any) -> Any:
        """A copy of data in which none of them stands."""
        if self._noted:
            self.look()
        if isinstance(value, dict):
            return {k: self.hide(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.hide(v) for v in value]
        if not isinstance(value, str) or len(value) < LEAST or not self._known:
            return value
        if self._pattern is None:
            longest = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest)))
        return self._pattern.sub(MASK, value)


def secrets_in(data: object, named: bool = False, depth: int = DEEPEST) -> Iterator[str]:
    """The values that stand behind secrets' names."""
    if not depth:
        return
    if isinstance(data, dict):
        for key, value in data.items():
            yield from secrets_in(value, secret(str(key)), depth - 1)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from secrets_in(value, named, depth - 1)
    elif named and isinstance(data, str) and len(data) >= LEAST and data.lower() not in WORDS:
        yield data
