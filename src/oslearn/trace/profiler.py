"""The tracer: what crosses a seam becomes an event, with who caused it.

Interface: `Event`, one thing that happened; `Trace`, the ordered events of a cloud, which can be filtered,
printed and cleared. The wrappers that put events into a trace stand in `oslearn.trace.probe`.
Invariants: events are numbered from 1 without gaps, also where the oldest are gone; a parent has a smaller number
than its child; no payload that is read holds a password, a token or a secret; a trace takes no more than its share of
memory.
Upstream: osprofiler (https://docs.openstack.org/osprofiler/latest/). Left out: collectors, notifiers, HMAC keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import NotRequired, Self, TypedDict, Unpack, overload

from oslearn.trace.payloads import Content, Payload, Shown
from oslearn.trace.vault import Vault

FIELDS = ("n", "kind", "phase", "source", "target", "operation", "payload", "request_id", "parent", "time", "code")
"""What an event tells, in this order."""
current: ContextVar[int | None] = ContextVar("current", default=None)
"""The number of the event that causes what happens now; it travels in RPC contexts and HTTP headers."""


class Told(TypedDict):
    """What is told of an event besides its number and what crossed."""

    kind: str
    phase: str
    source: str
    target: str
    operation: str
    request_id: NotRequired[str | None]
    parent: NotRequired[int | None]
    time: NotRequired[float]
    code: NotRequired[str]


@dataclass(frozen=True, slots=True, repr=False)
class Event:
    """One crossing of a seam.

    `kind` and `phase` are one of: http request, reply; rpc call, cast, deliver, reply, receive; db read, insert,
    update, delete; virt call. `source` and `target` name processes. `time` is the cloud's clock in seconds
    since the trace began. `code` is the place that caused the event, as `module/path.py:line`. What crossed is kept as
    it crossed; `payload` is made of it, without secrets, when it is read.
    """

    n: int
    kind: str
    phase: str
    source: str
    target: str
    operation: str
    content: Content
    request_id: str | None = None
    parent: int | None = None
    time: float = 0.0
    code: str = ""
    vault: Vault = field(default_factory=Vault, compare=False)

    @property
    def payload(self) -> Payload:
        """What crossed, as data, without secrets."""
        return dict(self.vault.hide(self.content.payload))

    @property
    def what(self) -> str:
        """The operation as it is shown: a path may hold what another event gave away as a secret."""
        return str(self.vault.hide(self.operation))

    def fields(self) -> Payload:
        """Everything it tells."""
        return {name: getattr(self, name) for name in FIELDS} | {"operation": self.what}

    @classmethod
    def of(cls, n: int, payload: Payload, **fields: Unpack[Told]) -> Event:
        """An event from its fields, as another process wrote them down."""
        return cls(n=n, content=Shown(payload), **fields)

    def __str__(self) -> str:
        """One line: number, who to whom, what."""
        what = printable(self.what)
        return f"{self.n:>4}  {self.kind:<4} {self.phase:<7} {self.source} -> {self.target}  {what}"

    def __repr__(self) -> str:
        """As a line: nothing is shown here that the line hides."""
        return f"<Event {self}>"

    def matches(self, **pattern: str) -> bool:
        """Whether each named field, as it is shown, fits its pattern (shell wildcards; `|` separates alternatives)."""
        shown = {name: str(self.what if name == "operation" else getattr(self, name)) for name in pattern}
        return all(any(fnmatchcase(shown[name], p) for p in want.split("|")) for name, want in pattern.items())


class Trace(Sequence[Event]):
    """The events of a cloud, oldest first."""

    def __init__(self, events: Sequence[Event] = (), limit: int | None = None, limit_bytes: int | None = None) -> None:
        """With a `limit` of events or of bytes, the oldest go when there are more."""
        self.events: list[Event] = list(events)
        self.limit, self.limit_bytes = limit, limit_bytes
        self.dropped = self.size = 0
        self.vault = Vault()
        self.paused = False
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

    def add(self, content: Content, **fields: Unpack[Told]) -> Event:
        """Append the next event and tell the observers; a paused trace does neither, and the event has number 0."""
        return self.append(Event(n=self.next(), content=content, vault=self.vault, **fields))

    def next(self) -> int:
        """The number of the next event; 0 while the trace is paused."""
        return 0 if self.paused else self.dropped + len(self.events) + 1

    def append(self, event: Event) -> Event:
        """Keep the `next` event, which was made with this trace's vault."""
        if self.paused:
            return event
        self.events.append(event)
        self.size += event.content.size
        self.vault.note(event.content.secrets)
        if self.limit and len(self.events) > self.limit:
            self._drop(self.limit // 10 + 1)
        while self.limit_bytes and self.size > self.limit_bytes:
            self._drop(len(self.events) // 10 + 1)
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
        self.vault.look()
        self.size -= sum(event.content.size for event in self.events[:count])
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
        return [(e.n, e.kind, e.phase, e.source, e.target, e.what) for e in self.events]


def printable(text: str) -> str:
    """Text that cannot move a terminal's cursor or begin a line of its own.

    >>> print(printable("GET /a\\x1b]0;title\\x07\\nfaked"))
    GET /a\\x1b]0;title\\x07\\nfaked
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
