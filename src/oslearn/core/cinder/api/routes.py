"""cinder-api's table of contents, as far as a boot goes, the bodies that it takes, and who may ask.

Interface: `ROUTES`, with the project's id in the path or without; `RULES`; `COMPLETE`; `obj`, `body`, of which schemas
are made.
Upstream: cinder/api/v3/router.py, cinder/policies/, cinder/api/schemas/, cinder/api/validation/parameter_types.py.
"""

from __future__ import annotations

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.policy import Rule, project_member, project_reader
from oslearn.core.oslo.schema import ByVersion
from oslearn.core.oslo.wsgi import Route


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
FIELDS: Body = {"instance_uuid": UUID_OR_NULL, "connector": CONNECTOR, "volume_uuid": UUID}
CREATE_ATTACHMENTS: ByVersion = [
    ((3, 54), body("attachment", obj("volume_uuid", mode={"enum": ["rw", "ro", None]}, **FIELDS))),
    ((3, 27), body("attachment", obj("volume_uuid", **FIELDS))),
]
UPDATE_ATTACHMENT = body("attachment", obj("connector", connector={"type": "object", "minProperties": 1}))
COMPLETE = body("os-complete", {})

ATTACHMENT, SINCE = "volume:attachment_", (3, 27)
ROUTES = [
    # nova-api looks at a volume and reserves it; nova-compute connects it, and says that the guest has it.
    Route("GET /v3/volumes/{id}", "volumes.show_volume", "volume:get"),
    Route("POST /v3/attachments", "attachments.create_attachment", ATTACHMENT + "create",
          CREATE_ATTACHMENTS, since=SINCE),
    Route("PUT /v3/attachments/{id}", "attachments.update_attachment", ATTACHMENT + "update",
          UPDATE_ATTACHMENT, since=SINCE),
    Route("POST /v3/attachments/{id}/action", "attachments.act_on_attachment", ATTACHMENT + "complete", since=(3, 44)),

    # When the server goes, Nova ends what it finds of it.
    Route("GET /v3/attachments", "attachment_lists.index", "volume:get_all", since=SINCE),
    Route("DELETE /v3/attachments/{id}", "attachments.delete_attachment", ATTACHMENT + "delete", since=SINCE),
]  # fmt: skip
RULES: dict[str, Rule] = {
    "volume:get": project_reader,
    "volume:get_all": project_reader,
    **{ATTACHMENT + verb: project_member for verb in ("create", "update", "complete", "delete")},
}
