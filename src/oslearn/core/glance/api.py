"""glance-api as far as a boot asks it: the versions there are, one image, and what an image looks like.

Interface: `Versions`, `Images` and `Schemas` are the parts, `ROUTES` leads to them; `RULES`, `REFUSED` are the policy.
Invariants: an image's state and data are the extensions' to change; here they are only read.
Upstream: glance/api/v2/router.py, images.py, schemas.py, glance/api/versions.py. Left out: locations (`/locations`).
"""

from __future__ import annotations

from oslearn.core.glance import views
from oslearn.core.glance.db import image_get
from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.route import Route

VERSIONS = [f"v2.{minor}" for minor in range(18, -1, -1)]
RULES: dict[str, policy.Rule] = {"get_image": policy.project_reader}
REFUSED = "You are not authorized to complete %(action)s action."
ROUTES = [
    Route("GET /", "versions.index"),
    Route("GET /versions", "versions.asked_for"),
    Route("GET /v2/schemas/{name}", "schemas.show"),
    Route("GET /v2/images/{image_id}", "images.show", "get_image"),
]


class Versions:
    """The versions of the API that clients choose from."""

    def index(self, req: Request) -> Reply:
        """All versions, for a client that did not say which it wants. 300."""
        link = [{"rel": "self", "href": f"{req.prefix}/v2/"}]
        known = [{"id": v, "status": "SUPPORTED" if n else "CURRENT", "links": link} for n, v in enumerate(VERSIONS)]
        return Reply(300, {"versions": known})

    def asked_for(self, req: Request) -> Reply:
        """The same for one that asked for the list. 200."""
        return Reply(200, self.index(req).body)


class Images:
    """The images that servers are made from, one at a time."""

    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def show(self, req: Request, image_id: str) -> Body:
        """An image's metadata, its own properties among them. 200, 404."""
        with self.handle.session() as session:
            return views.view(image_get(session, req.caller, image_id))


class Schemas:
    """The JSON schemas by which clients know the attributes of an image from its own properties: Nova asks, too."""

    def __init__(self, known: dict[str, Body]) -> None:
        self.known = known

    def show(self, req: Request, name: str) -> Body:
        """One schema. 200, 404."""
        if name not in self.known:
            raise exception.NotFound()
        return self.known[name]
