"""What an image looks like: the JSON schema that clients read and bodies are checked against, and the view of a row.

Interface: `IMAGE`, `IMAGES`, `validate(body)`, `view(image)`.
Invariants: a read-only attribute never comes from a client.
Upstream: glance/api/v2/images.py (`get_base_properties`, `ResponseSerializer`), glance/schema.py.
Left out: locations, schemas of members, tasks and metadata definitions.
"""

from __future__ import annotations

import functools
from typing import Any

from oslearn.glance.models import Image
from oslearn.oslo import exception
from oslearn.oslo.clock import iso

BASE = (
    "name", "disk_format", "container_format", "visibility", "size", "virtual_size", "status", "checksum", "protected",
    "min_ram", "min_disk", "owner", "os_hidden", "os_hash_algo", "os_hash_value", "id",
)  # fmt: skip
READ_ONLY = {
    "status", "checksum", "os_hash_algo", "os_hash_value", "size", "virtual_size", "created_at", "updated_at",
    "direct_url", "self", "file", "schema", "stores",
}  # fmt: skip
RESERVED = {"deleted", "deleted_at", "is_public"}
STATUSES = [
    "queued",
    "saving",
    "active",
    "killed",
    "deleted",
    "uploading",
    "importing",
    "pending_delete",
    "deactivated",
]
CONTAINER_FORMATS = [None, "ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"]
DISK_FORMATS = [None, "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"]
STORE_ID = "fs"


def _field(kind: str | list[str], description: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "description": description} | more


TEXT = ["null", "string"]
PROPERTIES: dict[str, Any] = {
    "id": _field(
        "string", "An identifier for the image", pattern="^([0-9a-fA-F]){8}(-([0-9a-fA-F]){4}){3}-([0-9a-fA-F]){12}$"
    ),
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
    "min_ram": _field("integer", "Amount of ram (in MB) required to boot image.", minimum=0, maximum=2**31 - 1),
    "min_disk": _field("integer", "Amount of disk space (in GB) required to boot image.", minimum=0, maximum=2**31 - 1),
    "self": _field("string", "An image self url"),
    "file": _field("string", "An image file url"),
    "schema": _field("string", "An image schema url"),
}
IMAGE: dict[str, Any] = {
    "name": "image",
    "properties": {k: v | ({"readOnly": True} if k in READ_ONLY else {}) for k, v in PROPERTIES.items()},
    "additionalProperties": {"type": "string"},
    "links": [
        {"rel": "self", "href": "{self}"},
        {"rel": "enclosure", "href": "{file}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}
IMAGES: dict[str, Any] = {
    "name": "images",
    "properties": {
        "images": {"type": "array", "items": IMAGE},
        "schema": {"type": "string"},
        "next": {"type": "string"},
        "first": {"type": "string"},
    },
    "links": [
        {"rel": "first", "href": "{first}"},
        {"rel": "next", "href": "{next}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}


def validate(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body. Raises Forbidden for an attribute that is not the client's, ValidationError for a bad value."""
    for name in body:
        if name in READ_ONLY:
            raise exception.Forbidden(f"Attribute '{name}' is read-only.")
        if name in RESERVED:
            raise exception.Forbidden(f"Attribute '{name}' is reserved.")
    error = next(iter(_validator().iter_errors(body)), None)
    if error is not None:
        raise exception.ValidationError(f"Provided object does not match schema 'image': {error.message}")
    return body


@functools.cache
def _validator() -> Any:
    import jsonschema

    return jsonschema.Draft7Validator(IMAGE)


def view(image: Image) -> dict[str, Any]:
    """The image as the API shows it: its own properties are keys beside the others."""
    path = f"/v2/images/{image.id}"
    shown = dict(image.properties) | {name: getattr(image, name) for name in BASE}
    shown |= {"created_at": iso(image.created_at), "updated_at": iso(image.updated_at), "tags": image.tags}
    shown |= {"self": path, "file": f"{path}/file", "schema": "/v2/schemas/image"}
    return shown | ({"stores": STORE_ID} if image.status == "active" else {})
