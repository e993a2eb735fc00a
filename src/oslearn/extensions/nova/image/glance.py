"""Nova's client of Glance: images that are made of instances.

Interface: `ExtendedImageAPI`; `system_metadata(image, flavor)`.
Upstream: nova/image/glance.py; nova/utils.py, `get_system_metadata_from_image`.
"""

from __future__ import annotations

from typing import Self

from keystoneauth1 import exceptions as ks

from oslearn.core.nova.image.glance import STANDARD, ImageAPI
from oslearn.core.nova.objects import Flavor, ImageMeta, Values
from oslearn.core.oslo.context import RequestContext

INHERITED = {"min_disk", "min_ram", "disk_format", "container_format"}
"""Which of the standard fields an instance keeps, and with it an image that is made of it."""


class ExtendedImageAPI(ImageAPI):
    """Images that are made of instances, with the user's token."""

    @classmethod
    def of(cls, core: ImageAPI) -> Self:
        """Over the same client."""
        return cls(core.client, core.schema)

    def create(self, context: RequestContext, image: Values, data: bytes | None = None) -> str:
        """A new image, queued until it has data; returns its id. Raises TransportError."""
        formats = {} if data is None else {"disk_format": "qcow2", "container_format": "bare"}
        image_id = str(self.client.request("POST", "/v2/images", context, formats | image).json()["id"])
        if data is not None:
            self.upload(context, image_id, data)
        return image_id

    def update(self, context: RequestContext, image_id: str, changes: Values) -> None:
        """Set fields. Raises TransportError."""
        patch = [{"op": "add", "path": f"/{key}", "value": value} for key, value in changes.items()]
        headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
        self.client.request("PATCH", f"/v2/images/{image_id}", context, patch, headers=headers)

    def upload(self, context: RequestContext, image_id: str, data: bytes) -> None:
        """Fill an image; it is active then. Raises TransportError."""
        headers = {"Content-Type": "application/octet-stream"}
        self.client.request("PUT", f"/v2/images/{image_id}/file", context, data=data, headers=headers)

    def delete(self, context: RequestContext, image_id: str) -> None:
        """Delete an image, if it is there. Raises TransportError."""
        try:
            self.client.request("DELETE", f"/v2/images/{image_id}", context)
        except ks.NotFound:
            return

    def list_snapshots(self, context: RequestContext, **which: str) -> list[Values]:
        """The images that were made of instances, whoever may see them. Raises TransportError."""
        query = {"visibility": "all"} | which
        return list(self.client.request("GET", "/v2/images", context, params=query).json()["images"])

    def list_backups(self, context: RequestContext, uuid: str, kind: str) -> list[str]:
        """The ids of an instance's backups of one kind, newest first. Raises TransportError."""
        query = {"image_type": "backup", "backup_type": kind, "instance_uuid": uuid, "sort": "created_at:desc"}
        found = self.client.request("GET", "/v2/images", context, params=query).json()["images"]
        return [image["id"] for image in found]


def system_metadata(image: ImageMeta, flavor: Flavor) -> Values:
    """What an instance keeps of the image that it is made from."""
    kept = {f"image_{k}": v for k, v in image.items() if k not in STANDARD - INHERITED and v is not None}
    disk = {"image_min_disk": str(flavor["root_gb"])} if flavor["root_gb"] else {}
    return kept | {"image_base_image_ref": image.get("id", "")} | disk
