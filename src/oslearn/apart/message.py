"""Messages on their way: one that was sent, one that is being worked on.

Interface: `Sent`, `Received`, `acknowledge(message, channel)`, `give_back(message, channel)`, `instance_of(target,
told)`.
Upstream: oslo_messaging/_drivers/amqpdriver.py: `AMQPIncomingMessage`, `ReplyWaiter`.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field

from pika.adapters.blocking_connection import BlockingChannel

from oslearn.core.oslo import messaging
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.messaging import Target


@dataclass
class Sent:
    """A message on its way."""

    id: str
    body: str
    reply: Future[str] = field(default_factory=Future)
    cause: int | None = None


@dataclass
class Received(messaging.Message):
    """A message that a process works on: its way back, and where it is to be acknowledged."""

    reply_q: str | None = None
    msg_id: str = ""
    queue: str = ""
    at: tuple[BlockingChannel, int] | None = None


def acknowledge(message: Received, channel: BlockingChannel) -> None:
    """It is done; on another connection than the one that brought it there is nobody to tell."""
    if message.at and message.at[0] is channel:
        channel.basic_ack(message.at[1])


def give_back(message: Received, channel: BlockingChannel) -> None:
    """It is not done, and cannot be put aside: whoever takes it next does it."""
    if message.at and message.at[0] is channel:
        channel.basic_nack(message.at[1], requeue=True)


def instance_of(target: Target, told: Body) -> str | None:
    """The instance that a message to a host is about: of these one at a time is worked on, as upstream's
    `utils.synchronized(instance.uuid)` has it.

    >>> instance_of(Target("compute", "compute1"), {"args": {"instance": {"uuid": "abc"}}})
    'abc'
    """
    instance = told["args"].get("instance") if target.server else None
    return str(instance["uuid"]) if isinstance(instance, dict) and "uuid" in instance else None
