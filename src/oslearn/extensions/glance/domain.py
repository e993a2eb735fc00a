"""How an image's status changes, and what a glance-api that was killed in the middle left.

Interface: `move(session, image, status, now)`; `STAGED`; `Cleanup(handle, store, clock)`: `init_host`.
Invariants: a status changes only along `TRANSITIONS`, and of two requests at once only one changes it; nobody is
uploading when `Cleanup` runs, so an image that is being saved has lost its data and waits for it again; no data stays
that is no image's. While Glance runs this is not done: an upload may be on its way.
Upstream: glance/domain/__init__.py (`valid_state_transitions`), glance/async_/utils.py and `glance-scrubber`; there an
image stays in `saving` until an operator sets it back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from oslearn.core.glance.models import Image
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.db import Handle
from oslearn.extensions.oslo.store import Store

TRANSITIONS = {
    "queued": ("saving", "uploading"),
    "saving": ("active", "queued"),
    "uploading": ("importing", "queued"),
    "importing": ("active", "queued"),
    "active": ("deactivated",),
    "deactivated": ("active",),
}
STAGED = "{}.staged"
"""Where data lies between stage and import, in the same store."""


def move(session: Session, image: Image, status: str, now: datetime) -> None:
    """Change the status. Raises Conflict, BadRequest for an image that may not have data yet."""
    here = [state for state, after in TRANSITIONS.items() if status in after]
    missing = [name for name in ("disk_format", "container_format") if not getattr(image, name)]
    if status in ("saving", "importing") and image.status in here and missing:
        words = ("Property", "") if len(missing) == 1 else ("Properties", "")
        raise exception.BadRequest(f"{words[0]} {', '.join(missing)} must be set prior to saving data.")
    # The database compares and sets in one statement: two uploads that both read `queued` do not both begin.
    taken = update(Image).where(Image.id == image.id, Image.status.in_(here)).values(status=status, updated_at=now)
    if not cast(CursorResult[Any], session.execute(taken)).rowcount:
        raise exception.Conflict(f"Image status transition from {image.status} to {status} is not allowed")


class Cleanup:
    """Settles what an earlier process left in the store and in the table of images."""

    def __init__(self, handle: Handle, store: Store, clock: Clock) -> None:
        self.handle, self.store, self.clock = handle, store, clock

    def init_host(self, context: RequestContext) -> None:
        """Images first: what they say decides which data is theirs."""
        there, kept = self.store.names(), set()
        with self.handle.session() as session:
            for image in session.scalars(select(Image)):
                staged = STAGED.format(image.id)
                if image.status == "saving" or (image.status == "uploading" and staged not in there):
                    image.status, image.size, image.updated_at = "queued", None, self.clock.now()
                if image.status in ("active", "deactivated"):
                    kept.add(image.id)
                if image.status in ("uploading", "importing"):
                    kept.add(staged)
        for name in there - kept:
            self.store.delete(name)
