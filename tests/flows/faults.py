"""Makes one crossing of a seam fail, once: a probe like the tracer, put around the seams from outside.

Modes: `error`, the other side answers with an error; `timeout`, no answer comes; `exception`, code breaks where it
handles the crossing. What already happened before the crossing stays: a reply that is lost was work done.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from sqlalchemy import event
from sqlalchemy.exc import OperationalError, TimeoutError

from oslearn.core.nova.virt.fake import libvirtError
from oslearn.core.oslo import exception, messaging
from oslearn.core.oslo.db import Handle
from oslearn.trace.lens import Step
from oslearn.trace.payloads import described, operation
from oslearn.trace.probe import QUEUE, Probe

MODES = ("error", "timeout", "exception")


class Fault(Probe):
    """Once armed, fails the `skip`-th crossing that fits a step's pattern."""

    def __init__(self) -> None:
        self.pattern: dict[str, str] = {}
        self.mode, self.skip, self.fired = "error", 0, True
        self.broken_database: str | None = None

    def arm(self, step: Step, mode: str, skip: int = 0) -> None:
        """Fail this step next."""
        self.pattern, self.mode, self.skip, self.fired, self.broken_database = step.pattern, mode, skip, False, None

    def hits(self, kind: str, phase: str, source: str, target: str, what: str, payload: Any = "") -> bool:
        """Whether this crossing is the one; it is so once."""
        if self.fired:
            return False
        seen = {"kind": kind, "phase": phase, "source": source, "target": target, "operation": what}
        if any(seen[k] != v if k in seen else not fnmatchcase(str(payload), v) for k, v in self.pattern.items()):
            return False
        self.skip -= 1
        self.fired = self.skip < 0
        return self.fired

    def transport(self, process: str, inner: BaseAdapter) -> BaseAdapter:
        return FaultyTransport(self, process, inner)

    def bus(self, inner: messaging.Bus) -> messaging.Bus:
        return FaultyBus(self, inner)

    def database(self, handle: Handle) -> Handle:
        def before(connection: Any, cursor: Any, sql: str, values: Any, execution: Any, many: bool) -> None:
            phase, what, _ = described(sql)
            if self.broken_database == handle.process:
                self.broken_database = None
                raise RuntimeError("the handler broke")
            if self.hits("db", phase, handle.process, handle.name, what):
                raise {
                    "error": OperationalError(sql, values, Exception("database is locked")),
                    "timeout": TimeoutError("QueuePool limit reached, connection timed out"),
                    "exception": RuntimeError("the handler broke"),
                }[self.mode]

        event.listen(handle.engine, "before_cursor_execute", before)
        return handle

    def driver(self, process: str, host: str, inner: Any) -> Any:
        return FaultyConnection(self, process, inner)


class FaultyTransport(BaseAdapter):
    """Fails a request before it is sent, or its reply after it was made."""

    def __init__(self, fault: Fault, process: str, inner: Any) -> None:
        super().__init__()
        self.fault, self.process, self.inner = fault, process, inner

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        url = request.url or ""
        what = operation(request.method or "", urlsplit(url).path)
        router = getattr(self.inner, "router", None) or self.inner.inner.router
        target, fault = router.process(url), self.fault
        if fault.hits("http", "request", self.process, target, what):
            if fault.mode == "timeout":
                raise requests.ConnectTimeout("timed out")
            if fault.mode == "error":
                return refused(request)
            if target == "keystone":  # it may answer from memory, so its worker dies instead of its database
                raise requests.ConnectionError("Connection aborted: Remote end closed connection without response")
            fault.broken_database = target
        response: requests.Response = self.inner.send(request, *args, **options)
        if fault.hits("http", "reply", target, self.process, what):
            if fault.mode == "timeout":
                raise requests.ReadTimeout("timed out")
            if fault.mode == "error":
                return refused(request)
            raise requests.ConnectionError("Connection aborted: Remote end closed connection without response")
        return response

    def close(self) -> None:
        pass


def refused(request: requests.PreparedRequest) -> requests.Response:
    """503."""
    response = requests.Response()
    response.status_code, response.reason, response.request = 503, "Unavailable", request
    response.url = request.url or ""
    response._content = b"{}"
    return response


class MessageDeliveryFailure(exception.OpenStackError):
    """The bus did not take a message. Upstream: oslo.messaging's exception of this name."""

    message = "Unable to connect to AMQP server"


class FaultyBus(messaging.Bus):
    """Fails what passes through it."""

    def __init__(self, fault: Fault, inner: messaging.Bus) -> None:
        super().__init__(inner.clock)
        self.fault = fault

    def client(self, process: str) -> messaging.RPCClient:
        return FaultyClient(self, process)

    def dispatch(self, listener: messaging.Listener, message: messaging.Message, body: Any) -> None:
        method = message.method
        if not self.fault.hits("rpc", "deliver", QUEUE, listener.process, method):
            return super().dispatch(listener, message, body)
        if self.fault.mode == "timeout":
            if message.wait:
                return None  # the message is lost: no reply will come
            raise exception.MessagingTimeout(msg_id=message.id)
        broken = {"error": exception.ServiceUnavailable(), "exception": RuntimeError("the handler broke")}

        def fail(*args: Any, **options: Any) -> None:
            raise broken[self.fault.mode]

        broken_one = messaging.Listener(listener.process, [SimpleNamespace(**{method: fail})])
        return super().dispatch(broken_one, message, body)

    def reply(self, listener: messaging.Listener, message: messaging.Message, outcome: dict[str, Any]) -> None:
        method = json.loads(message.body)["method"]
        if self.fault.hits("rpc", "reply", listener.process, QUEUE, method):
            if self.fault.mode == "timeout":
                return
            if self.fault.mode == "exception":
                raise RuntimeError("the handler broke")
            outcome = {"failure": exception.serialize(exception.ServiceUnavailable())}
        super().reply(listener, message, outcome)


class FaultyClient(messaging.RPCClient):
    """Fails a send, or the receipt of a reply."""

    bus: FaultyBus

    def call(self, context: Any, target: messaging.Target, method: str, **args: Any) -> Any:
        self._maybe("call", self.process, QUEUE, method, args)
        value = super().call(context, target, method, **args)
        self._maybe("receive", QUEUE, self.process, method, args)
        return value

    def cast(self, context: Any, target: messaging.Target, method: str, **args: Any) -> None:
        self._maybe("cast", self.process, QUEUE, method, args)
        super().cast(context, target, method, **args)

    def fanout(self, context: Any, topic: str, method: str, **args: Any) -> None:
        self._maybe("cast", self.process, QUEUE, method, args)
        super().fanout(context, topic, method, **args)

    def _maybe(self, phase: str, source: str, target: str, method: str, args: dict[str, Any]) -> None:
        fault = self.bus.fault
        if fault.hits("rpc", phase, source, target, method, {"args": args}):
            raise {
                "error": MessageDeliveryFailure(),
                "timeout": exception.MessagingTimeout(msg_id=0),
                "exception": RuntimeError("the handler broke"),
            }[fault.mode]


class FaultyConnection:
    """Fails the hypervisor; `exception` breaks after the domain was made."""

    def __init__(self, fault: Fault, process: str, inner: Any) -> None:
        self.fault, self.process, self.inner = fault, process, inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def createXML(self, xml: str, flags: int = 0) -> str:
        if not self.fault.hits("virt", "call", self.process, "hypervisor", "createXML"):
            return str(self.inner.createXML(xml, flags))
        if self.fault.mode == "exception":
            self.inner.createXML(xml, flags)
            raise RuntimeError("the handler broke")
        raise libvirtError(
            {"error": "internal error: qemu exited", "timeout": "Timed out during operation"}[self.fault.mode]
        )
