"""What images, members and tasks look like: the JSON schemas that clients read and that bodies are checked against.

Interface: `SCHEMAS` by name, `validate(body)`, `check_name(name)`.
Invariants: a read-only attribute never comes from a client.
Upstream: glance/api/v2/images.py (`get_base_properties`), image_members.py, tasks.py, glance/schema.py.
Left out: metadata definitions.
"""

from __future__ import annotations

import functools
from typing import Any

from oslearn.core.oslo import exception

READ_ONLY = {
    "status", "checksum", "os_hash_algo", "os_hash_value", "size", "virtual_size", "created_at", "updated_at",
    "direct_url", "self", "file", "schema", "stores",
}  # fmt: skip
RESERVED = ("location", "locations", "deleted", "deleted_at")
INTERNAL = "os_glance"
"""How names begin that Glance keeps to itself."""
STATUSES = ["queued", "saving", "active", "killed", "deleted", "uploading", "importing", "pending_delete",
            "deactivated"]  # fmt: skip
CONTAINER_FORMATS = [None, "ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"]
DISK_FORMATS = [None, "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"]
UUID = "^([0-9a-fA-F]){8}(-([0-9a-fA-F]){4}){3}-([0-9a-fA-F]){12}$"


def _field(kind: str | list[str], description: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "description": description} | more


def _schema(name: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "properties": properties, "additionalProperties": False} | more


def _collection(name: str, item: dict[str, Any]) -> dict[str, Any]:
    own = {name: {"type": "array", "items": item}} | {key: {"type": "string"} for key in ("first", "next", "schema")}
    links = [{"rel": rel, "href": href} for rel, href in (("first", "{first}"), ("next", "{next}"), DESCRIBED)]
    return {"name": name, "properties": own, "links": links}


DESCRIBED = ("describedby", "{schema}")


TEXT = ["null", "string"]
PROPERTIES: dict[str, Any] = {
    "id": _field("string", "An identifier for the image", pattern=UUID),
    "name": _field(TEXT, "Descriptive name for the image", maxLength=255),
    "status": _field("string", "Status of the image", enum=STATUSES),
    "visibility": _field("string", "Scope of image accessibility", enum=["community", "public", "private", "shared"]),
    "protected": _field("boolean", "If true, image will not be deletable."),
    "os_hidden": _field("boolean", "If true, image will not appear in default image list response."),
    "checksum": _field(TEXT, "md5 hash of image contents.", maxLength=32),
    "os_hash_algo": _field(TEXT, "Algorithm to calculate the os_hash_value", maxLength=64),
    "os_hash_value": _field(
        TEXT, "Hexdigest of the image contents using the algorithm specified by the os_hash_algo", maxLength=128
    ),
    "owner": _field(TEXT, "Owner of the image", maxLength=255),
    "size": _field(["null", "integer"], "Size of image file in bytes"),
    "virtual_size": _field(["null", "integer"], "Virtual size of image in bytes"),
    "container_format": _field(TEXT, "Format of the container", enum=CONTAINER_FORMATS),
    "disk_format": _field(TEXT, "Format of the disk", enum=DISK_FORMATS),
    "created_at": _field("string", "Date and time of image registration"),
    "updated_at": _field("string", "Date and time of the last image modification"),
    "tags": _field("array", "List of strings related to the image", items={"type": "string", "maxLength": 255}),
    "min_ram": _field("integer", "Amount of ram (in MB) required to boot image."),
    "min_disk": _field("integer", "Amount of disk space (in GB) required to boot image."),
    "self": _field("string", "An image self url"),
    "file": _field("string", "An image file url"),
    "schema": _field("string", "An image schema url"),
    "direct_url": _field("string", "URL to access the image file kept in external store"),
    "stores": _field("string", "Store in which image data resides."),
    "locations": _field(
        "array",
        "A set of URLs to access the image file kept in external store",
        items={"type": "object", "required": ["url", "metadata"]},
    ),
}
MEMBER = {
    "member_id": _field("string", "An identifier for the image member (tenantId)"),
    "image_id": _field("string", "An identifier for the image", pattern=UUID),
    "created_at": _field("string", "Date and time of image member creation"),
    "updated_at": _field("string", "Date and time of last modification of image member"),
    "status": _field("string", "The status of this image member", enum=["pending", "accepted", "rejected"]),
    "schema": {"type": "string", "readOnly": True},
}
BRIEF = {
    "id": _field("string", "An identifier for the task", pattern=UUID),
    "type": _field("string", "The type of task", enum=["import", "api_image_import", "location_import"]),
    "status": _field("string", "The current status", enum=["pending", "processing", "success", "failure"]),
    "owner": _field("string", "An identifier for the owner of this task"),
    "image_id": _field("string", "Image associated with the task"),
    "request_id": _field("string", "Human-readable informative request-id"),
    "user_id": _field("string", "User associated with the task"),
    "expires_at": _field(["null", "string"], "Datetime when this resource would be subject to removal"),
    "created_at": _field("string", "Datetime when this resource was created"),
    "updated_at": _field("string", "Datetime when this resource was updated"),
    "self": {"type": "string", "readOnly": True},
    "schema": {"type": "string", "readOnly": True},
}
TASK = BRIEF | {
    "input": _field(["null", "object"], "The parameters required by task, JSON blob"),
    "result": _field(["null", "object"], "The result of current task, JSON blob"),
    "message": _field("string", "Human-readable informative message, usually on failure"),
}
IMAGE = _schema(
    "image",
    {k: v | ({"readOnly": True} if k in READ_ONLY else {}) for k, v in PROPERTIES.items()},
    additionalProperties={"type": "string"},
    links=[{"rel": rel, "href": href} for rel, href in (("self", "{self}"), ("enclosure", "{file}"), DESCRIBED)],
)
SCHEMAS = {
    "image": IMAGE, "images": _collection("images", IMAGE),
    "member": _schema("member", MEMBER), "members": _collection("members", _schema("member", MEMBER)),
    "task": _schema("task", TASK), "tasks": _collection("tasks", _schema("task", BRIEF)),
}  # fmt: skip


def check_name(name: str) -> None:
    """Whether a client may set the attribute. Raises Forbidden."""
    if name in READ_ONLY:
        raise exception.Forbidden(f"Attribute '{name}' is read-only.")
    if name in RESERVED or name.startswith(INTERNAL):
        raise exception.Forbidden(f"Attribute '{name}' is reserved.")


def validate(body: dict[str, Any]) -> dict[str, Any]:
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


def _words(error: Any) -> str:
    try:
        return str(error)
    except RecursionError:  # it shows what was sent, however deep
        return str(error.validator)


@functools.cache
def _validator() -> Any:
    import jsonschema

    return jsonschema.Draft7Validator(IMAGE)
