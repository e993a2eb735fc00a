"""glance-api as far as a boot asks it: one image, and what an image looks like.

Interface: `Images` and `Schemas` are the parts, `ROUTES` leads to them; `RULES`, `REFUSED` are the policy;
`view(image)`; the `PATHS` need no token.
Invariants: an image's state and data are the extensions' to change; here they are only read.
Upstream: glance/api/v2/router.py, images.py (`ResponseSerializer`), schemas.py, etc/schema-image.json.
Left out: locations (`/locations`), metadata definitions.
"""

from __future__ import annotations

import json
from pathlib import Path

from oslearn.core.glance.models import Image, image_get
from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.clock import iso
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.wsgi import Route

IMAGE: Body = json.loads((Path(__file__).parent / "image.json").read_text("utf-8"))
"""What an image looks like: the JSON schema that clients read, Nova among them."""
RULES: dict[str, policy.Rule] = {"get_image": policy.project_reader}
REFUSED = "You are not authorized to complete %(action)s action."
ROUTES = [
    Route("GET /v2/schemas/{name}", "schemas.show"),
    Route("GET /v2/images/{image_id}", "images.show", "get_image"),
]
PATHS = ("/", "/versions")
"""Of version discovery, which comes before everything else: no token, no request id."""
BASE = (
    "name", "disk_format", "container_format", "visibility", "size", "virtual_size", "status", "checksum", "protected",
    "min_ram", "min_disk", "owner", "os_hidden", "os_hash_algo", "os_hash_value", "id",
)  # fmt: skip
STORE_ID = "fs"


class Images:
    """The images that servers are made from, one at a time."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def show(self, req: Request, image_id: str) -> Body:
        """An image's metadata, its own properties among them. 200, 404."""
        with self.handle.session() as session:
            return view(image_get(session, req.caller, image_id))


class Schemas:
    """The JSON schemas by which clients know the attributes of an image from its own properties: Nova asks, too."""

    def __init__(self, known: dict[str, Body]) -> None:
        self.known = known

    def show(self, req: Request, name: str) -> Body:
        """One schema. 200, 404."""
        if name not in self.known:
            raise exception.NotFound()
        return self.known[name]


def view(image: Image) -> Body:
    """The image as the API shows it: its own properties are keys beside the others."""
    path = f"/v2/images/{image.id}"
    # The attributes come last: a property of an older image must not pass for one.
    shown: Body = image.properties | {name: getattr(image, name) for name in BASE}
    shown |= {"created_at": iso(image.created_at), "updated_at": iso(image.updated_at)}
    shown |= {"tags": image.tags, "self": path, "file": f"{path}/file", "schema": "/v2/schemas/image"}
    return shown | ({"stores": STORE_ID} if image.status in ("active", "deactivated") else {})
