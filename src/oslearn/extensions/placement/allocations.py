"""Allocations in the shapes of every microversion, and of several consumers at once: Nova moves a resized server's so.

Interface: `EveryAllocations` takes the place of the core's handlers; `ManyAllocations`.
Upstream: placement/handlers/allocation.py.
"""

from __future__ import annotations

from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.schema import of
from oslearn.core.placement.allocations import Allocations, Claim, replace_all
from oslearn.core.placement.schemas import extract_json
from oslearn.extensions.placement.schemas import ALLOCATIONS

NOBODY = "00000000-0000-0000-0000-000000000000"
"""Whose a consumer is before 1.8 (`incomplete_consumer_project_id`)."""


class EveryAllocations(Allocations):
    """Reads older bodies and newer ones: before 1.12 `allocations` is a list that names the providers."""

    def read(self, req: Request) -> Claim:
        """The body, as a newer one says it. Raises BadRequest."""
        wanted = extract_json(req, of(req.microversion, ALLOCATIONS))
        if isinstance(given := wanted["allocations"], list):
            wanted["allocations"] = {one["resource_provider"]["uuid"]: one for one in given}
        claim: Claim = {"project_id": NOBODY, "user_id": NOBODY} | wanted
        return claim


class ManyAllocations:
    """Several consumers, of whom each gets all or none does."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def set_many_allocations(self, req: Request, wanted: dict[str, Claim]) -> None:
        """All that several consumers use, in one transaction. 204, 400, 409."""
        replace_all(self.handle, wanted)
