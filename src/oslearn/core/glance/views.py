"""An image as the API shows it.

Upstream: glance/api/v2/images.py (`ResponseSerializer`).
"""

from __future__ import annotations

from oslearn.core.glance.models import Image
from oslearn.core.oslo.clock import iso
from oslearn.core.oslo.context import Body

BASE = (
    "name", "disk_format", "container_format", "visibility", "size", "virtual_size", "status", "checksum", "protected",
    "min_ram", "min_disk", "owner", "os_hidden", "os_hash_algo", "os_hash_value", "id",
)  # fmt: skip
STORE_ID = "fs"


def view(image: Image) -> Body:
    """The image as the API shows it: its own properties are keys beside the others."""
    path = f"/v2/images/{image.id}"
    # The attributes come last: a property of an older image must not pass for one.
    shown: Body = image.properties | {name: getattr(image, name) for name in BASE}
    shown |= {"created_at": iso(image.created_at), "updated_at": iso(image.updated_at)}
    shown |= {"tags": image.tags, "self": path, "file": f"{path}/file", "schema": "/v2/schemas/image"}
    return shown | ({"stores": STORE_ID} if image.status in ("active", "deactivated") else {})
