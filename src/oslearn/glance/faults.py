"""Errors as WebOb writes them: a page, JSON or text, by what the client accepts.

Interface: `Application`. An error's own words go where upstream puts them: an error raised with `detail=` keeps its
class's explanation and has them below it.
Upstream: webob/exc.py.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any, Protocol

from oslearn.oslo import exception, wsgi
from oslearn.oslo.wsgi import Reply, Request

EXPLANATIONS = {
    400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    409: "There was a conflict when trying to complete your request.",
    416: "The Range requested is not available.",
}
TEMPLATES = {
    405: "The method {method} is not allowed for this resource. <br /><br />\n{detail}",
    415: "The request media type {kind} is not supported by this server.\n<br /><br />\n{detail}",
}
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


class Application(wsgi.Application):
    """The WSGI application glance-api. `worker` does what is due, once a request is answered."""

    worker: Worker
    unnamed = PATHS

    def process_request(self, req: Request, resp: Any) -> None:
        """Count what is due now, so that a request's own task waits for the next. A slash at the end is an empty id."""
        super().process_request(req, resp)
        req.env["glance.due"] = len(self.worker.pending)
        if len(req.env["PATH_INFO"]) > 1 and req.env["PATH_INFO"].endswith("/"):
            raise exception.NotFound()

    def handle_error(self, req: Request, resp: Any, error: Exception, params: dict[str, Any]) -> None:
        """The refusal of a token is keystonemiddleware's; the rest is WebOb's."""
        super().handle_error(req, resp, error, params)
        known = self._known(req, error)
        if known.code != 401:
            resp.text = None
            wsgi.write(resp, page(req, known))

    def process_response(self, req: Request, resp: Any, resource: Any, succeeded: bool) -> None:
        """No content has a type, too. A task that an earlier request left is done now: this reply is made."""
        super().process_response(req, resp, resource, succeeded)
        if resp.status.startswith("204"):
            resp.set_headers({"Content-Type": "text/html; charset=UTF-8", "Content-Length": "0"})
        self.worker.work(req.env.get("glance.due", 0))


def page(req: Request, error: exception.OpenStackError) -> Reply:
    """The reply."""
    status, text, detail = f"{error.code} {error.title}", str(error), error.values.get("detail", "")
    if error.code in TEMPLATES and text != type(error).message:
        detail = text
    if text == type(error).message:
        text = EXPLANATIONS.get(error.code, text)
    wanted = req.client_prefers(["text/html", "application/json"]) if req.get_header("Accept") else None
    quote = _escape if wanted == "text/html" else str
    words = {"text": quote(text), "detail": quote(detail), "method": req.method, "kind": quote(req.content_type or "")}
    body = TEMPLATES.get(error.code, "{text}<br /><br />\n{detail}\n\n").format(**words)
    if wanted == "application/json":
        return Reply(error.code, {"message": body, "code": status, "title": error.title})
    if wanted is None:
        plain = re.sub("<.*?>", "", body.replace("\n", " ").replace("<br />", "\n"))
        return Reply(error.code, f"{status}\n\n{plain}", {"Content-Type": "text/plain; charset=UTF-8"})
    head = f"<html>\n <head>\n  <title>{status}</title>\n </head>\n <body>\n  <h1>{status}</h1>\n"
    return Reply(error.code, f"{head}  {body}\n </body>\n</html>", {"Content-Type": "text/html; charset=UTF-8"})


def _escape(text: str) -> str:
    return escape(text).encode("ascii", "xmlcharrefreplace").decode()
