"""Reading a body in Placement's words.

Interface: `extract_json(req, shape)`.
Upstream: placement/util.py.
"""

from __future__ import annotations

import json
from typing import Any

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, UnsupportedMediaType
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.schema import ByVersion, first_error, of


def extract_json(req: Request, shape: Body | ByVersion) -> Any:
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
    fault = first_error(body, of(req.microversion, shape))
    if fault is not None:
        raise BadRequest(f"JSON does not validate: {fault.message}")
    return body
