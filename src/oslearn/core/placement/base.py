"""What Placement's controllers are made of: bodies, queries, and a provider with its generation.

Interface: `Controller`.
Invariants: a change of a provider's inventory, traits, aggregates or allocations adds one to its generation; who
names an old generation changes nothing.
Upstream: placement/util.py, placement/objects/resource_provider.py.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.exception import BadRequest, UnsupportedMediaType
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.schema import first_error
from oslearn.core.placement.exception import ConcurrentUpdate, ProviderNotFound
from oslearn.core.placement.models import ResourceProvider


class Controller:
    """What handlers use."""

    def __init__(self, handle: Handle, ids: Ids) -> None:
        self.handle, self.ids = handle, ids

    def check(self, body: Any, schema: dict[str, Any]) -> Any:
        """The body. Raises BadRequest in Placement's words."""
        error = first_error(body, schema)
        if error is not None:
            raise BadRequest(f"JSON does not validate: {error.message}")
        return body

    def body(self, req: Request, schema: dict[str, Any]) -> Any:
        """A request's body, which may be a list. Raises BadRequest, UnsupportedMediaType."""
        if req.content_length and not req.content_type:
            raise BadRequest("content-type header required when content-length > 0")
        kind = (req.content_type or "None").partition(";")[0]
        if kind != "application/json":
            raise UnsupportedMediaType(f"The media type {kind} is not supported, use application/json")
        try:
            body = json.loads(req.bounded_stream.read())
        except (ValueError, RecursionError) as error:
            raise BadRequest(f"Malformed JSON: {error}") from None
        return self.check(body, schema)

    def known(self, req: Request, names: set[str]) -> None:
        """Refuse a query with other fields. Raises BadRequest."""
        for name in req.params:
            if name not in names:
                raise BadRequest(
                    f"Invalid query string parameters: Additional properties are not allowed ('{name}' was unexpected)"
                )

    def provider(self, session: Session, uuid: str, generation: int | None = None) -> ResourceProvider:
        """A provider, still of that generation if given. Raises ProviderNotFound, ConcurrentUpdate."""
        found = session.scalars(select(ResourceProvider).where(ResourceProvider.uuid == uuid)).first()
        if found is None:
            raise ProviderNotFound(uuid=uuid)
        if generation not in (None, found.generation):
            raise ConcurrentUpdate()
        return found
