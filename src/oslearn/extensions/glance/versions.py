"""The versions of the API that clients choose from.

Interface: `Versions`.
Upstream: glance/api/versions.py.
"""

from __future__ import annotations

from oslearn.core.oslo.http import Reply, Request

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
