"""What there is of Placement: its versions.

Upstream: placement/handlers/root.py.
"""

from __future__ import annotations

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request
from oslearn.core.placement.api import limits


class Root:
    """Says what versions there are."""

    def show_root(self, req: Request) -> Body:
        """The versions there are; no token is needed. 200."""
        return {"versions": [{"id": "v1.0", **limits(), "status": "CURRENT", "links": [{"rel": "self", "href": ""}]}]}
