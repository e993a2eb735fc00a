"""What stands around Glance's handlers: pages for errors, and what is done once a reply is made.

Interface: `Application`, `Confirmed`, `fault`.
Upstream: glance/common/wsgi.py, glance/api/middleware/{context,version_negotiation}.py.
"""

from __future__ import annotations

from typing import Any, Protocol

from oslearn.core.oslo import exception, webob, wsgi
from oslearn.core.oslo.http import Reply, Request

PATHS = ("/", "/versions")
"""Of version discovery, which comes before everything else: no token, no request id."""


class Worker(Protocol):
    """Who does tasks."""

    pending: list[str]

    def work(self, due: int) -> None:
        """Do the `due` oldest."""


class RangeNotSatisfiable(exception.OpenStackError):
    """416."""

    code, title = 416, "Requested Range Not Satisfiable"


class Confirmed:
    """A middleware around auth_token, which lets who has no valid token in: the context's own filter does not."""

    def __init__(self, auth: Any) -> None:
        self.auth = auth

    def process_request(self, req: Request, resp: Any) -> None:
        """Raises Unauthorized, whose reply has no request id: the filter that gives one is that which refuses."""
        try:
            self.auth.process_request(req, resp)
        except exception.Unauthorized as error:
            req.context.unnamed = True
            raise NotConfirmed(headers=getattr(error, "headers", {})) from None


class NotConfirmed(exception.Unauthorized):
    """401: WebOb's page. `headers` say where to get a token."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__()
        self.headers = headers


class Application(wsgi.Application):
    """The WSGI application glance-api. `worker` does what is due, once a request is answered."""

    worker: Worker
    unnamed = PATHS

    def process_request(self, req: Request, resp: Any) -> None:
        """Count what is due now, so that a request's own task waits for the next. A slash at the end is an empty id."""
        super().process_request(req, resp)
        req.env["glance.due"] = len(self.worker.pending)
        if len(req.env["PATH_INFO"]) > 1 and req.env["PATH_INFO"].endswith("/"):
            raise exception.RouteNotFound()

    def process_response(self, req: Request, resp: Any, resource: Any, succeeded: bool) -> None:
        """No content has a type, too. A task that an earlier request left is done now: this reply is made."""
        super().process_response(req, resp, resource, succeeded)
        if resp.status.startswith("204"):
            resp.set_headers({"Content-Type": "text/html; charset=UTF-8", "Content-Length": "0"})
        self.worker.work(req.env.get("glance.due", 0))


def fault(req: Request, error: exception.OpenStackError) -> Reply:
    """Every error is WebOb's page."""
    return webob.page(req, error)
