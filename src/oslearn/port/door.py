"""The port's door to the APIs: what a client in another process asks.

Interface: `door(cloud)` → a WSGI application, with the cloud's probes around it.
"""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import requests

from oslearn.core.oslo.adapter import NOBODY, Router
from oslearn.deploy.base import Deployment


class Door:
    """WSGI: hands a request to the API that its path belongs to."""

    def __init__(self, router: Router) -> None:
        self.router = router

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """404 below no API, 503 for a stopped one."""
        try:
            app, mount, rest = self.router.find(environ["PATH_INFO"])  # the server has unquoted it
        except requests.ConnectionError as error:
            known = self.router.process(environ["PATH_INFO"]) != NOBODY
            start_response("503 Service Unavailable" if known else "404 Not Found", [("Content-Type", "text/plain")])
            return [str(error).encode()]
        return app(environ | {"SCRIPT_NAME": mount, "PATH_INFO": rest}, start_response)


def door(cloud: Deployment) -> WSGIApplication:
    """The door of a cloud."""
    app: WSGIApplication = Door(cloud.router)
    for probe in cloud.probes:
        app = probe.door(app)
    return app
