"""What others are to be told once a change is committed; they are told though the process is killed in between.

Interface: `Outbox.put` inside a transaction, `write` at its end, `send` after it; `resend` for what an earlier process
wrote and did not send.
Invariants: a message is written with the change that it tells of, and its row goes once it is sent; it may be sent
twice, so it says what is, not what is new. A database that ends with its process needs no rows: nobody could read them.
Upstream: none: there an agent asks for everything when it starts (which ours do as well), and what Nova was to hear is
lost. The pattern is known as transactional outbox.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from oslearn.core.neutron.models import OutboxMessage
from oslearn.core.oslo import context as oslo_context
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.db import Handle

LOG = logging.getLogger(__name__)


class Outbox:
    """Of one process; `find` gives what sends, by the name that a row keeps."""

    def __init__(self, handle: Handle, find: Callable[[str], Callable[..., None]]) -> None:
        self.handle, self.find = handle, find

    def put(self, session: Session, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Send this once the change is committed."""
        session.info.setdefault("outbox", []).append(OutboxMessage(name=name, args=[*args], named=named))

    def write(self, session: Session) -> list[OutboxMessage]:
        """What is to be sent, written down if the database outlives this process."""
        messages: list[OutboxMessage] = session.info.pop("outbox", [])
        if not self.handle.private:
            session.add_all(messages)
        return messages

    def send(self, messages: list[OutboxMessage]) -> None:
        """Each is tried, whatever became of the others. Raises the first error, when all were tried."""
        errors = []
        for message in messages:
            try:
                self.find(message.name)(*message.args, **message.named)
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
            self.send(left)
        except Exception as error:
            LOG.warning("Not all messages could be sent, they are tried again: %s", error)
        finally:
            oslo_context.current.reset(token)
