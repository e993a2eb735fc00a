"""The tracer: what crosses a seam becomes an event, with who caused it.

Interface: `Event`, one thing that happened; `Trace`, the ordered events of a cloud, which can be filtered,
printed and cleared. The wrappers that put events into a trace stand in `oslearn.oslo.probe`.
Invariants: events are numbered from 1 without gaps, also where the oldest are gone; a parent has a smaller number
than its child; no payload holds a password, a token or a secret.
Upstream: osprofiler (https://docs.openstack.org/osprofiler/latest/). Left out: collectors, notifiers, HMAC keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Self, overload

MASK = "***"
SECRETS = {"admin_pass", "adminpass", "admin_password", "adminpassword", "password", "password_hash",
           "original_password", "original_password_hash", "secret", "private_key", "auth_token", "signing_key",
           "x-auth-token", "x-subject-token", "x-service-token"}  # fmt: skip
"""Names, in lower case, of what no trace shows."""
NESTED = (dict, list, tuple)
current: ContextVar[int | None] = ContextVar("current", default=None)
"""The number of the event that causes what happens now; it travels in RPC contexts and HTTP headers."""


@dataclass(frozen=True, slots=True)
class Event:
    """One crossing of a seam.

    `kind` and `phase` are one of: http request, reply; rpc call, cast, deliver, reply, receive; db read, insert,
    update, delete; virt call. `source` and `target` name processes. `time` is the cloud's clock in seconds
    since the trace began. `code` is the place that caused the event, as `module/path.py:line`.
    """

    n: int
    kind: str
    phase: str
    source: str
    target: str
    operation: str
    payload: dict[str, Any] = field(repr=False)
    request_id: str | None = None
    parent: int | None = None
    time: float = 0.0
    code: str = ""

    def __str__(self) -> str:
        """One line: number, who to whom, what."""
        return f"{self.n:>4}  {self.kind:<4} {self.phase:<7} {self.source} -> {self.target}  {self.operation}"

    def matches(self, **pattern: str) -> bool:
        """Whether each named field fits its pattern (shell wildcards; `|` separates alternatives)."""
        return all(
            any(fnmatchcase(str(getattr(self, name)), p) for p in want.split("|")) for name, want in pattern.items()
        )


class Trace(Sequence[Event]):
    """The events of a cloud, oldest first."""

    def __init__(self, events: Sequence[Event] = (), limit: int | None = None) -> None:
        """With a `limit`, the oldest events go when there are more."""
        self.events: list[Event] = list(events)
        self.limit = limit
        self.dropped = 0
        self.observers: list[Callable[[Event], None]] = []
        self._by_number: dict[int | None, Event] = {}

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Event | Self:
        return type(self)(self.events[index]) if isinstance(index, slice) else self.events[index]

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __str__(self) -> str:
        return "\n".join(map(str, self.events))

    def add(self, **fields: Any) -> Event:
        """Append the next event and tell the observers."""
        event = Event(n=self.dropped + len(self.events) + 1, **fields)
        self.events.append(event)
        if self.limit and len(self.events) > self.limit:
            self._drop(self.limit // 10 + 1)
        for observer in self.observers:
            observer(event)
        return event

    def name_request(self, n: int, request_id: str | None) -> None:
        """Give event `n`, a client's request, the id that the service gave it."""
        place = n - 1 - self.dropped
        if place >= 0:
            self.events[place] = replace(self.events[place], request_id=request_id)
            self._by_number = {}

    def clear(self) -> None:
        """Forget all events; the next one has number 1."""
        self._drop(len(self.events))
        self.dropped = 0

    def _drop(self, count: int) -> None:
        del self.events[:count]
        self.dropped += count
        self._by_number = {}

    def filter(self, **pattern: str) -> Self:
        """The events whose fields fit, e.g. `trace.filter(kind="http", target="keystone|glance-api")`."""
        return type(self)([event for event in self.events if event.matches(**pattern)])

    def ancestors(self, event: Event) -> Iterator[Event]:
        """The event's cause, that one's cause, and so on to the client's request, as far as they are in this trace."""
        found = self._numbers()
        while event.parent in found:
            event = found[event.parent]
            yield event

    def _numbers(self) -> dict[int | None, Event]:
        if len(self._by_number) != len(self.events):
            self._by_number = {event.n: event for event in self.events}
        return self._by_number

    def rows(self) -> list[tuple[int, str, str, str, str, str]]:
        """The events as rows: number, kind, phase, source, target, operation."""
        return [(e.n, e.kind, e.phase, e.source, e.target, e.operation) for e in self.events]


def redact(value: Any) -> Any:
    """A copy of `value` in which each secret is `***`, as oslo.utils' `mask_password` writes it."""
    if isinstance(value, dict):
        copied = {k: redact(v) if isinstance(v, NESTED) else v for k, v in value.items()}
        if not SECRETS.isdisjoint(map(str.lower, map(str, value))):
            known = [k for k in value if str(k).lower() in SECRETS]
            copied |= {k: MASK for k in known if value[k] is not None and not isinstance(value[k], dict)}
        return copied
    if isinstance(value, NESTED):
        return [redact(v) if isinstance(v, NESTED) else v for v in value]
    return value
