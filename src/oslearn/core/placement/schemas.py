"""The body that claims resources, and how Placement reads one.

Interface: `ALLOCATIONS`, one consumer's, and what it is made of; `extract_json(req, shape)`.
Upstream: placement/schemas/, placement/util.py.
"""

from __future__ import annotations

import json
from typing import Any

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, UnsupportedMediaType
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.schema import first_error


def extract_json(req: Request, shape: Body) -> Any:
    """A request's body, which may be a list. Raises BadRequest, UnsupportedMediaType."""
    if req.content_length and not req.content_type:
        raise BadRequest("content-type header required when content-length > 0")
    kind = (req.content_type or "None").partition(";")[0]
    if kind != "application/json":
        raise UnsupportedMediaType(f"The media type {kind} is not supported, use application/json")
    try:
        body = json.loads(req.sent)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"Malformed JSON: {error}") from None
    fault = first_error(body, shape)
    if fault is not None:
        raise BadRequest(f"JSON does not validate: {fault.message}")
    return body


UUID = {"type": "string", "pattern": "^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\\Z"}
CLASS_KEY = "^[A-Z0-9_]+\\Z"
GENERATION = {"type": "integer"}
TEXT = {"type": "string", "minLength": 1, "maxLength": 255}


def strict(properties: Body, required: list[str]) -> Body:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def mapping(key: str, value: Body, minimum: int = 0) -> Body:
    """An object whose keys fit a pattern."""
    return {"type": "object", "patternProperties": {key: value}, "minProperties": minimum,
            "additionalProperties": False}  # fmt: skip


RESOURCES = mapping(CLASS_KEY, {"type": "integer", "minimum": 1}, minimum=1)
BY_PROVIDER = mapping(UUID["pattern"], strict({"generation": GENERATION, "resources": RESOURCES}, ["resources"]))
FIELDS: Body = {
    "allocations": BY_PROVIDER,
    "project_id": TEXT,
    "user_id": TEXT,
    "consumer_generation": {"type": ["integer", "null"]},
}
ALLOCATIONS = strict(FIELDS | {"mappings": {"type": "object"}}, [*FIELDS])
"""What one consumer is to use, since 1.34: a candidate with who it is for."""
