"""The trace across processes: each numbers its events by a hybrid clock and sends them to who collects them.

Interface: `PartTrace(slot)` is a process's trace, `connect(link)` sends what comes into it; `PartTracer`,
`TracedAmqpBus` put it around the seams; `signed(number, key)` and `read(headers, key)` are the headers that carry the
cause.
Invariants: a number is greater than that of its cause, wherever that was (Lamport), and no two processes give the same
one; what has no common cause is in the order of the nodes' clocks, which are some milliseconds apart at most;
secrets are masked before an event leaves its process; events may get lost, a boot waits for none.
Upstream: osprofiler's headers (osprofiler/web.py: `X-Trace-Info`, `X-Trace-HMAC`) and its messaging driver.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from pika import BasicProperties
from pika.adapters.blocking_connection import BlockingChannel

from oslearn.apart.amqp import AmqpBus
from oslearn.apart.link import Link
from oslearn.apart.message import Sent
from oslearn.core.oslo import messaging
from oslearn.core.oslo.clock import EPOCH, Clock
from oslearn.core.oslo.context import Body
from oslearn.trace import payloads
from oslearn.trace.places import method_place
from oslearn.trace.probe import QUEUE, TracedBus, TracedDoor, TracedRPCClient, Tracer, cause
from oslearn.trace.profiler import Event
from oslearn.trace.views import RunTrace

LOG = logging.getLogger(__name__)
SLOTS = 1024
"""So many processes may number events."""
EXCHANGE = "trace"
WAITING = 20_000
"""Events that wait to be sent; then the oldest get lost."""
PAUSE = 0.1
"""Seconds between two messages with what has happened."""
_paused: ContextVar[bool] = ContextVar("paused", default=False)
INFO, HMAC = "X-Trace-Info", "X-Trace-HMAC"


class PartTrace(RunTrace):
    """A process's trace keeps nothing: what comes is sent. `slot` is this process's, and no other's."""

    def __init__(self, slot: int) -> None:
        super().__init__()
        self.slot, self._time, self._lock = slot, 0, threading.Lock()
        self._waiting: deque[Event | Body] = deque(maxlen=WAITING)

    @property
    def paused(self) -> bool:
        """Whether this thread looks at itself: others go on recording."""
        return _paused.get()

    @paused.setter
    def paused(self, value: bool) -> None:
        _paused.set(value)

    def next(self) -> int:
        """The number of the next event."""
        if self.paused:
            return 0
        with self._lock:
            self._time = max(self._time + 1, time.time_ns() // 1000)
            return self._time * SLOTS + self.slot

    def heard(self, number: int | None) -> None:
        """Another process's event was before whatever comes now."""
        with self._lock:
            self._time = max(self._time, (number or 0) // SLOTS)

    def append(self, event: Event) -> Event:
        """Have it sent."""
        if not self.paused:
            self.vault.note(event.content.secrets)
            self._waiting.append(event)
        return event

    def name_request(self, n: int, request_id: str | None) -> None:
        """Have it said of an event that was sent, or will be."""
        self._waiting.append({"n": n, "request_id": request_id})

    def connect(self, link: Link) -> None:
        """Send from now on."""
        threading.Thread(target=self._send, args=(link,), name="trace", daemon=True).start()

    def _send(self, link: Link) -> None:
        pause = threading.Event()
        while not pause.wait(PAUSE):
            try:
                self._send_all(link)
            except Exception:
                LOG.exception("Some events are lost")

    def _send_all(self, link: Link) -> None:
        told = [self._waiting.popleft() for _ in range(len(self._waiting))]
        self.vault.look()  # after that: what came meanwhile has its secrets noted, and is sent the next time
        data = json.dumps([one.fields() if isinstance(one, Event) else one for one in told]).encode()
        if told:
            link.soon(lambda channel: publish(channel, data))


def publish(channel: BlockingChannel, data: bytes) -> None:
    """To whoever collects; if nobody does, it is gone."""
    channel.exchange_declare(EXCHANGE, "fanout")
    channel.basic_publish(EXCHANGE, "", data, BasicProperties(content_type="application/json", delivery_mode=1))


class PartTracer(Tracer):
    """Records in a process's trace; the bus that it is put around records by itself."""

    trace: PartTrace

    def __init__(self, trace: PartTrace, clock: Clock, find: Callable[[str], str], key: str) -> None:
        """`key` signs the headers that carry the cause."""
        super().__init__(trace, clock, find)
        self.started, self.key = EPOCH, key  # the same for all processes

    def bus(self, inner: messaging.Bus) -> messaging.Bus:
        """As it is: a `TracedAmqpBus`."""
        return inner

    def door(self, inner: WSGIApplication) -> WSGIApplication:
        """What a client asks is recorded here, what another process asks by that one."""
        return PartDoor(self, inner)


class PartDoor:
    """A WSGI application that knows the cause of what another process asks, and tells it how far its numbers are."""

    def __init__(self, tracer: PartTracer, inner: WSGIApplication) -> None:
        self.tracer, self.inner, self.client = tracer, inner, TracedDoor(tracer, inner)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as WSGI asks."""
        key, trace = self.tracer.key, self.tracer.trace
        number = read({INFO: environ.get("HTTP_X_TRACE_INFO", ""), HMAC: environ.get("HTTP_X_TRACE_HMAC", "")}, key)
        if number is None:
            return self.client(environ, start_response)
        trace.heard(number)

        def start(status: str, headers: list[tuple[str, str]], *failed: Any) -> Callable[[bytes], object]:
            return start_response(status, [*headers, *signed(trace.next(), key).items()], *failed)

        with cause(number):
            return self.inner(environ, start)


class TracedAmqpBus(AmqpBus):
    """A bus that records what passes through it; a message carries the number of the event that sent it."""

    def __init__(
        self, tracer: PartTracer, url: str, clock: Clock, exchange: str, server: str, queues: Sequence[str] = ()
    ) -> None:
        self.tracer = tracer
        super().__init__(url, clock, exchange, server, queues)

    def client(self, process: str) -> messaging.RPCClient:
        """A client stub that records."""
        return TracedRPCClient(cast(TracedBus, self), process)  # it asks for what this has, too

    def dispatch(self, listener: messaging.Listener, message: messaging.Message, body: Body) -> None:
        """Record the delivery; what the method does is caused by it."""
        self.tracer.trace.heard(body.get("cause"))
        content = payloads.RPCMessage("", topic=str(message.target), redelivered=message.failures > 0)
        number = self.tracer.record(
            "rpc", "deliver", QUEUE, listener.process, message.method, content, parent=body.get("cause"),
            request_id=body["context"]["request_id"], code=method_place(listener, message.method),
        )  # fmt: skip
        with cause(number):
            super().dispatch(listener, message, body)

    def reply(self, listener: messaging.Listener, message: messaging.Message, outcome: Body) -> None:
        """Record the reply."""
        content, code = payloads.RPCMessage(json.dumps(outcome)), method_place(listener, message.method)
        number = self.tracer.record("rpc", "reply", listener.process, QUEUE, message.method, content, code=code)
        super().reply(listener, message, outcome | {"cause": number})

    def replied(self, message: Sent) -> int | None:
        """The number of the event that was the message's reply."""
        self.tracer.trace.heard(message.cause)
        return message.cause


def signed(number: int, key: str) -> dict[str, str]:
    """The headers that say that an event caused what is asked.

    >>> read(signed(2049, "secret"), "secret"), read(signed(2049, "secret"), "another")
    (2049, None)
    """
    info = base64.urlsafe_b64encode(json.dumps({"parent_id": number}).encode()).decode()
    return {INFO: info, HMAC: hmac.new(key.encode(), info.encode(), hashlib.sha256).hexdigest()}


def read(headers: Mapping[str, str], key: str) -> int | None:
    """The number in the headers; None if there is none, or somebody else has signed it."""
    info, given = headers.get(INFO, ""), headers.get(HMAC, "")
    wanted = hmac.new(key.encode(), info.encode("latin-1"), hashlib.sha256).hexdigest()
    if not info or not hmac.compare_digest(wanted.encode(), given.encode("latin-1")):
        return None
    return int(json.loads(base64.urlsafe_b64decode(info))["parent_id"])
