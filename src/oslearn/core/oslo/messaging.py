"""Messages between processes: `call` waits for a reply, `cast` does not; servers listen on topics.

Interface: `Target`; `RPCClient.call`, `RPCClient.cast`, `RPCClient.fanout`; on the other side `Listener` and the
`RPCContext` that a method is given. What carries them is `oslearn.core.oslo.bus`.
Invariants: every message is JSON, so nothing is shared by reference; a private method is nobody's to call.
Upstream: oslo.messaging (`Target`, `RPCClient`, `RPCServer`, `RPCDispatcher`). Left out: exchanges, version pinning,
heartbeats.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body, RequestContext

if TYPE_CHECKING:
    from oslearn.core.oslo.bus import Bus


class NoSuchMethod(Exception):
    """No endpoint of the server has the method that a message names."""


@dataclass(frozen=True)
class Target:
    """Where a message goes: a topic, and one server of it, if named."""

    topic: str
    server: str | None = None

    def __str__(self) -> str:
        return f"{self.topic}.{self.server}" if self.server else self.topic


class RPCContext(RequestContext):
    """A request context inside an RPC server, which can also answer the caller before the method ends."""

    def bind(self, reply: Callable[[object], None]) -> RPCContext:
        """Tell the context how to answer."""
        self._reply = reply
        return self

    def reply(self, value: object) -> None:
        """Answer now and go on working; what happens afterwards does not reach the caller.

        Upstream: `RpcContext.reply` of nova.rpc, which the 2013 scheduler could use; oslo.messaging has no such call.
        """
        self._reply(value)


@dataclass(frozen=True)
class Listener:
    """A process that serves a target, and the objects whose public methods callers reach."""

    process: str
    endpoints: Sequence[object]

    def method(self, name: str) -> Callable[..., Any]:
        """The method that serves a message: the first endpoint's that has one. Raises NoSuchMethod."""
        for endpoint in () if name.startswith("_") else self.endpoints:
            if callable(found := getattr(endpoint, name, None)):
                return cast("Callable[..., Any]", found)
        raise NoSuchMethod(f"Endpoint does not support RPC method {name}")


class RPCClient:
    """What a process uses to send messages."""

    def __init__(self, bus: Bus, process: str) -> None:
        self.bus, self.process = bus, process

    def call(self, context: RequestContext, target: Target, method: str, **args: object) -> Any:
        """Send and wait for the result. Raises MessagingTimeout, or what the server raised, by name."""
        message = self.bus.send(target, envelope(context, method, args), wait=True)
        return result(json.loads(self.bus.wait(message)))

    def cast(self, context: RequestContext, target: Target, method: str, **args: object) -> None:
        """Send and go on."""
        self.bus.send(target, envelope(context, method, args), wait=False)

    def fanout(self, context: RequestContext, topic: str, method: str, **args: object) -> None:
        """Send to every server of a topic and go on; one that is down hears nothing of it."""
        for target in self.bus.targets(topic):
            self.bus.send(target, envelope(context, method, args), wait=False)


def envelope(context: RequestContext, method: str, args: Body) -> Body:
    """A message's body."""
    return {"method": method, "args": args, "context": context.to_dict()}


def result(outcome: Body) -> Any:
    """What a reply holds. Raises what the server raised."""
    if "failure" in outcome:
        raise exception.deserialize(outcome["failure"])
    return outcome["result"]
