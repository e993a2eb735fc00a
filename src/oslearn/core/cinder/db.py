"""What the processes of Cinder do with their database.

Interface: `CinderDB`: `session`, `new`, `save`, `get`; each process has one with its own handle.
Invariants: a row that was changed says when; another project's row does not exist for who is no admin.
Upstream: cinder/db/api.py.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TypeVar

from sqlalchemy.orm import Session

from oslearn.core.cinder import exceptions as e
from oslearn.core.cinder.models import Attachment, Base
from oslearn.core.oslo import policy
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.db import Handle

T = TypeVar("T", bound=Base)


class CinderDB:
    """One process's way to the database."""

    def __init__(self, handle: Handle, ids: Ids, clock: Clock) -> None:
        self.handle, self.ids, self.clock = handle, ids, clock

    def session(self) -> AbstractContextManager[Session]:
        """A transaction. It ends before a message is sent, so that who gets the message sees what it is about."""
        return self.handle.session()

    def new(self, session: Session, model: type[T], **values: object) -> T:
        row = model(id=self.ids.uuid(), created_at=self.clock.now(), **values)
        session.add(row)
        session.flush()
        return row

    def save(self, row: Base, **values: object) -> None:
        for name, value in (values | {"updated_at": self.clock.now()}).items():
            setattr(row, name, value)

    def get(self, session: Session, model: type[T], id: str, context: RequestContext | None = None) -> T:
        """A row; with a context one that its project may see. Raises NotFound."""
        row = session.get(model, id) if id else None
        owner = {"project_id": row.project_id} if row is not None and hasattr(row, "project_id") else {}
        if row is None or (context is not None and not policy.owner(context, owner)):
            error = e.VolumeAttachmentNotFound if model is Attachment else e.ResourceNotFound
            raise error(title=model.title, id=id)
        return row
