"""The message bus on RabbitMQ, with the exchanges, queues and envelopes of oslo.messaging.

Interface: `AmqpBus(url, clock, exchange, server)`, with the stubs and endpoints of `messaging.Bus`; its attribute
`link` is its connection.
Invariants: a server of a topic consumes three queues: the topic's, its own of that topic, and one of the exchange for
fanouts; each process has one queue for the replies to what it has called. A message is acknowledged after its method
has returned, so that of a killed process is delivered again; one whose method failed waits in a queue of its own, which
gives it back to the first after its time. A call is not kept when the broker ends, a cast is; each send is confirmed.
Upstream: oslo_messaging/_drivers/amqpdriver.py, impl_rabbit.py. Left out: quorum queues, streams, TLS, notifications.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from pika import BasicProperties
from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic

from oslearn.apart import envelope
from oslearn.apart.link import BrokerGoneError, Link, consumed, consumers
from oslearn.apart.locks import Locks
from oslearn.apart.message import Received, Sent, acknowledge, give_back, instance_of
from oslearn.apart.waiting import Waiting
from oslearn.core.oslo import exception, messaging
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.messaging import RETRY_DELAYS, RPC_RESPONSE_TIMEOUT, Listener, Target

LOG = logging.getLogger(__name__)
THREADS = 16
"""Messages of a queue that a process works on at a time (`executor_thread_pool_size`, upstream 64)."""
TRANSIENT_TTL = 1_800_000
"""Milliseconds for which RabbitMQ keeps a queue of replies or of a fanout that nobody reads."""
WAIT_TIMEOUT = 300
"""Seconds that a build waits for what other processes tell (`vif_plugging_timeout`)."""
FINISHED = 1000
"""Messages that a process remembers to have done, for one that comes again (`_MsgIdCache`)."""
GOODBYE = 5
"""Seconds for what is begun when a process is to end."""
FANOUT = "_fanout"
FAILURES = "x-oslearn-failures"
"""A header: how often the message's method has failed."""
PERSISTENT, TRANSIENT = 2, 1


class AmqpBus(messaging.Bus):
    """What carries the messages of one process. Raises BrokerGoneError when it starts and no broker answers."""

    def __init__(self, url: str, clock: Clock, exchange: str, server: str, queues: Sequence[str] = ()) -> None:
        """`exchange` is the service's (`control_exchange`), `server` the node that the process runs on; `queues` are
        those of the service in which something about an instance or a volume may wait.
        """
        super().__init__(clock)
        self.exchange, self.server = exchange, server
        self._reply_q = f"reply_{uuid.uuid4().hex}"
        self._unique = uuid.uuid4().hex
        self._calls: dict[str, Sent] = {}
        self._served: dict[Target, tuple[Listener, ThreadPoolExecutor]] = {}
        self._working: dict[str, Received] = {}
        self._finished: deque[str] = deque(maxlen=FINISHED)
        self._declared: set[str] = set()
        self._happened, self._locks = threading.Condition(), Locks()
        retries = [self._retry(delay) for delay in RETRY_DELAYS]
        self._around = Waiting(exchange, [*retries, *queues], lambda: [one.body for one in [*self._working.values()]])
        self.link = Link(url, self._prepare)
        self.link.start()

    def close(self) -> None:
        """Take no more messages, end what is soon done, and say goodbye: what is not done is given to another."""
        for target in [*self._served]:
            self.unlisten(target)
        until = time.monotonic() + GOODBYE
        while self._working and time.monotonic() < until:
            time.sleep(0.05)
        self.link.close()

    # --- sending ------------------------------------------------------------------------------------------------------

    def send(self, target: Target, message: Body, wait: bool) -> Any:
        """Publish. Raises TypeError if it is not JSON, MessageDeliveryFailure if the broker does not confirm."""
        sent = Sent(uuid.uuid4().hex, "")
        sent.body = envelope.sealed(envelope.asked(message, sent.id, self._reply_q if wait else None))
        if wait:
            self._calls[sent.id] = sent
        fanout = target.topic.endswith(FANOUT)
        exchange, key = (target.topic, "") if fanout else (self.exchange, str(target))
        properties = self._properties(TRANSIENT if wait or fanout else PERSISTENT)
        try:
            self.link.do(partial(self._publish, exchange, key, fanout, sent.body, properties))
        except Exception as error:
            self._calls.pop(sent.id, None)
            raise exception.MessageDeliveryFailure() from error
        return sent

    def _properties(self, mode: int, **more: Any) -> BasicProperties:
        return BasicProperties(
            content_type="application/json", content_encoding="utf-8", delivery_mode=mode, priority=0, **more
        )

    def _publish(
        self, exchange: str, key: str, fanout: bool, body: str, properties: BasicProperties, channel: BlockingChannel
    ) -> None:
        """A queue may be sent to before anybody listens: what is declared keeps what comes."""
        name = exchange if fanout else key
        if name not in self._declared:
            if fanout:
                channel.exchange_declare(exchange, "fanout", auto_delete=True)
            else:
                self._declare(channel, key)
            self._declared.add(name)
        channel.basic_publish(exchange, key, body.encode(), properties)

    def wait(self, message: Any) -> str:
        """The reply. Raises MessagingTimeout."""
        try:
            return str(message.reply.result(RPC_RESPONSE_TIMEOUT))
        except TimeoutError:
            raise exception.MessagingTimeout(msg_id=message.id) from None
        finally:
            self._calls.pop(message.id, None)

    def targets(self, topic: str) -> list[Target]:
        """One that reaches every server of the topic."""
        return [Target(f"{topic}{FANOUT}")]

    # --- serving ------------------------------------------------------------------------------------------------------

    def listen(self, target: Target, process: str, *endpoints: object) -> None:
        """Consume the target's queues from now on."""
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix=str(target))
        self._served[target] = Listener(process, endpoints), pool
        self.link.do(partial(self._consume, target))

    def unlisten(self, target: Target) -> None:
        """Take no more; what is begun is ended. Messages wait in the queue."""
        if target in self._served:
            _, pool = self._served.pop(target)
            self.link.do(lambda channel: [channel.basic_cancel(tag) for tag in consumers(channel, str(target))])
            pool.shutdown(wait=False)

    def _prepare(self, channel: BlockingChannel) -> None:
        """On a new connection: the queue of replies, and all that was consumed on the one before."""
        self._declared.clear()
        channel.exchange_declare(self.exchange, "topic", durable=True)
        channel.queue_declare(self._reply_q, arguments={"x-expires": TRANSIENT_TTL})
        channel.basic_qos(prefetch_count=THREADS)
        channel.basic_consume(self._reply_q, self._answered, auto_ack=True)
        self._around.prepare(channel)
        for target in [*self._served]:
            self._consume(target, channel)

    def _declare(self, channel: BlockingChannel, queue: str) -> None:
        channel.queue_declare(queue, durable=True)
        channel.queue_bind(queue, self.exchange, queue)

    def _consume(self, target: Target, channel: BlockingChannel) -> None:
        fanout = f"{target.topic}{FANOUT}_{self._unique}"
        own = Target(target.topic, target.server or self.server)
        for queue in {target.topic, str(own)}:
            self._declare(channel, queue)
        channel.exchange_declare(f"{target.topic}{FANOUT}", "fanout", auto_delete=True)
        channel.queue_declare(fanout, arguments={"x-expires": TRANSIENT_TTL})
        channel.queue_bind(fanout, f"{target.topic}{FANOUT}")
        for queue in (target.topic, str(own), fanout):
            tag = f"{target} {queue}"
            if tag in channel.consumer_tags:  # a reconnection has done it in between
                continue
            channel.basic_consume(queue, partial(self._received, target), consumer_tag=tag)

    def _answered(self, channel: BlockingChannel, method: Basic.Deliver, properties: object, body: bytes) -> None:
        told = envelope.opened(body)
        sent = self._calls.get(told["_msg_id"])
        if sent is not None and told["ending"] and not sent.reply.done():
            found = envelope.outcome(told)
            sent.cause = found.pop("cause", None)
            sent.reply.set_result(json.dumps(found))

    def _received(
        self, target: Target, channel: BlockingChannel, method: Basic.Deliver, properties: BasicProperties, body: bytes
    ) -> None:
        """Hand it to a thread, and go on answering the broker."""
        try:
            told, failures = envelope.opened(body), int((properties.headers or {}).get(FAILURES, 0))
            key, at = f"{told['_unique_id']} {target} {failures}", (channel, method.delivery_tag)
            message = Received(0, target, told["method"], body.decode(), "_msg_id" in told, failures, at=at)
        except (ValueError, KeyError, TypeError):
            LOG.exception("What came to %s is no message", target)
            channel.basic_reject(method.delivery_tag, requeue=False)
            return
        message.reply_q, message.msg_id = told.get("_reply_q"), told.get("_msg_id", "")
        message.queue = method.routing_key or str(Target(target.topic, target.server or self.server))
        if running := self._working.get(key):  # the connection broke, and it came again before it was done
            running.at = at
        elif key in self._finished:  # or after that
            channel.basic_ack(method.delivery_tag)
        elif served := self._served.get(target):
            self._working[key] = message
            served[1].submit(self._work, served[0], message, key, told)

    def _work(self, listener: Listener, message: Received, key: str, told: Body) -> None:
        """Do it; it is acknowledged once it is done, or is to be done later, and else it is another's."""
        ends = acknowledge
        try:
            with self._locks.held(instance_of(message.target, told)):
                self.dispatch(listener, message, envelope.body(told))
        except Exception as error:
            LOG.warning("%s of %s raised %r", message.method, message.target, error)
            try:
                self._try_again(message)
            except Exception:
                LOG.exception("Message %s to %s goes back to its queue", message.method, message.target)
                ends = give_back
        if ends is acknowledge:
            self._finished.append(key)
        self._working.pop(key, None)
        self.link.soon(partial(ends, message))
        with self._happened:
            self._happened.notify_all()

    def _try_again(self, message: messaging.Message) -> None:
        """Offer it again later, by way of a queue whose messages go back when their time is over."""
        if message.failures >= len(RETRY_DELAYS):
            LOG.exception(
                "Message %s to %s dropped after %s tries", message.method, message.target, message.failures + 1
            )
            return
        delay = RETRY_DELAYS[message.failures]
        LOG.warning("Message %s to %s failed and is offered again in %s s", message.method, message.target, delay)
        properties = self._properties(PERSISTENT, headers={FAILURES: message.failures + 1})
        assert isinstance(message, Received)

        def later(channel: BlockingChannel) -> None:
            queue = self._retry(delay)
            back = {"x-dead-letter-exchange": self.exchange, "x-message-ttl": delay * 1000}
            channel.exchange_declare(queue, "fanout", durable=True)
            channel.queue_declare(queue, durable=True, arguments=back)
            channel.queue_bind(queue, queue)
            channel.basic_publish(queue, message.queue, message.body.encode(), properties)

        self.link.do(later)

    def _retry(self, delay: int) -> str:
        return f"{self.exchange}_retry_{delay}s"

    def reply(self, listener: Listener, message: messaging.Message, outcome: Body) -> None:
        """Send the reply; who waited for it may be gone. Raises TypeError if it is not JSON."""
        assert isinstance(message, Received)
        message.reply = json.dumps(outcome)
        body = envelope.sealed(envelope.answered(outcome, message.msg_id)).encode()
        properties, queue = self._properties(TRANSIENT), message.reply_q or ""
        self.link.do(lambda channel: channel.basic_publish("", queue, body, properties))

    # --- what the bus of one process knows at once --------------------------------------------------------------------

    def is_up(self, target: Target) -> bool:
        """Whether somebody consumes its queue now."""
        try:
            return self.link.do(partial(consumed, str(target)))
        except BrokerGoneError:
            return False

    def wait_for(self, happened: Any) -> bool:
        """Wait until another message has brought it; False if it takes too long."""
        until = time.monotonic() + WAIT_TIMEOUT
        with self._happened:
            while not happened():
                if (left := until - time.monotonic()) <= 0:
                    return False
                self._happened.wait(min(left, 1))
        return True

    def concerns(self, id: str) -> bool:
        """Whether a message waits, or somebody works on one; as long as one cannot know, yes."""
        try:
            return self._around.concerns(id, self.link)
        except BrokerGoneError:
            return True

    def drain(self) -> None:
        """The broker delivers."""

    def pending(self) -> list[str]:
        """What this process works on."""
        return [f"{message.target}: {message.method}" for message in [*self._working.values()]]
