"""Probes: what is put around the seams from outside, so that business code never mentions it.

Interface: a `Probe` may wrap the HTTP transport of a process, its RPC client, the bus, a database handle and a
hypervisor driver; `Tracer` is the probe that records. `oslearn.cloud` applies probes once, when it wires.
Invariants: without a probe nothing is wrapped; the tracer changes nothing but two headers that carry the cause.
Upstream: osprofiler's wsgi, requests, sqlalchemy and messaging hooks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NotRequired, TypedDict, TypeVar, Unpack, cast
from urllib.parse import urlsplit
from weakref import WeakMethod
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import requests
from requests.adapters import BaseAdapter
from sqlalchemy import Engine
from sqlalchemy import event as sa_event
from sqlalchemy.engine.interfaces import ExecutionContext

from oslearn.core.oslo import context as oslo_context
from oslearn.core.oslo import messaging
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import Body, RequestContext
from oslearn.core.oslo.db import Handle
from oslearn.trace import payloads
from oslearn.trace.payloads import Content
from oslearn.trace.places import caller, method_place, place
from oslearn.trace.profiler import Event, Trace, current

QUEUE = "queue"
Driver = TypeVar("Driver")


class Known(TypedDict):
    """What a recorder may know better than the moment does: why something happens, for whom, and where in the code."""

    request_id: NotRequired[str | None]
    parent: NotRequired[int | None]
    code: NotRequired[str]


class Probe:
    """Wraps nothing; subclass and override what is of interest."""

    def transport(self, process: str, inner: BaseAdapter) -> BaseAdapter:
        """The HTTP transport of a process."""
        return inner

    def door(self, inner: WSGIApplication) -> WSGIApplication:
        """The WSGI application that clients in other processes reach."""
        return inner

    def bus(self, inner: messaging.Bus) -> messaging.Bus:
        """The message bus."""
        return inner

    def database(self, handle: Handle) -> Handle:
        """A process's database handle."""
        return handle

    def driver(self, process: str, host: str, inner: Driver) -> Driver:
        """A hypervisor driver."""
        return inner


class Tracer(Probe):
    """Records every crossing of a seam in a trace."""

    def __init__(self, trace: Trace, clock: Clock, find: Callable[[str], str]) -> None:
        """`find` names the process that answers a URL."""
        self.trace, self.clock, self.find = trace, clock, find
        self.started = clock.now()
        self.handles: dict[Engine, Handle] = {}
        execute = WeakMethod(self.execute)  # what was compiled is kept, with its dialect: not the cloud as well
        self.listener: Callable[..., object] = lambda *told: (execute() or (lambda *_: None))(*told)

    def record(
        self, kind: str, phase: str, source: str, target: str, what: str, content: Content, **more: Unpack[Known]
    ) -> int:
        """Add an event, caused by the current one unless `parent` says another, and return its number."""
        trace, context = self.trace, oslo_context.current.get()
        request_id = more.get("request_id", context.request_id if context else None)
        parent = more["parent"] if "parent" in more else current.get()
        code = more["code"] if "code" in more else caller()
        seconds = round((self.clock.now() - self.started).total_seconds(), 6)
        n, vault = trace.next(), trace.vault
        event = Event(n, kind, phase, source, target, what, content, request_id, parent, seconds, code, vault)
        return trace.append(event).n

    def transport(self, process: str, inner: BaseAdapter) -> BaseAdapter:
        """Record requests and replies."""
        return TracedTransport(self, process, inner)

    def door(self, inner: WSGIApplication) -> WSGIApplication:
        """Record what clients in other processes ask, and the replies."""
        return TracedDoor(self, inner)

    def bus(self, inner: messaging.Bus) -> messaging.Bus:
        """Record sends, deliveries and replies."""
        return TracedBus(self, inner.clock)

    def database(self, handle: Handle) -> Handle:
        """Record each statement before the database gets it: one that fails is seen, too."""
        self.handles[handle.engine] = handle
        # An engine is a process's, its dialect the database's: SQLAlchemy asks fewer questions about events there.
        for moment in ("do_execute", "do_executemany"):
            sa_event.listen(handle.engine.dialect, moment, self.listener)
        return handle

    def execute(self, cursor: object, sql: str, values: object, execution: ExecutionContext) -> None:
        """Record a statement, if a process sends it."""
        if handle := self.handles.get(execution.root_connection.engine):
            phase, what, line = payloads.described(sql)
            content = payloads.Statement(line, getattr(execution, "compiled_parameters", None))
            self.record("db", phase, handle.process, handle.name, what, content)

    def driver(self, process: str, host: str, inner: Driver) -> Driver:
        """Record each call of the driver."""
        return cast(Driver, TracedDriver(self, process, host, inner))


@contextmanager
def cause(number: int | None) -> Iterator[None]:
    """What happens inside is caused by event `number`."""
    token = current.set(number)
    try:
        yield
    finally:
        current.reset(token)


class TracedTransport(BaseAdapter):
    """A transport that records what it carries."""

    def __init__(self, tracer: Tracer, process: str, inner: BaseAdapter) -> None:
        super().__init__()
        self.tracer, self.process, self.inner = tracer, process, inner

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Record the request, send it, record the reply or the failure."""
        record, url = self.tracer.record, request.url or ""
        what = payloads.operation(request.method or "", urlsplit(url).path)
        target, source = self.tracer.find(url), payloads.WATCHER if payloads.WATCH in request.headers else self.process
        asked = payloads.Asked(request.method or "", url, request.headers, request.body)
        number = record("http", "request", source, target, what, asked)
        try:
            with cause(number):
                response = self.inner.send(request, *args, **options)
        except requests.RequestException as error:
            failed = payloads.Answered(0, {}, None, error=str(error))
            record("http", "reply", target, source, what, failed, parent=number, code="")
            raise
        named = response.headers.get("x-openstack-request-id")
        if self.process == "client":
            self.tracer.trace.name_request(number, named)
        record(
            "http",
            "reply",
            target,
            source,
            what,
            payloads.Answered(response.status_code, response.headers, response.content, url),
            parent=number,
            code=place(getattr(response, "handler", None)),
            request_id=named,
        )
        return response

    def close(self) -> None:
        """Close the inner transport."""
        self.inner.close()


class TracedDoor:
    """A WSGI application that records requests and replies as a client's transport would.

    A body that is no list is a stream: whoever answers reads it, later, and closes it.
    """

    def __init__(self, tracer: Tracer, inner: WSGIApplication) -> None:
        self.tracer, self.inner = tracer, inner

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as WSGI asks, and record both ways."""
        path = environ["PATH_INFO"]
        target, what = self.tracer.find(path), payloads.operation(environ["REQUEST_METHOD"], path)
        source = payloads.WATCHER if payloads.WATCH_KEY in environ else "client"
        number = self.tracer.record("http", "request", source, target, what, payloads.asked(environ), code="")
        started: list[tuple[int, dict[str, str]]] = []

        def start(status: str, headers: list[tuple[str, str]], *failed: Any) -> Callable[[bytes], object]:
            started.append((int(status.split()[0]), dict(headers)))
            return start_response(status, headers, *failed)

        with cause(number):
            body = self.inner(environ, start)
        if isinstance(body, list | tuple):
            body = [b"".join(body)]
        status, headers = started[-1]
        named = headers.get("x-openstack-request-id")
        self.tracer.trace.name_request(number, named)
        whole = body[0] if isinstance(body, list) else body
        reply = payloads.Answered(status, headers, whole, path)
        self.tracer.record("http", "reply", target, source, what, reply, parent=number, code="", request_id=named)
        return body


class TracedBus(messaging.Bus):
    """A bus that records what passes through it; a message carries the number of the event that sent it."""

    def __init__(self, tracer: Tracer, clock: Clock) -> None:
        super().__init__(clock)
        self.tracer = tracer
        self._replied: dict[int, int] = {}

    def client(self, process: str) -> messaging.RPCClient:
        """A client stub that records."""
        return TracedRPCClient(self, process)

    def dispatch(self, listener: messaging.Listener, message: messaging.Message, body: Body) -> None:
        """Record the delivery; what the method does is caused by it."""
        content = payloads.RPCMessage("", topic=str(message.target), redelivered=message.failures > 0)
        number = self.tracer.record(
            "rpc",
            "deliver",
            QUEUE,
            listener.process,
            message.method,
            content,
            parent=body.get("cause"),
            request_id=body["context"]["request_id"],
            code=method_place(listener, message.method),
        )
        with cause(number):
            super().dispatch(listener, message, body)

    def reply(self, listener: messaging.Listener, message: messaging.Message, outcome: Body) -> None:
        """Record the reply."""
        super().reply(listener, message, outcome)
        content, code = payloads.RPCMessage(message.reply or "{}"), method_place(listener, message.method)
        number = self.tracer.record("rpc", "reply", listener.process, QUEUE, message.method, content, code=code)
        self._replied[message.id] = number

    def replied(self, message: messaging.Message) -> int | None:
        """The number of the event that was the message's reply."""
        return self._replied.pop(message.id, None)


class TracedRPCClient(messaging.RPCClient):
    """A stub that records what it sends and what it receives."""

    bus: TracedBus

    def call(self, context: RequestContext, target: messaging.Target, method: str, **args: Any) -> Any:
        """Record the call and the receipt of its reply."""
        number = self._record("call", context, target, method, args)
        message = self.bus.send(target, messaging.envelope(context, method, args) | {"cause": number}, wait=True)
        reply = self.bus.wait(message)
        where = Known(parent=self.bus.replied(message), request_id=context.request_id)
        self.bus.tracer.record("rpc", "receive", QUEUE, self.process, method, payloads.RPCMessage(reply), **where)
        return messaging.result(json.loads(reply))

    def cast(self, context: RequestContext, target: messaging.Target, method: str, **args: object) -> None:
        """Record the cast."""
        number = self._record("cast", context, target, method, args)
        self.bus.send(target, messaging.envelope(context, method, args) | {"cause": number}, wait=False)

    def fanout(self, context: RequestContext, topic: str, method: str, **args: object) -> None:
        """Record the one cast that all servers of the topic receive."""
        number = self._record("cast", context, messaging.Target(topic), method, args)
        for target in self.bus.targets(topic):
            self.bus.send(target, messaging.envelope(context, method, args) | {"cause": number}, wait=False)

    def _record(self, phase: str, context: RequestContext, target: messaging.Target, method: str, args: object) -> int:
        content = payloads.RPCMessage(json.dumps({"args": args}), topic=str(target), method=method)
        return self.bus.tracer.record("rpc", phase, self.process, QUEUE, method, content, request_id=context.request_id)


class TracedDriver:
    """A hypervisor driver that records its calls."""

    def __init__(self, tracer: Tracer, process: str, host: str, inner: object) -> None:
        self._tracer, self._process, self._host, self._inner = tracer, process, host, inner

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = getattr(self._inner, name)

        def call(*args: object, **options: object) -> object:
            content = payloads.DriverCall(self._host, args, options)
            self._tracer.record("virt", "call", self._process, "hypervisor", name, content)
            return method(*args, **options)

        return call
