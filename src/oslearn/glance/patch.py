"""Changing an image: JSON patch, as PATCH /v2/images/{id} takes it.

Interface: `parse(req)`, `apply(image, operations)`.
Invariants: after a patch the image still fits its schema; what the client may not write is refused with 403.
Upstream: glance/api/v2/images.py (`RequestDeserializer`, `_do_add`, `_do_replace`, `_do_remove`).
Left out: locations, the draft-4 media type of API 2.0, JSON pointers below the first level.
"""

from __future__ import annotations

import json
from typing import Any

from oslearn.glance import schemas
from oslearn.glance.models import Image
from oslearn.oslo import exception
from oslearn.oslo.wsgi import MAX_BODY, Request

MEDIA_TYPE = "application/openstack-images-v2.1-json-patch"
WRITABLE = {"name", "disk_format", "container_format", "visibility", "protected", "min_ram", "min_disk", "owner",
            "os_hidden", "tags"}  # fmt: skip


def parse(req: Request) -> list[dict[str, Any]]:
    """The operations. Raises UnsupportedMediaType, MalformedRequestBody, BadRequest."""
    if req.content_type != MEDIA_TYPE:
        raise exception.UnsupportedMediaType()
    try:
        body = json.loads(req.bounded_stream.read(MAX_BODY))
    except ValueError:
        raise exception.MalformedRequestBody() from None
    if not isinstance(body, list):
        raise exception.BadRequest("Request body must be a JSON array of operation objects.")
    return [_check(operation) for operation in body]


def _check(operation: Any) -> dict[str, Any]:
    if not isinstance(operation, dict):
        raise exception.BadRequest("Operations must be JSON objects.")
    if operation.get("op") not in ("add", "replace", "remove"):
        raise exception.BadRequest(f"Unable to find `op` in JSON Schema change: {operation.get('op')!r}")
    path = operation.get("path")
    if not isinstance(path, str) or not path.startswith("/") or "/" in path[1:] or not path[1:]:
        raise exception.BadRequest(f"Invalid JSON pointer for this resource: '{path}'")
    if operation["op"] != "remove" and "value" not in operation:
        raise exception.BadRequest(f'Operation "{operation["op"]}" requires a member named "value".')
    name = path[1:].replace("~1", "/").replace("~0", "~")
    return {"op": operation["op"], "name": name, "value": operation.get("value")}


def apply(image: Image, operations: list[dict[str, Any]]) -> None:
    """Change the image. Raises Forbidden, Conflict for a property that is not there, ValidationError."""
    for operation in operations:
        name, removed = operation["name"], operation["op"] == "remove"
        schemas.validate({} if removed and name not in schemas.READ_ONLY else {name: operation["value"]})
        if name in WRITABLE:
            if removed:
                raise exception.Forbidden(f"Property {name} may not be removed.")
            setattr(image, name, operation["value"])
        elif name in schemas.BASE:
            raise exception.Forbidden(f"Attribute '{name}' is read-only.")
        else:
            _change_property(image, operation)


def _change_property(image: Image, operation: dict[str, Any]) -> None:
    name = operation["name"]
    if operation["op"] != "add" and name not in image.properties:
        raise exception.Conflict(f"Property {name} does not exist.")
    kept = {key: value for key, value in image.properties.items() if key != name}
    # A new dict, because SQLAlchemy does not see a change inside a JSON column.
    image.properties = kept if operation["op"] == "remove" else kept | {name: operation["value"]}
