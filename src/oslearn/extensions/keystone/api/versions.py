"""Discovery: what a client asks for before it has a token.

Interface: `Versions`.
Upstream: keystone/api/discovery.py.
"""

from __future__ import annotations

from oslearn.core.keystone.api import VARY
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request


class Versions:
    """There is one version."""

    def index(self, req: Request) -> Reply:
        """The versions there are. 300."""
        where = VARY | {"Location": f"{req.prefix}/v3/"}
        return Reply(300, {"versions": {"values": [version(req)]}}, where)

    def show(self, req: Request) -> Reply:
        """This version. 200."""
        return Reply(200, {"version": version(req)}, VARY)


def version(req: Request) -> Body:
    """The version document."""
    return {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": f"{req.prefix}/v3/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    }
