"""What images, members and tasks look like, and what of it a client may set.

Interface: `SCHEMAS` by name, `validate(body)`, `check_name(name)`, `json_body(req)`.
Invariants: a read-only attribute never comes from a client.
Upstream: glance/api/v2/images.py (`RequestDeserializer`), image_members.py, tasks.py, glance/schema.py.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from oslearn.core.glance.api import IMAGE
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request

if TYPE_CHECKING:
    from jsonschema import Draft7Validator, ValidationError

READ_ONLY = {
    "status", "checksum", "os_hash_algo", "os_hash_value", "size", "virtual_size", "created_at", "updated_at",
    "direct_url", "self", "file", "schema", "stores",
}  # fmt: skip
UUID = "^([0-9a-fA-F]){8}(-([0-9a-fA-F]){4}){3}-([0-9a-fA-F]){12}$"
DESCRIBED = ("describedby", "{schema}")
RESERVED = ("location", "locations", "deleted", "deleted_at")
INTERNAL = "os_glance"
"""How names begin that Glance keeps to itself."""


def field(kind: str | list[str], description: str, **more: object) -> Body:
    """What one attribute is, in the words that clients print."""
    return {"type": kind, "description": description} | more


def schema(name: str, properties: Body, **more: object) -> Body:
    """An object with a name, and no other attributes than these unless `more` lets them in."""
    return {"name": name, "properties": properties, "additionalProperties": False} | more


def collection(name: str, item: Body) -> Body:
    """A page of such objects."""
    own = {name: {"type": "array", "items": item}} | {key: {"type": "string"} for key in ("first", "next", "schema")}
    links = [{"rel": rel, "href": href} for rel, href in (("first", "{first}"), ("next", "{next}"), DESCRIBED)]
    return {"name": name, "properties": own, "links": links}


MEMBER = {
    "member_id": field("string", "An identifier for the image member (tenantId)"),
    "image_id": field("string", "An identifier for the image", pattern=UUID),
    "created_at": field("string", "Date and time of image member creation"),
    "updated_at": field("string", "Date and time of last modification of image member"),
    "status": field("string", "The status of this image member", enum=["pending", "accepted", "rejected"]),
    "schema": {"type": "string", "readOnly": True},
}
BRIEF = {
    "id": field("string", "An identifier for the task", pattern=UUID),
    "type": field("string", "The type of task", enum=["import", "api_image_import", "location_import"]),
    "status": field("string", "The current status", enum=["pending", "processing", "success", "failure"]),
    "owner": field("string", "An identifier for the owner of this task"),
    "image_id": field("string", "Image associated with the task"),
    "request_id": field("string", "Human-readable informative request-id"),
    "user_id": field("string", "User associated with the task"),
    "expires_at": field(["null", "string"], "Datetime when this resource would be subject to removal"),
    "created_at": field("string", "Datetime when this resource was created"),
    "updated_at": field("string", "Datetime when this resource was updated"),
    "self": {"type": "string", "readOnly": True},
    "schema": {"type": "string", "readOnly": True},
}
TASK = BRIEF | {
    "input": field(["null", "object"], "The parameters required by task, JSON blob"),
    "result": field(["null", "object"], "The result of current task, JSON blob"),
    "message": field("string", "Human-readable informative message, usually on failure"),
}
SCHEMAS = {
    "image": IMAGE, "images": collection("images", IMAGE),
    "member": schema("member", MEMBER), "members": collection("members", schema("member", MEMBER)),
    "task": schema("task", TASK), "tasks": collection("tasks", schema("task", BRIEF)),
}  # fmt: skip


def check_name(name: str) -> None:
    """Whether a client may set the attribute. Raises Forbidden."""
    if name in READ_ONLY:
        raise exception.Forbidden(f"Attribute '{name}' is read-only.")
    if name in RESERVED or name.startswith(INTERNAL):
        raise exception.Forbidden(f"Attribute '{name}' is reserved.")


def validate(body: Body) -> Body:
    """Return the body. Raises Forbidden for an attribute that is not the client's, ValidationError for a bad value."""
    for name in body:
        check_name(name)
    error = next(iter(_validator().iter_errors(body)), None)
    if error is not None:
        raise exception.ValidationError(f"Provided object does not match schema 'image': {_words(error)}")
    for name in ("min_ram", "min_disk"):
        value = body.get(name, 0)
        if value < 0 or value >= 2**31:
            words = "Cannot be a negative value" if value < 0 else "No column holds it"
            raise exception.ValidationError(f"Invalid value '{value}' for parameter '{name}': {words}")
    if any(len(name) > 255 for name in body):
        raise exception.ValidationError("Custom property should not be greater than 255 characters.")
    return body


def _words(error: ValidationError) -> str:
    try:
        return str(error)
    except RecursionError:  # it shows what was sent, however deep
        return str(error.validator)


@functools.cache
def _validator() -> Draft7Validator:
    import jsonschema

    return jsonschema.Draft7Validator(IMAGE)


def json_body(req: Request) -> Body:
    """The body. Raises BadRequest in Glance's words."""
    if not req.content_length:
        raise exception.BadRequest("Body expected in request.")
    try:
        return req.json_body()
    except exception.MalformedRequestBody:
        raise exception.BadRequest("Malformed JSON in request body.") from None
