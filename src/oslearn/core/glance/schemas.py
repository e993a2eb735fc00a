"""What an image looks like: the JSON schema that clients read, Nova among them.

Interface: `IMAGE`; `field`, `schema`, from which the schemas are made; `READ_ONLY`.
Upstream: glance/api/v2/images.py (`get_base_properties`), glance/schema.py. Left out: metadata definitions.
"""

from __future__ import annotations

from oslearn.core.oslo.context import Body

READ_ONLY = {
    "status", "checksum", "os_hash_algo", "os_hash_value", "size", "virtual_size", "created_at", "updated_at",
    "direct_url", "self", "file", "schema", "stores",
}  # fmt: skip
STATUSES = ["queued", "saving", "active", "killed", "deleted", "uploading", "importing", "pending_delete",
            "deactivated"]  # fmt: skip
CONTAINER_FORMATS = [None, "ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"]
DISK_FORMATS = [None, "ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"]
UUID = "^([0-9a-fA-F]){8}(-([0-9a-fA-F]){4}){3}-([0-9a-fA-F]){12}$"


def field(kind: str | list[str], description: str, **more: object) -> Body:
    """What one attribute is, in the words that clients print."""
    return {"type": kind, "description": description} | more


def schema(name: str, properties: Body, **more: object) -> Body:
    """An object with a name, and no other attributes than these unless `more` lets them in."""
    return {"name": name, "properties": properties, "additionalProperties": False} | more


DESCRIBED = ("describedby", "{schema}")
TEXT = ["null", "string"]
PROPERTIES: Body = {
    "id": field("string", "An identifier for the image", pattern=UUID),
    "name": field(TEXT, "Descriptive name for the image", maxLength=255),
    "status": field("string", "Status of the image", enum=STATUSES),
    "visibility": field("string", "Scope of image accessibility", enum=["community", "public", "private", "shared"]),
    "protected": field("boolean", "If true, image will not be deletable."),
    "os_hidden": field("boolean", "If true, image will not appear in default image list response."),
    "checksum": field(TEXT, "md5 hash of image contents.", maxLength=32),
    "os_hash_algo": field(TEXT, "Algorithm to calculate the os_hash_value", maxLength=64),
    "os_hash_value": field(
        TEXT, "Hexdigest of the image contents using the algorithm specified by the os_hash_algo", maxLength=128
    ),
    "owner": field(TEXT, "Owner of the image", maxLength=255),
    "size": field(["null", "integer"], "Size of image file in bytes"),
    "virtual_size": field(["null", "integer"], "Virtual size of image in bytes"),
    "container_format": field(TEXT, "Format of the container", enum=CONTAINER_FORMATS),
    "disk_format": field(TEXT, "Format of the disk", enum=DISK_FORMATS),
    "created_at": field("string", "Date and time of image registration"),
    "updated_at": field("string", "Date and time of the last image modification"),
    "tags": field("array", "List of strings related to the image", items={"type": "string", "maxLength": 255}),
    "min_ram": field("integer", "Amount of ram (in MB) required to boot image."),
    "min_disk": field("integer", "Amount of disk space (in GB) required to boot image."),
    "self": field("string", "An image self url"),
    "file": field("string", "An image file url"),
    "schema": field("string", "An image schema url"),
    "direct_url": field("string", "URL to access the image file kept in external store"),
    "stores": field("string", "Store in which image data resides."),
    "locations": field(
        "array",
        "A set of URLs to access the image file kept in external store",
        items={"type": "object", "required": ["url", "metadata"]},
    ),
}
IMAGE = schema(
    "image",
    {k: v | ({"readOnly": True} if k in READ_ONLY else {}) for k, v in PROPERTIES.items()},
    additionalProperties={"type": "string"},
    links=[{"rel": rel, "href": href} for rel, href in (("self", "{self}"), ("enclosure", "{file}"), DESCRIBED)],
)
