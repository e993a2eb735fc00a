"""nova-api: which versions there are. Upstream: nova/api/openstack/compute/versions.py."""

from __future__ import annotations

from typing import Any

from oslearn.nova.api.base import Controller
from oslearn.oslo.microversion import Microversions
from oslearn.oslo.wsgi import Request, Route

LEGACY = "X-OpenStack-Nova-API-Version"
MICROVERSIONS = Microversions("compute", (2, 1), (2, 100), LEGACY)
ROUTES: list[Route] = [
    ("GET", "/", "list_versions"),
    ("GET", "/v2.1", "show_version"),
]


class Versions(Controller):
    """Handlers."""

    def list_versions(self, req: Request) -> dict[str, Any]:
        """The versions there are. 200."""
        return {"versions": [self._version(req)]}

    def show_version(self, req: Request) -> dict[str, Any]:
        """This version. 200."""
        media = {"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}
        return {"version": self._version(req) | {"media-types": [media]}}

    def _version(self, req: Request) -> dict[str, Any]:
        return {
            "id": "v2.1",
            "status": "CURRENT",
            "version": "2.100",
            "min_version": "2.1",
            "updated": "2013-07-23T11:33:21Z",
            "links": [
                {"rel": "self", "href": f"{req.prefix}/v2.1/"},
                {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"},
            ],
        }
