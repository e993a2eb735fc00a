"""What clients ask about this Glance itself: its versions, stores, ways to import, and metadata definitions.

Upstream: glance/api/versions.py, glance/api/v2/discovery.py, metadef_namespaces.py, metadef_resource_types.py.
Left out: making metadata definitions (`POST /namespaces`), and their schemas (`/namespace`), the cache (`/cache`).
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from oslearn.core.glance import api
from oslearn.core.glance.models import image_get
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.glance.images import IMPORT_METHODS
from oslearn.extensions.glance.policies import ImagePolicy
from oslearn.extensions.oslo.store import CHUNK

VERSIONS = [f"v2.{minor}" for minor in range(18, -1, -1)]


class Versions:
    """Lists them, to whoever did not say which it wants, too."""

    def index(self, req: Request) -> Reply:
        """All versions, for a client that did not say which it wants. 300."""
        link = [{"rel": "self", "href": f"{req.prefix}/v2/"}]
        known = [{"id": v, "status": "SUPPORTED" if n else "CURRENT", "links": link} for n, v in enumerate(VERSIONS)]
        return Reply(300, {"versions": known})

    def asked_for(self, req: Request) -> Reply:
        """The same for one that asked for the list. 200."""
        return Reply(200, self.index(req).body)


class Info:
    """Discovery of what an admin has set up."""

    def __init__(self, image_dir: str | None) -> None:
        self.image_dir = image_dir

    def import_methods(self, req: Request) -> Body:
        """The ways to import. 200."""
        value = {"description": "Import methods available.", "type": "array", "value": IMPORT_METHODS}
        return {"import-methods": value}

    def stores(self, req: Request) -> Body:
        """The one store. 200."""
        return {"stores": [{"id": api.STORE_ID, "default": "true"}]}

    def stores_detail(self, req: Request) -> Body:
        """The same with what only admins and services see. 200, 403."""
        about = {"data_dir": self.image_dir, "chunk_size": CHUNK, "thin_provisioning": False}
        return {"stores": [self.stores(req)["stores"][0] | {"type": "file", "properties": about, "weight": 0}]}

    def usage(self, req: Request) -> Body:
        """What a project uses of its limits: there are none. 200."""
        return {"usage": {}}


class Stores:
    """The one store, of which nothing can be taken away."""

    def __init__(self, handle: Handle, policy: ImagePolicy) -> None:
        self.handle, self.policy = handle, policy

    def delete(self, req: Request, store_id: str, image_id: str) -> None:
        """Refused: there is no second store. 403, 404, 409."""
        if store_id != api.STORE_ID:
            raise exception.Conflict(f"The selected store {store_id} is not available on this node.")
        with self.handle.session() as session:
            image = image_get(session, req.caller, image_id, "Failed to find image %s")
            self.policy.enforce(req, "delete_image_location", image)
        if image.status != "active":
            raise exception.Conflict("It's not allowed to remove image data from store if image status is not 'active'")
        words = "Cannot delete image data from the only store containing it."
        raise exception.Forbidden(f"{words} Consider deleting the image instead.")


class Metadefs:
    """Metadata definitions: nobody has loaded any, as on a fresh cloud."""

    def namespaces(self, req: Request) -> Body:
        """An empty page. 200, 400, 403."""
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
        """Refused: it is left out. 403, 404."""
        raise exception.NotFound()

    def show_namespace(self, req: Request, namespace: str) -> None:
        """None has that name. 403, 404."""
        raise no_namespace(namespace)

    def resource_types(self, req: Request) -> Body:
        """An empty list. 200, 403."""
        return {"resource_types": []}


def no_namespace(name: str) -> exception.NotFound:
    """What is said of each name: no namespace has it."""
    return exception.NotFound(f"Metadata definition namespace={name} was not found.")
