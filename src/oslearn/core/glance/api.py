"""glance-api: the catalogue of images that servers are made from.

Interface: `GET /`, `/v2/images` and below, `/v2/tasks`, `/v2/info`, `/v2/schemas`, `/v2/stores`; `build(...)`.
Invariants: an image goes queued → saving → active, and only an active one has data; its bytes never change after that;
another project's image that is not public, community or shared with you does not exist for you (404, not 403).
Upstream: glance/api/v2/router.py, discovery.py, schemas.py. Left out: locations
(`/locations`), making metadata definitions
(`POST /namespaces`), and their schemas (`/namespace`), the cache (`/cache`).
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from oslearn.core.config import Config
from oslearn.core.glance import image_data, image_members, images, schemas, tasks, views
from oslearn.core.glance.faults import Application, Confirmed, fault
from oslearn.core.glance.image_members import ImageMembersController
from oslearn.core.glance.images import IMPORT_METHODS, ImagesController
from oslearn.core.glance.tasks import TasksController
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.store import CHUNK, open_store
from oslearn.core.oslo.wsgi import Front

VERSIONS = [f"v2.{minor}" for minor in range(18, -1, -1)]
ROUTES = [
    ("GET", "/", "list_versions"),
    ("GET", "/versions", "list_versions_asked_for"),
    ("GET", "/v2/schemas/{name}", "show_schema"),
    ("GET", "/v2/info/import", "show_import_methods"),
    ("GET", "/v2/info/stores", "list_stores"),
    ("GET", "/v2/info/stores/detail", "list_stores_detail"),
    ("GET", "/v2/info/usage", "show_usage"),
    ("DELETE", "/v2/stores/{store_id}/{image_id}", "delete_from_store"),
    *images.ROUTES,
    *image_data.ROUTES,
    *image_members.ROUTES,
    *tasks.ROUTES,
    ("GET", "/v2/metadefs/namespaces", "list_namespaces"),
    ("POST", "/v2/metadefs/namespaces", "create_namespace"),
    ("GET", "/v2/metadefs/namespaces/{namespace}", "show_namespace"),
    ("GET", "/v2/metadefs/resource_types", "list_resource_types"),
]


class API(ImagesController, ImageMembersController, TasksController):
    """All handlers."""

    def list_versions(self, req: Request) -> Reply:
        """300: the client did not say which it wants."""
        link = [{"rel": "self", "href": f"{req.prefix}/v2/"}]
        known = [{"id": v, "status": "SUPPORTED" if n else "CURRENT", "links": link} for n, v in enumerate(VERSIONS)]
        return Reply(300, {"versions": known})

    def list_versions_asked_for(self, req: Request) -> Reply:
        """200: it asked for the list."""
        return Reply(200, self.list_versions(req).body)

    def show_schema(self, req: Request, name: str) -> dict[str, Any]:
        """200, 404."""
        if name not in schemas.SCHEMAS:
            raise exception.NotFound()
        return schemas.SCHEMAS[name]

    def show_import_methods(self, req: Request) -> dict[str, Any]:
        """200."""
        value = {"description": "Import methods available.", "type": "array", "value": IMPORT_METHODS}
        return {"import-methods": value}

    def list_stores(self, req: Request) -> dict[str, Any]:
        """200."""
        return {"stores": [{"id": views.STORE_ID, "default": "true"}]}

    def list_stores_detail(self, req: Request) -> dict[str, Any]:
        """200, 403."""
        self.enforce(req, "stores_info_detail")
        about = {"data_dir": self.config.image_dir, "chunk_size": CHUNK, "thin_provisioning": False}
        return {"stores": [self.list_stores(req)["stores"][0] | {"type": "file", "properties": about, "weight": 0}]}

    def show_usage(self, req: Request) -> dict[str, Any]:
        """200: there are no limits."""
        return {"usage": {}}

    def list_namespaces(self, req: Request) -> dict[str, Any]:
        """200, 400, 403: nobody has loaded definitions, as on a fresh cloud."""
        self.enforce(req, "get_metadef_namespaces")
        if req.query.get("sort_dir", "desc") not in ("asc", "desc"):
            raise exception.BadRequest(f"Invalid sort direction: {req.query['sort_dir']}")
        if "marker" in req.query:
            raise no_namespace(req.query["marker"])
        limit = req.query.get("limit", "0")
        if not re.fullmatch(r"-?\d{1,9}", limit):
            raise exception.BadRequest("limit param must be an integer")
        if int(limit) < 0:
            raise exception.BadRequest("limit param must be positive")
        first = "/v2/metadefs/namespaces" + (f"?{urlencode(req.query)}" if req.query else "")
        return {"namespaces": [], "first": first, "schema": "/v2/schemas/metadefs/namespaces"}

    def create_namespace(self, req: Request) -> None:
        """403, 404: it is left out."""
        self.enforce(req, "add_metadef_namespace")
        raise exception.NotFound()

    def show_namespace(self, req: Request, namespace: str) -> None:
        """403, 404."""
        self.enforce(req, "get_metadef_namespaces")
        raise no_namespace(namespace)

    def list_resource_types(self, req: Request) -> dict[str, Any]:
        """200, 403."""
        self.enforce(req, "get_metadef_namespaces")
        return {"resource_types": []}

    def delete_from_store(self, req: Request, store_id: str, image_id: str) -> None:
        """403, 404, 409: there is no second store."""
        if store_id != views.STORE_ID:
            raise exception.Conflict(f"The selected store {store_id} is not available on this node.")
        with self.handle.session() as session:
            image = self.get(session, req, image_id, "Failed to find image %s")
            self.enforce(req, "delete_image_location", image)
        if image.status != "active":
            raise exception.Conflict("It's not allowed to remove image data from store if image status is not 'active'")
        words = "Cannot delete image data from the only store containing it."
        raise exception.Forbidden(f"{words} Consider deleting the image instead.")


def no_namespace(name: str) -> exception.NotFound:
    """404."""
    return exception.NotFound(f"Metadata definition namespace={name} was not found.")


def build(handle: Handle, ids: Ids, clock: Clock, config: Config, middleware: list[Any]) -> Application:
    """The process glance-api."""
    api = API(handle, open_store(config.image_dir), ids, clock, config)
    layers = [Front(("v2", "versions"), api.list_versions), *map(Confirmed, middleware)]
    app = Application(api, ROUTES, fault, ids, layers)
    app.worker = api
    return app
