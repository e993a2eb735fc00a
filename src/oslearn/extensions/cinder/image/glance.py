"""Cinder's client of Glance: with the user's token.

Interface: `GlanceClientWrapper`: `find`, `create`, `upload`; `volume_image_metadata`.
Upstream: cinder/image/glance.py, cinder/volume/volume_utils.py.
"""

from __future__ import annotations

import json
import re

from keystoneauth1 import exceptions as ks

from oslearn.core.oslo import schema
from oslearn.core.oslo.adapter import Client, TransportError
from oslearn.core.oslo.context import Body, RequestContext
from oslearn.core.oslo.exception import BadRequest, Conflict

CORE = ("checksum", "container_format", "disk_format", "min_disk", "min_ram", "size")
STANDARD = {
    *CORE, "status", "name", "tags", "created_at", "updated_at", "visibility", "self", "protected", "id", "file",
    "os_hash_algo", "os_hash_value", "os_hidden", "owner", "schema", "virtual_size", "direct_url", "stores",
    "locations",
}  # fmt: skip
"""What is not a property."""


class GlanceClientWrapper:
    """Images, as Cinder needs them."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def find(self, context: RequestContext, reference: str) -> Body:
        """An image by id or name. Raises BadRequest, Conflict if several have the name."""
        name = reference.rpartition("/")[2]
        try:
            if re.match(schema.UUID, name):
                return dict(self.client.request("GET", f"/v2/images/{name}", context).json())
        except TransportError:
            pass  # it may be a name
        try:
            found = self.client.request("GET", "/v2/images", context, params={"name": reference}).json()["images"]
        except TransportError:
            found = []
        if len(found) > 1:
            raise Conflict(f"Multiple matches found for '{reference}', use an ID to be more specific.")
        if not found:
            raise BadRequest("Invalid image identifier or unable to access requested image.")
        return dict(found[0])

    def create(self, context: RequestContext, values: Body) -> Body:
        """An image without data. Raises BadRequest with what Glance says."""
        try:
            return dict(self.client.request("POST", "/v2/images", context, values).json())
        except ks.ClientException as error:
            raise BadRequest(str(error)) from None

    def upload(self, context: RequestContext, image_id: str, data: bytes) -> None:
        """Give an image its data; one that Glance does not take is deleted."""
        headers = {"Content-Type": "application/octet-stream"}
        try:
            self.client.request("PUT", f"/v2/images/{image_id}/file", context, data=data, headers=headers)
        except ks.ClientException:
            self.client.request("DELETE", f"/v2/images/{image_id}", context)


def volume_image_metadata(image: Body) -> dict[str, str]:
    """What a volume keeps of its image: properties, and what a boot must know."""
    kept = {key: value for key, value in image.items() if key not in STANDARD}
    kept |= {"image_id": image["id"], "image_name": image["name"]} | {key: image[key] for key in CORE if key in image}
    return {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in kept.items() if value is not None
    }
