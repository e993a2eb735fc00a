"""Messages between processes: `call` waits for a reply, `cast` does not; servers listen on topics.

Interface: `Target`; `RPCClient.call`, `RPCClient.cast`, `RPCClient.fanout`; on the other side `Listener` and the
`RPCContext` that a method is given. Between them is the `Bus`, queues in this process with no thread:
`Bus.client(process)`; `Bus.listen(target, process, *endpoints)`; `Bus.step()` and `Bus.drain()` deliver; `Bus.stop()`
holds casts back so that a lesson can step through them; with `Bus.pace` what a request casts leaves so many seconds
later; while it is `Bus.down` nobody can send; `Bus.concerns(id)` tells whether a message waits about it.
Invariants: every message is JSON, so nothing is shared by reference; a private method is nobody's to call. Messages of
one topic are delivered in order, each once; a message whose method fails is offered later, and others pass it.
Upstream: oslo.messaging (`Target`, `RPCClient`, `RPCServer`, `RPCDispatcher`), which gives a cast up that failed once;
oslo_messaging/_drivers/impl_fake.py. Left out: exchanges, version pinning, heartbeats.
"""

from __future__ import annotations

import itertools
import json
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, cast

from oslearn.core.oslo import context as oslo_context
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import Body, RequestContext

LOG = logging.getLogger(__name__)
RPC_RESPONSE_TIMEOUT = 60
"""Seconds that a call waits for its reply (`rpc_response_timeout`)."""
RETRY_DELAYS = (1, 2, 4, 8, 16)
"""Seconds until a message whose method failed is offered again; then it is given up, for periodic tasks."""


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

    reply: Callable[[object], None]
    """Answer now and go on working; what happens afterwards does not reach the caller. Upstream: `RpcContext.reply` of
    nova.rpc, which the 2013 scheduler could use; oslo.messaging has no such call."""


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


@dataclass
class Message:
    """One message as the queue holds it: encoded."""

    id: int
    target: Target
    method: str
    body: str
    wait: bool
    failures: int = 0
    reply: str | None = None
    answered: bool = False


class Bus:
    """Queues, one for each target, drained in the order in which messages came."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.running, self.down, self.pace = clock, True, False, 0.0
        self._queues, self._listeners = dict[Target, deque[Message]](), dict[Target, Listener]()
        self._topics: dict[str, dict[Target, None]] = {}
        self._order: deque[Message] = deque()
        self._later: list[tuple[float, int, Message]] = []
        self._serving: list[Message] = []
        self._ids = itertools.count(1)

    def client(self, process: str) -> RPCClient:
        """A client stub for the named process."""
        return RPCClient(self, process)

    def listen(self, target: Target, process: str, *endpoints: object) -> None:
        """Serve `target`: its messages call public methods of the first endpoint that has them."""
        self._listeners[target] = Listener(process, endpoints)
        self._topics.setdefault(target.topic, {})[target] = None

    def unlisten(self, target: Target) -> None:
        """Stop serving; messages wait in the queue."""
        self._listeners.pop(target, None)
        self._topics.get(target.topic, {}).pop(target, None)

    def is_up(self, target: Target) -> bool:
        """Whether a process serves the target."""
        return target in self._listeners

    def targets(self, topic: str) -> list[Target]:
        """The targets of a topic that are served now."""
        return list(self._topics.get(topic, ()))

    def stop(self) -> None:
        """Hold casts back until `start` or `step`."""
        self.running = False

    def start(self) -> None:
        """Deliver again, beginning with what was held back."""
        self.running = True
        self.drain()

    def pending(self) -> list[str]:
        """What waits, as `topic.server: method`, oldest first for each target; last, what waits for its time."""
        return [f"{m.target}: {m.method}" for m in self._waiting()]

    def purge(self) -> None:
        """Lose what waits, as a killed broker does that kept nothing."""
        self._queues.clear()
        self._order.clear()
        self._later.clear()

    def concerns(self, id: str) -> bool:
        """Whether a message that waits, or that is being worked on, is about what has this id."""
        return any(id in message.body for message in (*self._serving, *self._waiting()))

    def send(self, target: Target, message: Body, wait: bool) -> Message:
        """Queue a message. Raises TypeError if it is not JSON, MessageDeliveryFailure if the queue is down."""
        if self.down:
            raise exception.MessageDeliveryFailure()
        queued = Message(next(self._ids), target, message["method"], json.dumps(message), wait)
        asked = not wait and all(one.wait for one in self._serving)  # what a cast asks for is part of its own work
        self._postpone(queued, self.pace) if self.pace and asked else self._enqueue(queued)
        return queued

    def wait(self, message: Message) -> str:
        """Deliver the target's queue up to `message` and return its reply. Raises MessagingTimeout."""
        queue = self._queues[message.target]
        while message.reply is None and self.is_up(message.target):
            if message in queue:
                self._deliver_from(message.target)
            elif not any(message is one for *_, one in self._later) or not self._sleep():
                break
        if message.reply is None:
            if message in queue:
                queue.remove(message)
                self._order.remove(message)
            self.clock.sleep(RPC_RESPONSE_TIMEOUT)
            raise exception.MessagingTimeout(msg_id=message.id)
        return message.reply

    def wait_for(self, happened: Callable[[], bool]) -> bool:
        """Deliver what others wait for until something has happened; False if it cannot happen any more.

        A process that waits serves nothing else on the topic that it is serving, so waiting does not pile up. What no
        message brings will not come: nobody else is running.
        """
        while not happened():
            if not self.step() and not self._sleep():
                return False
        return True

    def step(self) -> bool:
        """Deliver the oldest message whose target is served and whose topic is free. Returns False if there is none."""
        while self._later and self._later[0][0] <= self.clock.peek():
            self._enqueue(heappop(self._later)[2])
        busy = {message.target.topic for message in self._serving}
        targets = (message.target for message in self._order if not self.down)
        target = next((t for t in targets if t in self._listeners and t.topic not in busy), None)
        if target is None:
            return False
        self._deliver_from(target)
        return True

    def drain(self) -> None:
        """Deliver until nothing is left that can be delivered now. A stepped clock moves on to what failed before."""
        while self.running and (self._order or self._later):
            if not self.step() and not (self._later and not self.pace and self.clock.skip_to(self._later[0][0])):
                return

    def _waiting(self) -> list[Message]:
        return [*(m for queue in self._queues.values() for m in queue), *(m for *_, m in sorted(self._later))]

    def _enqueue(self, message: Message) -> None:
        self._queues.setdefault(message.target, deque()).append(message)
        self._order.append(message)

    def _postpone(self, message: Message, seconds: float) -> None:
        self._queues.setdefault(message.target, deque())
        heappush(self._later, (self.clock.peek() + seconds, message.id, message))

    def _sleep(self) -> bool:
        """Until the next message's time has come; False if none waits for its time."""
        if not self._later:
            return False
        self.clock.sleep(max(0.0, self._later[0][0] - self.clock.peek()))
        self._enqueue(heappop(self._later)[2])
        return True

    def _deliver_from(self, target: Target) -> None:
        message = self._queues[target].popleft()
        self._order.remove(message)
        self._serving.append(message)
        try:
            self.dispatch(self._listeners[target], message, json.loads(message.body))
        except Exception:
            self._try_again(message)
        finally:
            self._serving.pop()

    def _try_again(self, message: Message) -> None:
        """Offer a message again later, if it was not offered often enough."""
        if message.failures >= len(RETRY_DELAYS):
            LOG.exception("Message %s to %s dropped after %s tries", message.id, message.target, message.failures + 1)
            return
        delay = RETRY_DELAYS[message.failures]
        LOG.warning("Message %s to %s failed and is offered again in %s s", message.id, message.target, delay)
        message.failures, message.answered = message.failures + 1, False
        self._postpone(message, delay)

    def dispatch(self, listener: Listener, message: Message, body: Body) -> None:
        """Call the endpoint's method with the message's arguments and put its result into the reply."""
        context = RPCContext(**body["context"])
        context.reply = lambda value: self.answer(listener, message, {"result": value})
        token = oslo_context.current.set(context)
        try:
            value = listener.method(message.method)(context, **body["args"])
        except Exception as error:
            if not message.wait or message.answered:
                raise
            LOG.debug("%s raised", message.method, exc_info=True)
            self.answer(listener, message, {"failure": exception.serialize(error)})
        else:
            if message.wait and not message.answered:
                self.answer(listener, message, {"result": value})
        finally:
            oslo_context.current.reset(token)

    def answer(self, listener: Listener, message: Message, outcome: Body) -> None:
        """Send a call's one reply."""
        message.answered = True
        self.reply(listener, message, outcome)

    def reply(self, listener: Listener, message: Message, outcome: Body) -> None:
        """Keep the reply for the caller. Raises TypeError if it is not JSON."""
        message.reply = json.dumps(outcome)
