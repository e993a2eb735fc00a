"""What versions cinder-api has: `GET /`, `/v3`; no token is needed. How strictly they are read.

Interface: `Versions`; `STRICT`, a middleware.
Upstream: cinder/api/versions.py, cinder/api/openstack/wsgi.py.
"""

from __future__ import annotations

from falcon import Response
from sqlalchemy.orm import Session

from oslearn.core.cinder.api.app import MICROVERSIONS, VolumeVersions
from oslearn.core.oslo import exception, wsgi
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request, version_text

BODIES = ("application/json", "application/vnd.openstack.volume+json")


class StrictVersions(VolumeVersions):
    """The first part that has the word in it counts: `volume`, `volumev3`; a header without it is none that fits."""

    def process_resource(self, req: Request, resp: Response, resource: object, params: Body) -> None:
        """Raises UnsupportedMediaType, BadRequest."""
        self.negotiate(req, resp)
        if req.content_type is not None and req.content_type.partition(";")[0].strip() not in BODIES:
            raise exception.UnsupportedMediaType("Unsupported Content-Type")
        super().process_resource(req, resp, resource, params)

    def _asked(self, req: Request) -> str | None:
        header = req.get_header("OpenStack-API-Version")
        if header is None:
            return None
        for part in header.split(","):
            if self.service in part:
                return "".join(part.split()[1:2])
        raise exception.BadRequest(wsgi.BAD_REQUEST)


STRICT = StrictVersions(MICROVERSIONS.service, MICROVERSIONS.minimum, MICROVERSIONS.maximum)


class Versions:
    """Says what versions there are."""

    def list_versions(self, req: Request, session: Session) -> Reply:
        """300: the client did not say which it wants."""
        return Reply(300, self.show_version(req, session))

    def show_version(self, req: Request, session: Session) -> Body:
        """The one version, with its microversions. 200."""
        links = [
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
            {"rel": "self", "href": f"{req.prefix}/v3/"},
        ]
        media = [{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}]
        version = {"id": "v3.0", "status": "CURRENT", "links": links, "media-types": media}
        version |= {"version": version_text(MICROVERSIONS.maximum), "updated": "2023-08-31T00:00:00Z"}
        return {"versions": [version | {"min_version": version_text(MICROVERSIONS.minimum)}]}
