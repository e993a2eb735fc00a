"""Bodies that Placement takes, and how it reads them.

Interface: a schema, or a table of them by microversion, for each route; `extract_json(req, shape)`.
Upstream: placement/schemas/, placement/util.py.
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


MAX_INT = 0x7FFFFFFF
UUID = {"type": "string", "pattern": "^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\\Z"}
UUID_KEY = UUID["pattern"]
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
BY_LIST = {
    "type": "array",
    "minItems": 1,
    "items": strict(
        {"resource_provider": strict({"uuid": UUID}, ["uuid"]), "resources": RESOURCES},
        ["resource_provider", "resources"],
    ),
}
BY_PROVIDER = mapping(UUID_KEY, strict({"generation": GENERATION, "resources": RESOURCES}, ["resources"]))
OWNER = {"project_id": TEXT, "user_id": TEXT}
SINCE_1_28 = {"consumer_generation": {"type": ["integer", "null"]}}
SINCE_1_34 = {"mappings": {"type": "object"}}
SINCE_1_38 = {"consumer_type": TEXT | {"pattern": CLASS_KEY}}


def allocations(shape: Body, *groups: Body) -> Body:
    """A consumer's allocations in that shape, with these groups of further fields."""
    fields = {name: value for group in groups for name, value in group.items()}
    return strict({"allocations": shape} | fields, ["allocations", *(f for f in fields if f != "mappings")])


ALLOCATIONS: ByVersion = [
    ((1, 38), allocations(BY_PROVIDER, OWNER, SINCE_1_28, SINCE_1_34, SINCE_1_38)),
    ((1, 34), allocations(BY_PROVIDER, OWNER, SINCE_1_28, SINCE_1_34)),
    ((1, 28), allocations(BY_PROVIDER, OWNER, SINCE_1_28)),
    ((1, 12), allocations(BY_PROVIDER | {"minProperties": 1}, OWNER)),
    ((1, 8), allocations(BY_LIST, OWNER)),
    ((1, 0), allocations(BY_LIST)),
]
"""What one consumer's allocations look like, from a microversion on, the newest first."""
