"""nova-api: which versions there are, and the extensions that 2.1 once was made of.

Upstream: nova/api/openstack/compute/{versions,versionsV21,extension_info}.py. Left out: the API below /v2, of which
only the document is there.
"""

from __future__ import annotations

import falcon

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import RouteNotFound, UnsupportedMediaType
from oslearn.core.oslo.http import Microversions, Request, version_text

LEGACY = "X-OpenStack-Nova-API-Version"
OPEN_PATHS = ("/", "/v2", "/v2.1")
"""What needs no token."""
BODIES = ("text/plain", "application/json", "application/vnd.openstack.compute+json")
"""What a body may be said to be; plain text is what says nothing."""
UNNAMED = ("/",)
"""What comes before the filter that gives a request its id."""


class ComputeVersions(Microversions):
    """Nova tells the request's id under a name of its own as well; what has no handler is not found, not a 405."""

    def process_resource(self, req: Request, resp: falcon.Response, resource: object, params: Body) -> None:
        """Raises RouteNotFound, for a slash at the end as well: it is an id that is empty. The list of versions has no
        version itself.
        """
        nameless = req.env["PATH_INFO"].endswith("/") and req.path not in OPEN_PATHS
        if nameless or not hasattr(resource, f"on_{req.method.lower()}"):
            raise RouteNotFound()
        req.microversion = self.minimum
        if req.path != "/":
            self.negotiate(req, resp)
        if (req.content_type or "text/plain").partition(";")[0].strip() not in BODIES:
            raise UnsupportedMediaType("Unsupported Content-Type")

    def process_response(self, req: Request, resp: falcon.Response, resource: object, succeeded: bool) -> None:
        """Say the id under Nova's own name, too; and of a reply without content a type and a length."""
        if req.path not in UNNAMED and not getattr(req.context, "unnamed", False):
            resp.set_header("x-compute-request-id", req.caller.request_id)
        if str(resp.status).startswith("204"):
            resp.set_headers({"Content-Type": "application/json", "Content-Length": "0"})


MICROVERSIONS = ComputeVersions("compute", (2, 1), (2, 104), LEGACY)
VERSIONS = {
    "v2.0": {"status": "DEPRECATED", "version": "", "min_version": "", "updated": "2025-07-04T12:00:00Z"},
    "v2.1": {
        "status": "CURRENT",
        "version": version_text(MICROVERSIONS.maximum),
        "min_version": version_text(MICROVERSIONS.minimum),
        "updated": "2013-07-23T11:33:21Z",
    },
}


class Versions:
    """The documents that say which versions there are."""

    def index(self, req: Request) -> Body:
        """The versions there are. 200."""
        return {"versions": [version(req, name) for name in VERSIONS]}

    def show_legacy(self, req: Request) -> Body:
        """The version before this one, which is no longer served. 200."""
        return whole(req, "v2.0")

    def show(self, req: Request) -> Body:
        """The version that is served, with its range of microversions. 200."""
        return whole(req, "v2.1")


def version(req: Request, name: str) -> Body:
    """A version in the list."""
    href = f"{req.prefix}/{'v2' if name == 'v2.0' else name}/"
    return {"id": name} | VERSIONS[name] | {"links": [{"rel": "self", "href": href}]}


def whole(req: Request, name: str) -> Body:
    """A version by itself."""
    kind = f"application/vnd.openstack.compute+json;version={name.removeprefix('v').removesuffix('.0')}"
    shown = version(req, name)
    links = [*shown["links"], {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"}]
    return {"version": shown | {"links": links, "media-types": [{"base": "application/json", "type": kind}]}}
