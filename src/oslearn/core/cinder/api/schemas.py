"""What the bodies of requests must look like: attachments, and what schemas are made of.

Upstream: cinder/api/schemas/, cinder/api/validation/parameter_types.py.
"""

from __future__ import annotations

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.schema import ByVersion


def obj(required: str = "", more: bool = False, **properties: Body) -> Body:
    """An object; `required` names properties."""
    made: Body = {"type": "object", "properties": properties, "additionalProperties": more}
    return made | ({"required": required.split()} if required else {})


def body(key: str, inner: Body) -> Body:
    """A body with one key."""
    return {"type": "object", "properties": {key: inner}, "required": [key], "additionalProperties": False}


UUID: Body = {"type": "string", "format": "uuid"}
UUID_OR_NULL: Body = {"oneOf": [{"type": "null"}, UUID]}
CONNECTOR: Body = {"type": ["object", "null"]}
ATTACHMENT: Body = {"instance_uuid": UUID_OR_NULL, "connector": CONNECTOR, "volume_uuid": UUID}
CREATE_ATTACHMENTS: ByVersion = [
    ((3, 54), body("attachment", obj("volume_uuid", mode={"enum": ["rw", "ro", None]}, **ATTACHMENT))),
    ((3, 27), body("attachment", obj("volume_uuid", **ATTACHMENT))),
]
UPDATE_ATTACHMENT = body("attachment", obj("connector", connector={"type": "object", "minProperties": 1}))
COMPLETE = body("os-complete", {})
