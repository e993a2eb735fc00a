"""What the API tells of itself: its collections, and each extension.

Interface: `GET /`, `GET /v2.0`, `GET /v2.0/extensions/{alias}`.
Upstream: neutron/pecan_wsgi/controllers/root.py, extensions.py.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from oslearn.core.neutron.api import extension
from oslearn.core.neutron.attributes import Values
from oslearn.core.neutron.base import AnyResource
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.oslo import webob

EXTENSIONS = tomllib.loads((Path(__file__).parent / "extensions.toml").read_text("utf-8"))


class Versions:
    """The one version that there is."""

    def index(self, req: Request) -> Values:
        """200: the one version, with its link."""
        link = {"rel": "self", "href": f"{req.prefix}/v2.0/"}
        return {"versions": [{"id": "v2.0", "status": "CURRENT", "links": [link]}]}


class About:
    """The collections that there are, and the extensions one by one."""

    def __init__(self, resources: Sequence[AnyResource], known: Mapping[str, list[str]]) -> None:
        self.resources, self.known = resources, known

    def show_version(self, req: Request) -> Values:
        """200: the collections, by name and path."""
        rows = [(r.name, r.plural, {"rel": "self", "href": f"{req.prefix}{r.path}"}) for r in self.resources]
        return {"resources": [{"name": name, "collection": plural, "links": [link]} for name, plural, link in rows]}

    def show_extension(self, req: Request, alias: str) -> Values | Reply:
        """200, 404, which is a page as WebOb writes it."""
        if alias in self.known:
            return {"extension": extension(alias, self.known[alias])}
        return webob.page(req, exception.NotFound(detail=f"Extension with alias {alias} does not exist"))


def nowhere(req: Request) -> Reply:
    """404, of a version that is not there: pecan has JSON of its own for who asks for no page."""
    reply = webob.page(req, exception.RouteNotFound())
    if isinstance(reply.body, dict):
        return Reply(404, {"code": 404, "title": "Not Found", "description": ""})
    return reply
