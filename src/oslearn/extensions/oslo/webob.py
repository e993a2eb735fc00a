"""Errors as WebOb writes them where no service has a shape of its own: a page, JSON or text, as the client accepts it.

Interface: `page(req, error)` → the reply, `plain(text)`, a page's text without its marks; `Front`, a filter for paths
that no version has, `nowhere`, its usual reply.
Invariants: what a client sent is quoted in a page; an error's own words stand where upstream puts them: an error raised
with `detail=` keeps its status's explanation and has them below it.
Upstream: webob/exc.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import falcon

from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Reply, Request, write
from oslearn.core.oslo.wsgi import BAD_REQUEST

EXPLANATIONS = {
    400: BAD_REQUEST,
    401: "This server could not verify that you are authorized to access the document you requested. Either you "
    "supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the "
    "credentials required.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    409: "There was a conflict when trying to complete your request.",
    416: "The Range requested is not available.",
}
TEMPLATES = {
    405: "The method {method} is not allowed for this resource. <br /><br />\n{detail}",
    406: "The resource could not be generated that was acceptable to your browser\n(content of type {accept}. "
    "<br /><br />\n{detail}",
    415: "The request media type {kind} is not supported by this server.\n<br /><br />\n{detail}",
}
HTML, TEXT = "text/html; charset=UTF-8", "text/plain; charset=UTF-8"
Formatter = Callable[[str], Any]
"""What makes a service's own JSON of an error's text."""


def page(req: Request, error: exception.OpenStackError, formatter: Formatter | None = None) -> Reply:
    """The reply to an error. With `formatter` the error's words are its detail, as in a service that raises them so."""
    explanation, detail = words(error, detailed=formatter is not None)
    status = f"{error.code} {error.title}"
    wanted = req.client_prefers(["text/html", "application/json"]) if req.get_header("Accept") else None
    quote = _escape if wanted == "text/html" else str
    text = TEMPLATES.get(error.code, "{text}<br /><br />\n{detail}\n\n").format(
        text=quote(explanation),
        detail=quote(detail),
        method=req.method,
        kind=quote(req.content_type or ""),
        accept=quote(req.get_header("Accept") or ""),
    )
    if wanted == "application/json":
        json = {"message": text, "code": status, "title": error.title}
        return Reply(error.code, formatter(plain(text)) if formatter else json)
    if wanted is None:
        return Reply(error.code, f"{status}\n\n{plain(text)}", {"Content-Type": TEXT})
    head = f"<html>\n <head>\n  <title>{status}</title>\n </head>\n <body>\n  <h1>{status}</h1>\n"
    return Reply(error.code, f"{head}  {text}\n </body>\n</html>", {"Content-Type": HTML})


def words(error: exception.OpenStackError, *, detailed: bool) -> tuple[str, str]:
    """The explanation of an error's status and its own words; those that only say its status are none."""
    text, silent = str(error), str(error) == type(error).message
    explanation = EXPLANATIONS.get(error.code, type(error).message)
    if detailed:
        fabric = type(error).__module__ == exception.__name__
        return explanation, "" if silent and fabric else text
    if error.code in TEMPLATES and not silent:
        return explanation, text
    return explanation if silent else text, str(error.values.get("detail", ""))


def plain(text: str) -> str:
    """A page's text without its marks; a `<` behind the last `>` opens none, and to look for its end takes long.

    >>> plain("a <b>c</b><br />d < e")
    'a c\\nd < e'
    """
    lines = []
    for line in text.replace("\n", " ").replace("<br />", "\n").split("\n"):
        head, end, rest = line.rpartition(">")
        lines.append(re.sub("<[^>]*>", "", head + end) + rest)
    return "\n".join(lines)


def _escape(text: str) -> str:
    return escape(text).encode("ascii", "xmlcharrefreplace").decode()


class Front:
    """A filter before all others: a path below no version that is served needs no token, and has its own reply."""

    def __init__(self, served: Sequence[str], reply: Callable[[Request], Reply], *, named: bool = False) -> None:
        """`served` are the first words of paths; `named` says that the reply carries a request id."""
        self.served, self.reply, self.named = ("", *served), reply, named

    def process_request(self, req: Request, resp: falcon.Response) -> None:
        """Reply at once, or go on."""
        if req.path.split("/")[1] not in self.served:
            req.context.unnamed = not self.named
            write(resp, self.reply(req))
            resp.complete = True


def nowhere(req: Request, text: str | None = None) -> Reply:
    """No such path. 404."""
    return page(req, exception.RouteNotFound(text))
