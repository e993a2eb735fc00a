"""Images: list, create, show, update, delete; their tags; deactivate and reactivate.

Upstream: glance/api/v2/images.py, image_tags.py, image_actions.py. Left out: encryption keys; locations
(`locations`, `direct_url`), which are refused.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from oslearn.core.glance import listing, patch, quota, schemas, views
from oslearn.core.glance.base import Controller, json_body
from oslearn.core.glance.models import Image, Member
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Reply, Request

ROUTES = [
    ("GET", "/v2/images", "list_images"),
    ("POST", "/v2/images", "create_image"),
    ("GET", "/v2/images/{image_id}", "show_image"),
    ("PATCH", "/v2/images/{image_id}", "update_image"),
    ("DELETE", "/v2/images/{image_id}", "delete_image"),
    ("PUT", "/v2/images/{image_id}/tags/{tag}", "add_tag"),
    ("DELETE", "/v2/images/{image_id}/tags/{tag}", "delete_tag"),
    ("POST", "/v2/images/{image_id}/actions/deactivate", "deactivate_image"),
    ("POST", "/v2/images/{image_id}/actions/reactivate", "reactivate_image"),
]
IMPORT_METHODS = ("glance-direct", "web-download", "copy-image")
STORES = (views.STORE_ID, "os_glance_staging_store", "os_glance_tasks_store")
"""Those of the process; it names the reserved ones once it has worked with data, as the recorded one did."""
STAGED = "{}.staged"
"""Where data lies between stage and import, in the same store."""


class ImagesController(Controller):
    """The handlers."""

    def list_images(self, req: Request) -> dict[str, Any]:
        """200, 400: the images that the caller may see, newest first."""
        self.enforce(req, "get_image")
        with self.handle.session() as session:
            return listing.page(session, req)

    def create_image(self, req: Request) -> Reply:
        """201, 400, 403, 409, 413: an image without data yet."""
        body = schemas.validate(json_body(req))
        image = self._new_image(req, body)
        try:
            with self.handle.session() as session:
                session.add(image)
        except IntegrityError:
            raise exception.Conflict(f"Image ID {image.id} already exists!") from None
        headers = {
            "Location": f"{req.prefix}/v2/images/{image.id}",
            "OpenStack-image-import-methods": ",".join(IMPORT_METHODS),
            "OpenStack-image-store-ids": ",".join(STORES if self.has_worked else STORES[:1]),
        }
        return Reply(201, views.view(image), headers)

    def show_image(self, req: Request, image_id: str) -> dict[str, Any]:
        """200, 404."""
        self.enforce(req, "get_image")
        with self.handle.session() as session:
            return views.view(self.get(session, req, image_id))

    def update_image(self, req: Request, image_id: str) -> dict[str, Any]:
        """200, 400, 403, 404, 409, 413, 415: apply a JSON patch."""
        changes = patch.parse(req)
        with self.handle.session() as session:
            image = self.get(session, req, image_id)
            had = set(image.properties)
            for change in changes:
                if change.name == "visibility":
                    self.enforce_visibility(req, change.value, image.owner)
                self.enforce(req, "modify_image", image)
                if change.name == "owner" and not req.caller.is_admin:
                    raise exception.Forbidden(detail="Owner can't be updated by non admin.")
                patch.apply(image, change)
                if change.name == "tags":
                    quota.check_tags(self.config, image.tags)
            if image.properties.keys() - had:
                quota.check_properties(self.config, image.properties)
            image.updated_at = self.clock.now() if changes else image.updated_at
            return views.view(image)

    def delete_image(self, req: Request, image_id: str) -> None:
        """204, 403, 404."""
        with self.handle.session() as session:
            image = self.get(session, req, image_id, "Failed to find image %s to delete")
            self.enforce(req, "delete_image", image)
            if image.protected:
                raise exception.Forbidden(f"Image {image_id} is protected and cannot be deleted.")
            session.execute(delete(Member).where(Member.image_id == image_id))
            session.delete(image)
        self.store.delete(image_id)
        self.store.delete(STAGED.format(image_id))

    def add_tag(self, req: Request, image_id: str, tag: str) -> None:
        """204, 400, 403, 404, 413."""
        schemas.validate({"tags": [tag]})
        with self.handle.session() as session:
            image = self.get(session, req, image_id, "Image %s not found.")
            self.enforce(req, "modify_image", image)
            tags = [*dict.fromkeys([*image.tags, tag])]
            quota.check_tags(self.config, tags, image_id)
            image.tags, image.updated_at = tags, self.clock.now()

    def delete_tag(self, req: Request, image_id: str, tag: str) -> None:
        """204, 403, 404."""
        with self.handle.session() as session:
            image = self.get(session, req, image_id, "Image %s not found.")
            self.enforce(req, "modify_image", image)
            if tag not in image.tags:
                raise exception.NotFound()
            image.tags, image.updated_at = [known for known in image.tags if known != tag], self.clock.now()

    def deactivate_image(self, req: Request, image_id: str) -> None:
        """204, 403, 404: nobody but an admin downloads it."""
        self._act(req, image_id, "deactivate", "deactivated")

    def reactivate_image(self, req: Request, image_id: str) -> None:
        """204, 403, 404."""
        self._act(req, image_id, "reactivate", "active")

    def _act(self, req: Request, image_id: str, action: str, status: str) -> None:
        with self.handle.session() as session:
            image = self.get(session, req, image_id)
            self.enforce(req, action, image)
            if image.status not in ("active", "deactivated"):
                raise exception.Forbidden(f"Not allowed to {action} image in status '{image.status}'")
            if image.status != status:
                self.move(session, image, status)

    def _new_image(self, req: Request, body: dict[str, Any]) -> Image:
        owner = body.get("owner", req.caller.project_id)
        if owner != req.caller.project_id and not req.caller.is_admin:
            raise exception.Forbidden(detail=f"You are not permitted to create images owned by '{owner}'.")
        self.enforce(req, "add_image", project_id=owner)
        self.enforce_visibility(req, body.get("visibility"), owner)
        known = {name: body[name] for name in (*views.BASE, "tags") if name in body}
        defaults: dict[str, Any] = {"visibility": "shared", "tags": [], "protected": False, "os_hidden": False}
        defaults |= {"id": body.get("id") or self.ids.uuid(), "min_ram": 0, "min_disk": 0}
        own = {name: value for name, value in body.items() if name not in known}
        quota.check_tags(self.config, known.get("tags", []))
        quota.check_properties(self.config, own)
        now = self.clock.now()
        values = defaults | known | {"owner": owner, "properties": own, "created_at": now, "updated_at": now}
        return Image(**values, status="queued")
