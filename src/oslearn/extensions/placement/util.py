"""Reading a query in Placement's words.

Interface: `known(req, names)`.
Upstream: placement/util.py.
"""

from __future__ import annotations

from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Request


def known(req: Request, names: set[str]) -> None:
    """Refuse a query with other fields. Raises BadRequest."""
    for name in req.params:
        if name not in names:
            unexpected = f"Additional properties are not allowed ('{name}' was unexpected)"
            raise BadRequest(f"Invalid query string parameters: {unexpected}")
