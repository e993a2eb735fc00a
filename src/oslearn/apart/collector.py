"""Who collects the events of all processes, and puts them in order.

Interface: `Collector(url)`: `trace()`, what has come, with numbers from 1; `forget()`, `close()`.
Invariants: events are in the order of their numbers, so a cause comes before what it caused; only so many are kept.
Upstream: osprofiler's drivers, which keep what the notification bus brings.
"""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

from pika.adapters.blocking_connection import BlockingChannel

from oslearn.apart.link import Link
from oslearn.apart.tracing import EXCHANGE
from oslearn.trace.profiler import Event
from oslearn.trace.views import RunTrace

KEPT = 20_000
"""Events; those of some 40 boots."""


class Collector:
    """Listens to what every process tells. Raises BrokerGoneError."""

    def __init__(self, url: str) -> None:
        self._events: dict[int, Event] = {}
        self._named: dict[int, str] = {}
        self._lock = threading.Lock()
        self._link = Link(url, self._prepare)
        self._link.start()

    def _prepare(self, channel: BlockingChannel) -> None:
        channel.exchange_declare(EXCHANGE, "fanout")
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, EXCHANGE)
        channel.basic_consume(queue, self._came, auto_ack=True)

    def _came(self, channel: object, method: object, properties: object, data: bytes) -> None:
        with self._lock:
            for told in json.loads(data):
                self._take(told)
            for number in sorted(self._events)[: max(0, len(self._events) - KEPT)]:
                self._named.pop(number, None)
                del self._events[number]

    def _take(self, told: dict[str, Any]) -> None:
        if "kind" in told:
            event = Event.of(**told)
            self._events[event.n] = event
        elif told["request_id"]:
            self._named[told["n"]] = told["request_id"]

    def trace(self) -> RunTrace:
        """All of it, in order, numbered anew."""
        with self._lock:
            numbers = {old: new for new, old in enumerate(sorted(self._events), 1)}
            first = min((event.time for event in self._events.values()), default=0.0)
            return RunTrace([
                replace(event, n=new, parent=numbers.get(event.parent or 0), time=round(event.time - first, 6),
                        request_id=self._named.get(old, event.request_id))
                for old, new in numbers.items()
                for event in (self._events[old],)
            ])  # fmt: skip

    def forget(self) -> None:
        """Drop all that has come so far."""
        with self._lock:
            self._events.clear()
            self._named.clear()

    def close(self) -> None:
        """Listen no more."""
        self._link.close()
