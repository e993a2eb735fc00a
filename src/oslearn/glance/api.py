"""glance-api: the catalogue of images that servers are made from.

Interface: `GET /`, `/v2/images`, `/v2/images/{id}`, `/v2/images/{id}/file`, `/v2/schemas/image(s)`; `build(...)`.
Invariants: an image goes queued → saving → active, and only an active one has data; its bytes never change after that;
another project's image that is not public or community does not exist for you (404, not 403).
Upstream: glance/api/v2/images.py, image_data.py. Left out: image members (a shared image is seen by its owner only),
import, staging, locations, caching, format inspection, streamed and partial downloads.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oslearn.config import Config
from oslearn.glance import listing, patch, schemas
from oslearn.glance.models import Image
from oslearn.glance.store import CHUNK, Digest, FilesystemStore, MemoryStore, Store
from oslearn.oslo import exception, policy, wsgi
from oslearn.oslo.clock import Clock, Ids
from oslearn.oslo.context import RequestContext
from oslearn.oslo.db import Handle
from oslearn.oslo.wsgi import Reply, Request

VERSIONS = [f"v2.{minor}" for minor in range(18, -1, -1)]
RULES: dict[str, policy.Rule] = {
    "add_image": policy.project_member,
    "get_image": policy.project_reader,
    "modify_image": policy.project_member,
    "upload_image": policy.project_member,
    "delete_image": policy.project_member,
    "publicize_image": policy.admin,
}
ROUTES = [
    ("GET", "/", "list_versions"),
    ("GET", "/v2/images", "list_images"),
    ("POST", "/v2/images", "create_image"),
    ("GET", "/v2/images/{image_id}", "show_image"),
    ("PATCH", "/v2/images/{image_id}", "update_image"),
    ("DELETE", "/v2/images/{image_id}", "delete_image"),
    ("PUT", "/v2/images/{image_id}/file", "upload_image"),
    ("GET", "/v2/images/{image_id}/file", "download_image"),
    ("GET", "/v2/schemas/image", "show_image_schema"),
    ("GET", "/v2/schemas/images", "show_images_schema"),
]


class API:
    """The handlers."""

    def __init__(self, handle: Handle, store: Store, ids: Ids, clock: Clock, config: Config) -> None:
        self.handle, self.store, self.ids, self.clock, self.config = handle, store, ids, clock, config
        self.policy = policy.Enforcer(RULES, "You are not authorized to complete %(action)s action.")

    def list_versions(self, req: Request) -> Reply:
        """300."""
        link = [{"rel": "self", "href": f"{req.prefix}/v2/"}]
        status = ["CURRENT"] + ["SUPPORTED"] * (len(VERSIONS) - 1)
        return Reply(
            300, {"versions": [{"id": v, "status": s, "links": link} for v, s in zip(VERSIONS, status, strict=True)]}
        )

    def show_image_schema(self, req: Request) -> dict[str, Any]:
        """200."""
        return schemas.IMAGE

    def show_images_schema(self, req: Request) -> dict[str, Any]:
        """200."""
        return schemas.IMAGES

    def list_images(self, req: Request) -> dict[str, Any]:
        """200, 400: the images that the caller may see, newest first."""
        self.policy.enforce(req.caller, "get_image")
        with self.handle.session() as session:
            return listing.page(session, req, self._visible(req.caller))

    def create_image(self, req: Request) -> Reply:
        """201, 400, 403, 409: an image without data yet."""
        self.policy.enforce(req.caller, "add_image")
        body = schemas.validate(req.json_body())
        image = self._new_image(req.caller, body)
        try:
            with self.handle.session() as session:
                session.add(image)
        except IntegrityError:
            raise exception.Conflict(f"Image ID {image.id} already exists!") from None
        location = {"Location": f"{req.prefix}/v2/images/{image.id}", "OpenStack-image-store-ids": schemas.STORE_ID}
        return Reply(201, schemas.view(image), location)

    def show_image(self, req: Request, image_id: str) -> dict[str, Any]:
        """200, 404."""
        self.policy.enforce(req.caller, "get_image")
        with self.handle.session() as session:
            return schemas.view(self._get(session, req.caller, image_id))

    def update_image(self, req: Request, image_id: str) -> dict[str, Any]:
        """200, 400, 403, 404, 409, 415: apply a JSON patch."""
        operations = patch.parse(req)
        with self.handle.session() as session:
            image = self._get(session, req.caller, image_id)
            self.policy.enforce(req.caller, "modify_image", {"project_id": image.owner})
            was = image.visibility
            patch.apply(image, operations)
            if image.visibility == "public" != was:
                self.policy.enforce(req.caller, "publicize_image")
            image.updated_at = self.clock.now()
            return schemas.view(image)

    def delete_image(self, req: Request, image_id: str) -> None:
        """204, 403, 404."""
        with self.handle.session() as session:
            image = self._get(session, req.caller, image_id, "Failed to find image %s to delete")
            self.policy.enforce(req.caller, "delete_image", {"project_id": image.owner})
            if image.protected:
                raise exception.Forbidden(f"Image {image_id} is protected and cannot be deleted.")
            session.delete(image)
        self.store.delete(image_id)

    def upload_image(self, req: Request, image_id: str) -> None:
        """204, 404, 409, 413, 415: keep the data; the image becomes active."""
        if (req.content_type or "").partition(";")[0] != "application/octet-stream":
            raise exception.UnsupportedMediaType()
        disk_format = self._start_saving(req.caller, image_id)
        data = Digest(_chunks(req), self.config.image_size_cap)
        try:
            self.store.put(image_id, data)
        except BaseException:
            self._set(image_id, status="queued")  # the client may try again
            raise
        self._set(image_id, status="active", **data.facts(disk_format))

    def download_image(self, req: Request, image_id: str) -> Reply:
        """200, 204 without data, 404."""
        self.policy.enforce(req.caller, "get_image")
        with self.handle.session() as session:
            image = self._get(session, req.caller, image_id)
        if image.status != "active":
            return Reply(204)
        headers = {"Content-Type": "application/octet-stream", "Content-MD5": image.checksum or ""}
        return Reply(200, self.store.get(image_id), headers)

    def _new_image(self, caller: RequestContext, body: dict[str, Any]) -> Image:
        if body.get("visibility") == "public":
            self.policy.enforce(caller, "publicize_image")
        owner = body.get("owner", caller.project_id)
        if owner != caller.project_id and not caller.is_admin:
            raise exception.Forbidden(f"You are not permitted to create images owned by '{owner}'.")
        known = {name: body[name] for name in (*schemas.BASE, "tags") if name in body}
        now = self.clock.now()
        defaults: dict[str, Any] = {"id": body.get("id") or self.ids.uuid(), "visibility": "shared", "tags": []}
        defaults |= {"protected": False, "os_hidden": False, "min_ram": 0, "min_disk": 0}
        properties = {name: value for name, value in body.items() if name not in known}
        values = defaults | known | {"owner": owner, "properties": properties}
        return Image(**values, status="queued", created_at=now, updated_at=now)

    def _start_saving(self, caller: RequestContext, image_id: str) -> str | None:
        """Take the image from queued to saving, so that of two uploads at once only one goes on."""
        with self.handle.session() as session:
            image = self._get(session, caller, image_id)
            self.policy.enforce(caller, "upload_image", {"project_id": image.owner})
            taken = update(Image).where(Image.id == image_id, Image.status == "queued").values(status="saving")
            if not session.execute(taken).rowcount:  # type: ignore[attr-defined]
                raise exception.Conflict(f"Image status transition from {image.status} to saving is not allowed")
            return image.disk_format

    def _set(self, image_id: str, **values: Any) -> None:
        with self.handle.session() as session:
            session.execute(update(Image).where(Image.id == image_id).values(updated_at=self.clock.now(), **values))

    def _visible(self, caller: RequestContext) -> Any:
        """The condition for what the caller may see; an admin and a service see all."""
        if policy.admin_or_service(caller, {}):
            return Image.id.is_not(None)
        return or_(Image.owner == caller.project_id, Image.visibility.in_(["public", "community"]))

    def _get(
        self, session: Session, caller: RequestContext, image_id: str, message: str = "No image found with ID %s"
    ) -> Image:
        image = session.get(Image, image_id)
        if image is None or not (
            policy.owner(caller, {"project_id": image.owner}) or image.visibility in ("public", "community")
        ):
            raise exception.NotFound(message % image_id)
        return image


def _chunks(req: Request) -> Iterator[bytes]:
    """The body, a chunk at a time."""
    return iter(partial(req.bounded_stream.read, CHUNK), b"")


def fault(identity_url: str, error: exception.OpenStackError) -> tuple[Any, dict[str, str]]:
    """Errors are pages; the refusal of a token is keystonemiddleware's."""
    if isinstance(error, exception.Unauthorized):
        body = {"error": {"code": 401, "title": error.title, "message": str(error)}}
        return body, {"WWW-Authenticate": f'Keystone uri="{identity_url}/v3"'}
    return wsgi.html_fault(error)


def build(handle: Handle, ids: Ids, clock: Clock, config: Config, middleware: list[Any]) -> wsgi.Application:
    """The process glance-api."""
    store = FilesystemStore(config.image_dir) if config.image_dir else MemoryStore()
    api = API(handle, store, ids, clock, config)
    return wsgi.Application(api, ROUTES, partial(fault, config.endpoint("identity")), ids, middleware)
