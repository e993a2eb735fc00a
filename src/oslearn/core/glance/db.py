"""Reading one image, as whoever asks may see it.

Invariants: an image that the caller may not see does not exist for it: 404, not 403.
Upstream: glance/db/sqlalchemy/api.py (`image_get`, `is_image_visible`).
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from oslearn.core.glance.models import Image, Member
from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.context import RequestContext


def image_get(
    session: Session, caller: RequestContext, image_id: str, message: str = "No image found with ID %s"
) -> Image:
    """An image that the caller may see. Raises NotFound with the message."""
    image = session.get(Image, image_id)
    if image is None or not (
        policy.owner(caller, {"project_id": image.owner})
        or image.visibility in ("public", "community")
        # Who has not accepted it may boot from it all the same: accepting only puts it into the list.
        or (image.visibility == "shared" and session.get(Member, (image_id, caller.project_id)) is not None)
    ):
        raise exception.NotFound(message % image_id)
    return image
