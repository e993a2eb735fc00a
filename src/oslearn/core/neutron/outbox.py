"""Transactions, and what others are to be told once one is committed; they are told though the process is killed in
between.

Interface: `Outbox.transaction()`; `later(session, send, ...)` inside it; `resend` for what an earlier process wrote and
did not send.
Invariants: a message is written with the change that it tells of, and its row goes once it is sent; it may be sent
twice, so it says what is, not what is new. A database that ends with its process needs no rows: nobody could read them.
Upstream: none: there an agent asks for everything when it starts (which ours do as well), and what Nova was to hear is
lost. The pattern is known as transactional outbox.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from oslearn.core.neutron.models import OutboxMessage
from oslearn.core.oslo import context as oslo_context
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.db import Handle

LOG = logging.getLogger(__name__)
Sender = Callable[..., None]


class Outbox:
    """Of one process. `senders` are the methods that a message may ask for; its row keeps their names."""

    def __init__(self, handle: Handle, senders: Iterable[Sender]) -> None:
        self.handle, self.senders = handle, {sender.__name__: sender for sender in senders}

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that is committed at the end; then the messages that `later` kept leave, in order."""
        with self.handle.session() as session:
            yield session
            messages = self._write(session)
        self._send(messages)

    def later(self, session: Session, send: Sender, *args: object, **named: object) -> None:
        """Have a sender send once the change is committed."""
        message = OutboxMessage(name=send.__name__, args=[*args], named=named)
        session.info.setdefault("outbox", []).append(message)

    def _write(self, session: Session) -> list[OutboxMessage]:
        """What is to be sent, written down if the database outlives this process."""
        messages: list[OutboxMessage] = session.info.pop("outbox", [])
        if not self.handle.private:
            session.add_all(messages)
        return messages

    def _send(self, messages: list[OutboxMessage]) -> None:
        """Each is tried, whatever became of the others. Raises the first error, when all were tried."""
        errors = []
        for message in messages:
            try:
                self.senders[message.name](*message.args, **message.named)
            except Exception as error:
                errors.append(error)
                message.failed = True
        sent = [message.id for message in messages if message.id and not message.failed]
        if sent:
            self.handle.write(delete(OutboxMessage).where(OutboxMessage.id.in_(sent)))
        if errors:
            raise errors[0]

    def resend(self, context: RequestContext) -> None:
        """Send what is still there. What cannot be sent now stays for the next time."""
        if self.handle.private:
            return
        with self.handle.session() as session:
            left = list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))
        token = oslo_context.current.set(context)
        try:
            self._send(left)
        except Exception as error:
            LOG.warning("Not all messages could be sent, they are tried again: %s", error)
        finally:
            oslo_context.current.reset(token)
