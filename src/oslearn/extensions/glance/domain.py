"""How an image's status changes.

Interface: `move(session, image, status, now)`; `STAGED`.
Invariants: a status changes only along `TRANSITIONS`, and of two requests at once only one changes it.
Upstream: glance/domain/__init__.py (`valid_state_transitions`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from oslearn.core.glance.models import Image
from oslearn.core.oslo import exception

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
