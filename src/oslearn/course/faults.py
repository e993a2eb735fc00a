"""One message of a boot goes wrong, once: lost, answered with an error, too slow, or its receiver stops.

Interface: `FAULTS`; `ANSWERS`, of which the sender stops; `Fault`, a probe: `arm(cloud, lens, n, how)` has step `n` of
the lens go wrong next; `hit` is the event that did, `reached` the last step that came, in order.
Invariants: the trace shows the message that goes wrong, as it does without the fault; what happened before it stays.
Why so: a tracer tells of a crossing at the moment of it. Whoever raises there fails the crossing itself, with what the
real library raises; only a loss that nobody hears of needs a bus of its own.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any, NoReturn

import requests
from requests.adapters import BaseAdapter
from sqlalchemy.exc import OperationalError

from oslearn.core.nova.virt.fake import libvirtError
from oslearn.core.oslo import exception, messaging
from oslearn.core.oslo.context import Body
from oslearn.course import control
from oslearn.deploy.base import Deployment
from oslearn.trace.lens import Lens
from oslearn.trace.probe import Probe, TracedBus
from oslearn.trace.profiler import Event

FAULTS = ("lose", "error", "slow", "stop")
"""The message is lost; it is answered with an error; its answer comes too late; its receiver stops before it."""
ANSWERS = ("reply", "receive")
"""Phases of a message that somebody waits for. Its sender stops, not its receiver: so there is one who notices."""
DATABASE = {
    "lose": "(2013, 'Lost connection to MySQL server during query')",
    "error": "(1213, 'Deadlock found when trying to get lock; try restarting transaction')",
    "slow": "(1205, 'Lock wait timeout exceeded; try restarting transaction')",
    "stop": "(2003, \"Can't connect to MySQL server on 'controller' ([Errno 111] Connection refused)\")",
}
"""What MySQL says, by fault."""
LIBVIRT = {
    "lose": "Cannot recv data: Connection reset by peer",
    "error": "internal error: qemu unexpectedly closed the monitor",
    "slow": "Timed out during operation: cannot acquire state change lock",
    "stop": "Failed to connect socket to '/var/run/libvirt/libvirt-sock': Connection refused",
}
"""What libvirt says, by fault."""
CLOSED = "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))"


class Lost(Exception):
    """A message that nobody gets."""


class Refused(Exception):
    """A request that is answered with an error."""


class Fault(Probe):
    """Watches a boot through a lens, and has one of its steps go wrong."""

    def __init__(self) -> None:
        self.cloud: Deployment | None = None
        self.how, self.n, self.reached = "", 0, 0
        self.hit: Event | None = None
        self.late: Callable[[Event], bool] | None = None
        self.losing = False

    def arm(self, cloud: Deployment, lens: Lens, n: int, how: str) -> None:
        """Have step `n` go wrong in the next boot. Raises ValueError for a fault or a step that is not there."""
        if how not in FAULTS:
            raise ValueError(f"a fault is one of {', '.join(FAULTS)}, not {how!r}")
        if not 1 <= n <= len(lens.steps):
            raise ValueError(f"the flow has the steps 1 to {len(lens.steps)}")
        self.cloud, self.lens, self.n, self.how, self.reached = cloud, lens, n, how, 0
        self.hit, self.late, self.losing = None, None, False
        if self not in cloud.trace.observers:
            cloud.trace.observers.append(self)

    def disarm(self) -> None:
        """Watch no more."""
        if self.cloud is not None:
            self.cloud.trace.observers.remove(self)
            self.cloud = None

    def bus(self, inner: messaging.Bus) -> messaging.Bus:
        assert isinstance(inner, TracedBus), "a fault is seen in the trace: the cloud needs one"
        return LossyBus(self, inner)

    def transport(self, process: str, inner: BaseAdapter) -> BaseAdapter:
        return RefusingTransport(inner)

    def __call__(self, event: Event) -> None:
        """See an event; fail it if it is the one. Raises what the crossing raises then."""
        assert self.cloud is not None
        if self.late and self.late(event):
            self.late = None
            raise requests.ReadTimeout("Read timed out.") if event.kind == "http" else timed_out()
        if self.hit and self.how == "stop" and event.kind == self.hit.kind == "virt":
            raise libvirtError(LIBVIRT["stop"])
        steps = self.lens.steps
        if self.reached == len(steps) or not event.matches(**steps[self.reached].pattern):
            return
        if any(rule.covers(event, self.cloud.trace) for rule in self.lens.rules):
            return
        self.reached += 1
        if self.reached == self.n and not self.hit:
            self.hit = event
            getattr(self, f"{event.kind}_{event.phase}" if event.kind != "db" else "db")(event)

    def stop(self, event: Event) -> None:
        """Stop the receiver; of a host's processes the one that the message goes to."""
        assert self.cloud is not None
        name, server = event.target, str(event.payload.get("topic", "")).partition(".")[2]
        known = {process.name for process in control.processes(self.cloud)}
        control.stop(self.cloud, next((one for one in (f"{name}@{server}", name) if one in known), event.source))

    def http_request(self, event: Event) -> None:
        """A request that does not arrive, that gets a 503, whose answer is late, or whose API is gone."""
        if self.how == "lose":
            raise requests.ConnectTimeout("Connection to the server timed out.")
        if self.how == "error":
            raise Refused
        if self.how == "slow":
            self.late = lambda later: later.phase == "reply" and later.parent == event.n
        if self.how == "stop":
            self.stop(event)

    def http_reply(self, event: Event) -> None:
        """The work is done, and who asked does not hear of it."""
        if self.how == "error":
            raise Refused
        if self.how == "stop":
            assert self.cloud is not None
            control.stop(self.cloud, event.source)
            raise requests.ConnectionError(CLOSED)
        raise requests.ReadTimeout("Read timed out.")

    def rpc_call(self, event: Event) -> None:
        """A message to the queue."""
        if self.how == "error":
            raise exception.MessageDeliveryFailure
        if self.how == "stop":
            self.stop(event)
        self.losing = self.how == "lose"
        if self.how == "slow" and event.phase == "call":
            self.late_reply(event)

    rpc_cast = rpc_call

    def rpc_deliver(self, event: Event) -> None:
        """A message from the queue."""
        if self.how == "lose":
            raise Lost
        if self.how == "error":
            raise exception.ServiceUnavailable
        if self.how == "stop":
            self.stop(event)
            raise Lost if self.is_call(event) else exception.ServiceUnavailable  # a cast goes back and waits
        if self.is_call(event):
            self.late_reply(event)

    def rpc_reply(self, event: Event) -> None:
        """The answer of a call: the work is done."""
        if self.how == "slow":
            self.late_reply(event)
            return
        if self.how == "stop":
            assert self.cloud is not None
            known = {process.name for process in control.processes(self.cloud)}
            control.stop(self.cloud, next(name for name in known if name.partition("@")[0] == event.source))
        raise Refused if self.how == "error" else Lost

    def rpc_receive(self, event: Event) -> None:
        """The answer of a call, as the caller takes it from the queue."""
        if self.how == "stop":
            assert self.cloud is not None
            control.stop(self.cloud, event.source)
        raise exception.MessageDeliveryFailure if self.how in ("stop", "error") else timed_out()

    def db(self, event: Event) -> NoReturn:
        """A statement that the database does not answer."""
        if self.how == "stop":
            self.stop(event)
        raise OperationalError(event.what, None, Exception(DATABASE[self.how]))

    def virt_call(self, event: Event) -> NoReturn:
        """A call of the hypervisor."""
        raise libvirtError(LIBVIRT[self.how])

    def late_reply(self, event: Event) -> None:
        """The caller waits no longer when the answer comes."""
        self.late = lambda later: later.phase == "receive" and later.operation == event.operation

    def is_call(self, event: Event) -> bool:
        """Whether somebody waits for the answer of the message that is delivered."""
        assert self.cloud is not None
        return any(one.n == event.parent and one.phase == "call" for one in self.cloud.trace.ancestors(event))


def timed_out() -> exception.MessagingTimeout:
    """No answer came in time."""
    return exception.MessagingTimeout(msg_id=0)


class LossyBus(TracedBus):
    """A bus that loses the message that it is told to lose."""

    def __init__(self, fault: Fault, inner: TracedBus) -> None:
        super().__init__(inner.tracer, inner.clock)
        self.fault = fault

    def send(self, target: messaging.Target, message: Body, wait: bool) -> messaging.Message:
        """Queue a message, or lose it."""
        if not self.fault.losing:
            return super().send(target, message, wait)
        self.fault.losing = False
        self._queues.setdefault(target, deque())
        return messaging.Message(next(self._ids), target, message["method"], json.dumps(message), wait)

    def dispatch(self, listener: messaging.Listener, message: messaging.Message, body: Body) -> None:
        """Deliver a message, unless it gets lost; a call that its server cannot take is answered with that."""
        try:
            super().dispatch(listener, message, body)
        except Lost:
            message.answered = True
        except exception.ServiceUnavailable as error:
            if not message.wait:
                raise
            super().answer(listener, message, {"failure": exception.serialize(error)})

    def reply(self, listener: messaging.Listener, message: messaging.Message, outcome: Body) -> None:
        """Answer, unless the answer gets lost or is an error."""
        try:
            super().reply(listener, message, outcome)
        except Lost:
            message.reply = None
        except Refused:
            message.reply = json.dumps({"failure": exception.serialize(exception.ServiceUnavailable())})


class RefusingTransport(BaseAdapter):
    """A transport whose other side answers with an error when it is told to."""

    def __init__(self, inner: BaseAdapter) -> None:
        super().__init__()
        self.inner = inner

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send it, or answer 503."""
        try:
            return self.inner.send(request, *args, **options)
        except Refused:
            response = requests.Response()
            response.status_code, response.reason, response.request = 503, "Service Unavailable", request
            response.url, response._content = request.url or "", b"{}"
            return response

    def close(self) -> None:
        """Close the inner transport."""
        self.inner.close()
