"""Allocations of several consumers at once: Nova moves those of a server that is resized so.

Interface: `ManyAllocations`, the handler.
Upstream: placement/handlers/allocation.py.
"""

from __future__ import annotations

from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Request
from oslearn.core.placement.allocations import Claim, replace_all


class ManyAllocations:
    """Several consumers, of whom each gets all or none does."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def set_many_allocations(self, req: Request, wanted: dict[str, Claim]) -> None:
        """All that several consumers use, in one transaction. 204, 400, 409."""
        replace_all(self.handle, req.microversion, wanted)
