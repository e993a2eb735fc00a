"""The catalogue of images: list, create, change, delete; their tags; deactivate and reactivate.

Interface: `Catalogue`, `ImageTags`, `ImageActions`.
Upstream: glance/api/v2/images.py, image_tags.py, image_actions.py. Left out: encryption keys; locations
(`locations`, `direct_url`), which are refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from oslearn.core.config import Config
from oslearn.core.glance import api
from oslearn.core.glance.models import Image, Member, image_get
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.glance import listing, patch, quota, schemas
from oslearn.extensions.glance.domain import STAGED, move
from oslearn.extensions.glance.image_data import Uploads
from oslearn.extensions.glance.policies import ImagePolicy
from oslearn.extensions.oslo.store import Store

IMPORT_METHODS = ("glance-direct", "web-download", "copy-image")


@dataclass
class Catalogue:
    """Images as a whole: all but their data."""

    handle: Handle
    store: Store
    ids: Ids
    clock: Clock
    config: Config
    policy: ImagePolicy
    uploads: Uploads

    def index(self, req: Request) -> Body:
        """The images that the caller may see, newest first. 200, 400."""
        with self.handle.session() as session:
            return listing.page(session, req)

    def create(self, req: Request) -> Reply:
        """An image without data yet. 201, 400, 403, 409, 413."""
        body = schemas.validate(schemas.json_body(req))
        image = self._new_image(req, body)
        try:
            with self.handle.session() as session:
                session.add(image)
        except IntegrityError:
            raise exception.Conflict(f"Image ID {image.id} already exists!") from None
        headers = {
            "Location": f"{req.prefix}/v2/images/{image.id}",
            "OpenStack-image-import-methods": ",".join(IMPORT_METHODS),
            "OpenStack-image-store-ids": ",".join(self.uploads.store_ids()),
        }
        return Reply(201, api.view(image), headers)

    def update(self, req: Request, image_id: str) -> Body:
        """Apply a JSON patch. 200, 400, 403, 404, 409, 413, 415."""
        changes = patch.parse(req)
        with self.handle.session() as session:
            image = image_get(session, req.caller, image_id)
            had = set(image.properties)
            for change in changes:
                self._apply(req, image, change)
            if image.properties.keys() - had:
                quota.check_properties(self.config, image.properties)
            image.updated_at = self.clock.now() if changes else image.updated_at
            return api.view(image)

    def delete(self, req: Request, image_id: str) -> None:
        """The image, its members and its data go. 204, 403, 404."""
        with self.handle.session() as session:
            image = image_get(session, req.caller, image_id, "Failed to find image %s to delete")
            self.policy.enforce(req, "delete_image", image)
            if image.protected:
                raise exception.Forbidden(f"Image {image_id} is protected and cannot be deleted.")
            session.execute(delete(Member).where(Member.image_id == image_id))
            session.delete(image)
        # Only once the row is gone for good: data without an image is swept up, an image without data is a loss.
        self.store.delete(image_id)
        self.store.delete(STAGED.format(image_id))

    def _apply(self, req: Request, image: Image, change: patch.Change) -> None:
        if change.name == "visibility":
            self.policy.enforce_visibility(req, change.value, image.owner)
        self.policy.enforce(req, "modify_image", image)
        if change.name == "owner" and not req.caller.is_admin:
            raise exception.Forbidden(detail="Owner can't be updated by non admin.")
        patch.apply(image, change)
        if change.name == "tags":
            quota.check_tags(self.config, image.tags)

    def _new_image(self, req: Request, body: Body) -> Image:
        owner = body.get("owner", req.caller.project_id)
        if owner != req.caller.project_id and not req.caller.is_admin:
            raise exception.Forbidden(detail=f"You are not permitted to create images owned by '{owner}'.")
        self.policy.enforce(req, "add_image", project_id=owner)
        self.policy.enforce_visibility(req, body.get("visibility"), owner)
        known = {name: body[name] for name in (*api.BASE, "tags") if name in body}
        defaults: Body = {"visibility": "shared", "tags": [], "protected": False, "os_hidden": False}
        defaults |= {"id": body.get("id") or self.ids.uuid(), "min_ram": 0, "min_disk": 0}
        own = {name: value for name, value in body.items() if name not in known}
        quota.check_tags(self.config, known.get("tags", []))
        quota.check_properties(self.config, own)
        now = self.clock.now()
        values = defaults | known | {"owner": owner, "properties": own, "created_at": now, "updated_at": now}
        return Image(**values, status="queued")


class ImageTags:
    """An image's tags, one by one."""

    def __init__(self, handle: Handle, clock: Clock, config: Config, policy: ImagePolicy) -> None:
        self.handle, self.clock, self.config, self.policy = handle, clock, config, policy

    def add(self, req: Request, image_id: str, tag: str) -> None:
        """One tag more, if it is not there yet. 204, 400, 403, 404, 413."""
        schemas.validate({"tags": [tag]})
        with self.handle.session() as session:
            image = image_get(session, req.caller, image_id, "Image %s not found.")
            self.policy.enforce(req, "modify_image", image)
            tags = [*dict.fromkeys([*image.tags, tag])]
            quota.check_tags(self.config, tags, image_id)
            image.tags, image.updated_at = tags, self.clock.now()

    def delete(self, req: Request, image_id: str, tag: str) -> None:
        """One tag less. 204, 403, 404."""
        with self.handle.session() as session:
            image = image_get(session, req.caller, image_id, "Image %s not found.")
            self.policy.enforce(req, "modify_image", image)
            if tag not in image.tags:
                raise exception.NotFound()
            image.tags, image.updated_at = [known for known in image.tags if known != tag], self.clock.now()


class ImageActions:
    """What an image's project has done with it, other than to change it."""

    def __init__(self, handle: Handle, clock: Clock, policy: ImagePolicy) -> None:
        self.handle, self.clock, self.policy = handle, clock, policy

    def deactivate(self, req: Request, image_id: str) -> None:
        """From now on nobody but an admin downloads it. 204, 403, 404."""
        self._act(req, image_id, "deactivate", "deactivated")

    def reactivate(self, req: Request, image_id: str) -> None:
        """From now on everybody who sees it does. 204, 403, 404."""
        self._act(req, image_id, "reactivate", "active")

    def _act(self, req: Request, image_id: str, action: str, status: str) -> None:
        with self.handle.session() as session:
            image = image_get(session, req.caller, image_id)
            self.policy.enforce(req, action, image)
            if image.status not in ("active", "deactivated"):
                raise exception.Forbidden(f"Not allowed to {action} image in status '{image.status}'")
            if image.status != status:
                move(session, image, status, self.clock.now())
