"""Whether a message about something waits, or some process works on one: a broker does not tell, so one asks around.

Interface: `Waiting(exchange, queues, own)`: `prepare(channel)`, `concerns(id, link)`.
Invariants: something is idle only if two looks, some time apart, have found nothing: a message may have been on its way
between two queues, or its process slow; what is first asked about may have just been written by who sends next; a queue
keeps its messages in order while it is looked into.
Upstream: nothing of the kind; there an operator finds what is stuck, or `instance_build_timeout` does.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Sequence

from pika import BasicProperties
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker

from oslearn.apart.link import Link

GRACE = 15
"""Seconds for which what is asked about for the first time counts as being worked on."""
FORGOTTEN = 180
"""Seconds after which a question counts as the first one again."""
PATIENCE = 2.0
"""Seconds for the others to answer."""
FRESH = 3.0
"""Seconds for which an answer is good."""
MOST = 1000
"""Messages of a queue that are looked at."""


class Waiting:
    """`queues` are those of the service, waited in or not; `own` are the bodies that this process works on."""

    def __init__(self, exchange: str, queues: Sequence[str], own: Callable[[], list[str]]) -> None:
        self._around, self._queues, self._own = f"{exchange}_working", queues, own
        self._queue = f"{self._around}_{uuid.uuid4().hex}"
        self._idle: dict[str, float] = {}
        self._first: dict[str, tuple[float, float]] = {}
        self._lock, self._heard = threading.Lock(), list[str]()
        self._texts: tuple[float, list[str]] = (-FRESH, [])

    def prepare(self, channel: BlockingChannel) -> None:
        """Answer who asks."""
        channel.exchange_declare(self._around, "fanout", auto_delete=True)
        channel.queue_declare(self._queue, exclusive=True)
        channel.queue_bind(self._queue, self._around)
        channel.basic_consume(self._queue, self._came, auto_ack=True)

    def _came(self, channel: BlockingChannel, method: object, properties: BasicProperties, body: bytes) -> None:
        """A question has a place for its answer; an answer has none."""
        if properties.reply_to:
            channel.basic_publish("", properties.reply_to, json.dumps(self._own()).encode())
        else:
            self._heard += json.loads(body)

    def concerns(self, id: str, link: Link) -> bool:
        """Whether something may still come of a message. Raises BrokerGoneError."""
        now = time.monotonic()
        with self._lock:
            first, last = self._first.get(id, (now, now))
            self._first[id] = first, last = (now, now) if now - last > FORGOTTEN else (first, now)
            if now - first < GRACE:
                return True
            if now - self._texts[0] > FRESH:
                self._texts = now, self._look(link)
            if any(id in text for text in self._texts[1]):
                self._idle.pop(id, None)
                return True
            since = self._idle.setdefault(id, now)
            self._first = {one: times for one, times in self._first.items() if now - times[1] <= FORGOTTEN}
            self._idle = {one: when for one, when in self._idle.items() if one in self._first}
        return now - since < FRESH

    def _look(self, link: Link) -> list[str]:
        """What waits, then what is worked on: that is the way a message goes, unless it failed."""
        texts = link.do(self._peek)
        self._heard = []
        asks = BasicProperties(reply_to=self._queue)
        link.do(lambda channel: channel.basic_publish(self._around, "", b"", asks))
        time.sleep(PATIENCE)
        return texts + self._heard

    def _peek(self, channel: BlockingChannel) -> list[str]:
        texts: list[str] = []
        for queue in self._queues:
            looking = channel.connection.channel()
            try:
                looking.queue_declare(queue, passive=True)
                for _ in range(MOST):
                    method, _, body = looking.basic_get(queue)
                    if method is None:
                        break
                    texts.append(body.decode())
            except ChannelClosedByBroker:  # nobody has made it
                continue
            looking.close()  # what was taken and not acknowledged goes back to its place
        return texts
