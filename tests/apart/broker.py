"""A connection to the broker of a cloud apart, on which something was asked that cannot be.

Interface: `goes_on(url)`, as lines of what went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError

from oslearn.apart.link import Link


def goes_on(url: str) -> Iterator[str]:
    """RabbitMQ closes the channel; the next who asks has another one, with all that was declared."""
    prepared: list[BlockingChannel] = []
    link = Link(url, prepared.append)
    link.start()
    try:
        link.do(lambda channel: channel.basic_publish("there is no such exchange", "", b"", mandatory=True))
        yield "a message went to an exchange that is not there"
    except AMQPError:
        pass
    queue = link.do(lambda channel: channel.queue_declare("", exclusive=True).method.queue)
    if not queue.startswith("amq.gen") or len(prepared) < 2:
        yield f"after a closed channel: {queue}, prepared {len(prepared)} times"
    link.close()
