"""What versions cinder-api has: `GET /`, `/v3`; no token is needed.

Upstream: cinder/api/versions.py.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from oslearn.core.cinder.api.app import MICROVERSIONS
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request, version_text


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
