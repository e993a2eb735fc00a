"""Pages of a list, as the Compute API has them.

Interface: `PAGING` and `query` make schemas, `limit` and `links` read and show pages.
Upstream: nova/api/openstack/common.py, `get_limit_and_marker` and `ViewBuilder._get_next_link`.
"""

from __future__ import annotations

from collections.abc import Sequence

from oslearn.core.nova.api.schemas import TEXT
from oslearn.core.nova.api.validation import Schema, V
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request
from oslearn.extensions.nova.api.schemas import LIMIT
from oslearn.extensions.oslo.listing import link

MAX_LIMIT = 1000


def many(schema: Schema = TEXT) -> Schema:
    """A field that a query may give more than once."""
    return {"type": "array", "items": schema}


def query(properties: Body, strict_since: int = 75) -> Schema:
    """A query with these fields; others are ignored before 2.75."""
    open_until = (V(True, until=strict_since - 1), V(False))
    return {"type": "object", "properties": properties, "additionalProperties": open_until}


PAGING = {"limit": many(LIMIT), "marker": many()}


def limit(req: Request) -> int:
    """How many are asked for."""
    return min(int(req.query.get("limit", MAX_LIMIT)), MAX_LIMIT)


def links(req: Request, name: str, last: Sequence[object]) -> Body:
    """Where the next ones are, if the page is full; `last` has the marker of each row."""
    if not last or len(last) < limit(req):
        return {}
    return {f"{name}_links": [{"rel": "next", "href": link(req, str(last[-1]))}]}
