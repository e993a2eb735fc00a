"""A process's connection to RabbitMQ, and the thread that it lives in.

Interface: `Link(url, prepare)`: `start()`, `do(work)`, `soon(work)`, `close()`. What is handed in declares and
consumes; it is called again after each reconnection. `consumed(queue, channel)`, `consumers(channel, target)`;
`BrokerGoneError`.
Invariants: pika's connections belong to one thread, and that one does nothing else, so the broker's heartbeats are
answered however long a process works or idles; a broker that went away is waited for.
Upstream: oslo_messaging/_drivers/impl_rabbit.py (`Connection`), which has a pool of them and a thread for heartbeats.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError, ChannelClosedByBroker

LOG = logging.getLogger(__name__)
HEARTBEAT = 60
"""Seconds after which the broker thinks that a silent process is dead (`heartbeat_timeout_threshold`)."""
INTERVAL = 0.3
"""Seconds between two attempts to connect."""
PATIENCE = 60
"""Seconds that work waits for a broker."""
Result = TypeVar("Result")


class BrokerGoneError(Exception):
    """No broker was there for as long as somebody waited; or it went away before it had confirmed."""


class Link:
    """One connection with one channel."""

    def __init__(self, url: str, prepare: Callable[[BlockingChannel], None]) -> None:
        self._parameters = pika.URLParameters(url)
        self._parameters.heartbeat = HEARTBEAT
        self._prepare = prepare
        self._connection: pika.BlockingConnection | None = None
        self._channel: BlockingChannel | None = None
        self._told = ""
        self._asked: set[Future[Any]] = set()
        self._up, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._live, name="amqp", daemon=True)

    def start(self) -> None:
        """Connect; returns once all is declared. Raises BrokerGoneError."""
        self._thread.start()
        self._wait()

    def close(self) -> None:
        """Say goodbye: what is not acknowledged is another's."""
        self._closing.set()
        if connection := self._connection:
            with suppress(AMQPError):
                connection.add_callback_threadsafe(lambda: None)
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(PATIENCE)

    def do(self, work: Callable[[BlockingChannel], Result]) -> Result:
        """Do something with the channel, once more if the connection broke meanwhile. Raises BrokerGoneError."""
        try:
            return self._done(work)
        except (AMQPError, BrokerGoneError):
            return self._done(work)

    def soon(self, work: Callable[[BlockingChannel], object]) -> None:
        """Do it without waiting for it, if the connection is still there then."""
        connection, channel = self._connection, self._channel
        if connection and channel:
            with suppress(AMQPError):
                connection.add_callback_threadsafe(lambda: channel.is_open and work(channel))

    def _done(self, work: Callable[[BlockingChannel], Result]) -> Result:
        self._wait()
        if threading.current_thread() is self._thread:
            return work(self._open())
        result: Future[Result] = Future()

        def run() -> None:
            try:
                result.set_result(work(self._open()))
            except BaseException as error:
                if self._channel is None or not self._channel.is_open:
                    self._up.clear()  # the second attempt waits for another channel
                result.set_exception(error)

        self._asked.add(result)
        try:
            if (connection := self._connection) is None:
                raise BrokerGoneError("RabbitMQ went away")
            connection.add_callback_threadsafe(run)
            return result.result(PATIENCE)
        finally:
            self._asked.discard(result)

    def _open(self) -> BlockingChannel:
        """The channel. Raises BrokerGoneError: the broker closes one on which something was asked that cannot be."""
        if self._channel is None or not self._channel.is_open:
            raise BrokerGoneError("RabbitMQ closed the channel")
        return self._channel

    def _wait(self) -> None:
        if not self._up.wait(PATIENCE):
            raise BrokerGoneError("RabbitMQ does not answer")

    def _live(self) -> None:
        while not self._closing.is_set():
            try:
                self._connect()
                while not self._closing.is_set():
                    assert self._connection
                    self._connection.process_data_events(time_limit=1)
                    self._open()
            except Exception as error:  # whatever a consumer raised: without this thread the process hears nothing more
                if not isinstance(error, AMQPError | OSError | BrokerGoneError):
                    LOG.exception("A message could not be taken")
                if not self._closing.is_set() and self._told != str(error):
                    LOG.warning("RabbitMQ is gone, trying again: %r", error)
                    self._told = str(error)
            finally:
                self._lost()
            time.sleep(0 if self._closing.is_set() else INTERVAL)

    def _connect(self) -> None:
        self._connection = pika.BlockingConnection(self._parameters)
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()
        self._prepare(self._channel)
        self._told = ""
        self._up.set()

    def _lost(self) -> None:
        self._up.clear()
        connection, self._connection, self._channel = self._connection, None, None
        for result in [*self._asked]:  # who waits is told
            with suppress(Exception):
                result.set_exception(BrokerGoneError("RabbitMQ went away"))
        if connection is not None and connection.is_open:
            with suppress(AMQPError, OSError):
                connection.close()


def consumers(channel: BlockingChannel, target: str) -> list[str]:
    """The tags of a target's consumers."""
    return [tag for tag in channel.consumer_tags if tag.partition(" ")[0] == target]


def consumed(queue: str, channel: BlockingChannel) -> bool:
    """Whether a queue has a consumer; one that is not there has none, and who asks for it loses the channel."""
    asking = channel.connection.channel()
    try:
        return bool(asking.queue_declare(queue, passive=True).method.consumer_count)
    except ChannelClosedByBroker:
        return False
    finally:
        if asking.is_open:
            asking.close()
