"""Nova's client of Glance.

Interface: `ImageAPI`.
Upstream: nova/image/glance.py.
"""

from __future__ import annotations

from typing import cast

from keystoneauth1 import exceptions as ks

from oslearn.core.nova.objects import ImageMeta, Values
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest

STANDARD = {
    "status", "name", "tags", "container_format", "created_at", "size", "disk_format", "updated_at", "visibility",
    "self", "min_disk", "protected", "id", "file", "checksum", "os_hash_algo", "os_hash_value", "os_hidden", "owner",
    "schema", "virtual_size", "min_ram", "direct_url", "stores", "locations",
}  # fmt: skip
"""What is not a property."""


class ImageAPI:
    """Reads images with the user's token."""

    def __init__(self, client: Client, schema: bool = False) -> None:
        """With `schema`, an image's properties are what Glance's schema does not name; without, what we do not."""
        self.client, self.schema, self.standard = client, schema, set(STANDARD)

    def get(self, context: RequestContext, image_id: str) -> Values:
        """An image's metadata. Raises TransportError."""
        return dict(self.client.request("GET", f"/v2/images/{image_id}", context).json())

    def get_for_boot(
        self, context: RequestContext, image_id: str, missing: str = "Can not find requested image"
    ) -> ImageMeta:
        """An image that can be booted. Raises BadRequest."""
        try:
            image = cast(ImageMeta, self.get(context, image_id))
        except ks.NotFound:
            raise BadRequest(missing) from None
        if self.schema:
            self.standard |= set(self.client.request("GET", "/v2/schemas/image", context).json()["properties"])
        if image["status"] != "active":
            raise BadRequest(f"Image {image_id} is not active.")
        return image

    def properties(self, image: ImageMeta) -> Values:
        """What the image says of itself beyond the standard fields."""
        return {key: value for key, value in image.items() if key not in self.standard}
