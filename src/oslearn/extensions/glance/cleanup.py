"""What a glance-api that was killed in the middle left.

Interface: `Cleanup(handle, store, clock)`: `init_host`.
Invariants: nobody is uploading when it runs, so an image that is being saved has lost its data and waits for it again;
no data stays that is no image's. While Glance runs this is not done: an upload may be on its way.
Upstream: glance/async_/utils.py and `glance-scrubber`; there an image stays in `saving` until an operator sets it back.
"""

from __future__ import annotations

from sqlalchemy import select

from oslearn.core.glance.models import Image
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.db import Handle
from oslearn.extensions.glance.domain import STAGED
from oslearn.extensions.oslo.store import Store


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
