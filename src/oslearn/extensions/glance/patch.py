"""Changing an image: JSON patch, as PATCH /v2/images/{id} takes it.

Interface: `parse(req)`, a list of changes; `apply(image, change)`.
Invariants: after a patch the image still fits its schema; what the client may not write is refused with 403.
Upstream: glance/api/v2/images.py (`RequestDeserializer`, `_do_add`, `_do_replace`, `_do_remove`).
Left out: locations.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from oslearn.core.glance.models import Image
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import MAX_BODY, Request
from oslearn.extensions.glance import schemas

DRAFT_4, DRAFT_10 = (f"application/openstack-images-v2.{minor}-json-patch" for minor in (0, 1))
"""In the older form the operation is the key: `{"add": "/name", "value": "x"}`."""
OPERATIONS = ("add", "remove", "replace")
WRITABLE = {"name", "disk_format", "container_format", "visibility", "protected", "min_ram", "min_disk", "owner",
            "os_hidden", "tags"}  # fmt: skip
POINTER_FAULTS = (
    (r"[^/]|$", 'Pointer `{}` does not start with "/".'),
    (r"/.*/\s*/", 'Pointer `{}` contains adjacent "/".'),
    (r".+/$", 'Pointer `{}` end with "/".'),
    (r".*~([^01]|$)", 'Pointer `{}` contains "~" not part of a recognized escape sequence.'),
)


class Change(NamedTuple):
    """One operation on one attribute."""

    op: str
    name: str
    value: Any
    draft_4: bool


def parse(req: Request) -> list[Change]:
    """The operations. Raises UnsupportedMediaType, BadRequest, Forbidden."""
    if req.content_type not in (DRAFT_4, DRAFT_10):
        message = f"Image PATCH expects Content-Type one of: {DRAFT_4}, {DRAFT_10}"
        raise exception.UnsupportedMediaType(message)
    try:
        body = json.loads(req.bounded_stream.read(MAX_BODY))
        json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        raise exception.BadRequest("Malformed JSON in request body.") from None
    if not isinstance(body, list):
        raise exception.BadRequest("Request body must be a JSON array of operation objects.")
    return [_change(raw, req.content_type == DRAFT_4) for raw in body]


def _change(raw: object, draft_4: bool) -> Change:
    if not isinstance(raw, dict):
        raise exception.BadRequest("Operations must be JSON objects.")
    op, pointer = _draft_4(raw) if draft_4 else _draft_10(raw)
    for pattern, message in POINTER_FAULTS:
        if re.match(pattern, pointer):
            raise exception.BadRequest(message.format(pointer))
    path = [part.replace("~1", "/").replace("~0", "~").strip() for part in pointer.lstrip("/").split("/")]
    if len(path) != 1 or not path[0]:
        raise exception.BadRequest(f"Invalid JSON pointer for this resource: '/{'/'.join(path)}'")
    if op != "remove" and "value" not in raw:
        raise exception.BadRequest(f'Operation "{op}" requires a member named "value".')
    change = Change(op, path[0], raw.get("value"), draft_4)
    schemas.check_name(change.name)
    if change.name == "id":
        raise exception.Forbidden("Attribute 'id' is read-only.")
    if op != "remove":
        schemas.validate({change.name: change.value})
    return change


def _draft_4(raw: Body) -> tuple[str, str]:
    ops = [op for op in OPERATIONS if op in raw]
    if len(ops) != 1:
        which = "exactly" if not ops else "only"
        raise exception.BadRequest(
            f'Operation objects must contain {which} one member named "add", "remove", or "replace".'
        )
    return ops[0], str(raw[ops[0]])


def _draft_10(raw: Body) -> tuple[str, str]:
    one_of = "It must be one of the following: add, remove, replace."
    if raw.get("op") is None:
        raise exception.BadRequest(f"Unable to find `op` in JSON Schema change. {one_of}")
    if raw["op"] not in OPERATIONS:
        raise exception.BadRequest(f"Invalid operation: `{raw['op']}`. {one_of}")
    if "path" not in raw:
        raise exception.BadRequest("Unable to find 'path' in JSON Schema change")
    return raw["op"], str(raw["path"])


def apply(image: Image, change: Change) -> None:
    """Change the image. Raises Forbidden, Conflict for a property that is not there."""
    name, base = change.name, change.name in WRITABLE
    if change.op == "add" and change.draft_4 and (base or name in image.properties):
        raise exception.Conflict(detail=f"Property {name} already present.")
    if base and change.op == "remove":
        raise exception.Forbidden(detail=f"Property {name} may not be removed.")
    if name in ("disk_format", "container_format") and image.status != "queued":
        raise exception.Forbidden(f"Attribute {name} can be only replaced for a queued image.")
    if base:
        setattr(image, name, list(dict.fromkeys(change.value)) if name == "tags" else change.value)
        return
    if change.op != "add" and name not in image.properties:
        raise exception.Conflict(detail=f"Property {name} does not exist.")
    kept = {key: value for key, value in image.properties.items() if key != name or change.op == "replace"}
    # A new dict, because SQLAlchemy does not see a change inside a JSON column.
    image.properties = kept if change.op == "remove" else kept | {name: change.value}
