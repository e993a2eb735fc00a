"""The front door of every API: routes as data, one request type, one place that turns errors into replies.

Interface: `application(process, api, routes, fault, middleware)` → a WSGI callable. A route is
`(method, template, handler)`; a handler takes a `Request` and the template's values and returns a dict (200),
a `Reply`, or None (204).
Invariants: every reply carries a request id, but for those of `unnamed` paths; every error has its service's own
shape; a handler's unforeseen exception is a 500 that tells nothing of the inside.
Upstream: each service's `wsgi.py` and `openstack/common/wsgi.py`; oslo.middleware's `RequestId` and `SizeLimit`.
"""

from __future__ import annotations

import errno
import json
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import falcon

from oslearn.oslo import context as oslo_context
from oslearn.oslo import exception, left_out
from oslearn.oslo.clock import Ids
from oslearn.oslo.context import RequestContext
from oslearn.oslo.exception import RouteNotFound

LOG = logging.getLogger(__name__)
MAX_BODY = 114688
"""Bytes of a JSON body (`max_request_body_size` of oslo.middleware)."""

MAX_DEPTH = 50
"""Levels of a JSON body: far more than any API has, far fewer than Python's stack."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""How the system says that a disk, a share of it or a file has no more room."""

REQUEST_ID = re.compile(r"req-[0-9a-f-]{36}")

Route = tuple[str, str, str]


@dataclass
class Reply:
    """A reply other than 200 with a JSON body. `body` may be bytes, text, or a stream: chunks and a `close`."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Fault = Callable[["Request", exception.OpenStackError], Reply]
"""A service's reply to an error; an error that has a `reply` needs none."""


class Request(falcon.Request):
    """A request, with the caller's context once keystonemiddleware has seen it."""

    caller: RequestContext
    microversion: tuple[int, int] = (0, 0)

    @property
    def query(self) -> dict[str, str]:
        """The query's fields; of one given twice the last."""
        return {k: v if isinstance(v, str) else v[-1] for k, v in self.params.items()}

    def json_body(self) -> dict[str, Any]:
        """The body. Raises MalformedRequestBody if it is not a JSON object, RequestEntityTooLarge."""
        if (self.content_length or 0) > MAX_BODY:
            raise exception.RequestEntityTooLarge()
        try:
            data = self.bounded_stream.read()
            body = json.loads(data, parse_constant=refuse)
            if deeper(data, MAX_DEPTH):
                raise ValueError("too deep")
            if b"\\u" in data:
                json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is no text
        except (ValueError, RecursionError):
            raise exception.MalformedRequestBody() from None
        if not isinstance(body, dict):
            raise exception.MalformedRequestBody()
        return body


def deeper(data: bytes, limit: int) -> bool:
    """Whether JSON has more than `limit` objects and lists in each other; brackets in texts count, too.

    >>> deeper(b'[[1], [2]]', 2), deeper(b'[[[1]]]', 2)
    (False, True)
    """
    if data.count(b"{") + data.count(b"[") <= limit:
        return False
    depths = accumulate((byte in b"{[") - (byte in b"}]") for byte in data)
    return max(depths, default=0) > limit


def refuse(constant: str) -> Any:
    """`NaN` and `Infinity` are no JSON."""
    raise ValueError(constant)


UNEXPECTED = "The server has either erred or is incapable of performing the requested operation."
"""What WebOb says of a 500, and with it Glance and Cinder."""
BAD_REQUEST = "The server could not comply with the request since it is either malformed or otherwise incorrect."
"""What WebOb says of a 400, and of a 405, where nobody says more."""


class Application:
    """A falcon application and what the trace needs to know of it."""

    source: Path | None = None
    """The folder of the service's modules, for a 404 to say what they leave out."""
    unnamed: Sequence[str] = ()
    """Paths whose reply carries no request id: upstream's filter is not in their way. `req.context.unnamed` says so of
    one request."""

    def __init__(
        self,
        api: Any,
        routes: Sequence[Route],
        fault: Fault,
        ids: Ids,
        middleware: Sequence[Any] = (),
        unexpected: str = UNEXPECTED,
    ) -> None:
        """`unexpected` is the service's message for an error that nobody foresaw; `{}` in it is the error's class."""
        self.routes, self.fault, self.ids, self.unexpected = list(routes), fault, ids, unexpected
        self.app = falcon.App(request_type=Request, middleware=[self, *middleware])
        self.app.req_options.strip_url_path_trailing_slash = True
        self.app.add_error_handler((Exception, falcon.HTTPError), self.handle_error)
        for template in dict.fromkeys(route[1] for route in routes):
            self.app.add_route(template, Resource(api, [r for r in routes if r[1] == template]))

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """WSGI."""
        token = oslo_context.current.set(self.new_context(environ.get("HTTP_X_OPENSTACK_REQUEST_ID", "")))
        try:
            return self.app(environ, start_response)
        finally:
            oslo_context.current.reset(token)

    def new_context(self, given: str) -> RequestContext:
        """A context with its own request id, or with the one that the caller passes on."""
        return RequestContext(given if REQUEST_ID.fullmatch(given) else f"req-{self.ids.uuid()}")

    def process_request(self, req: Request, resp: falcon.Response) -> None:
        """Put the context where handlers find it."""
        req.caller = oslo_context.current.get() or self.new_context("")

    def process_response(self, req: Request, resp: falcon.Response, resource: Any, succeeded: bool) -> None:
        """Tell the id in the reply, and who asked to whoever watches the port."""
        if (seen := req.env.get("oslearn.seen")) is not None and (info := req.env.get("keystone.token_info")):
            seen["user"] = info["user"]["name"]
        if req.path not in self.unnamed and not getattr(req.context, "unnamed", False):
            resp.set_header("x-openstack-request-id", req.caller.request_id)

    def handle_error(self, req: Request, resp: falcon.Response, error: Exception, params: dict[str, Any]) -> None:
        """Turn any error into this service's shape."""
        known = self._known(req, error)
        if known.code >= 500:
            full = no_room(error)
            LOG.error("%s %s: %s", req.method, req.path, full or error, exc_info=None if full else error)
        reply = getattr(known, "reply", None) or self.fault(req, known)
        write(resp, replace(reply, headers=reply.headers | dict(getattr(error, "headers", None) or {})))

    def _known(self, req: Request, error: Exception) -> exception.OpenStackError:
        """The error of the tree; of a path that is left out a 404 that says so."""
        known = translate(error, self.unexpected)
        if known.code == 404 and self.source and (told := left_out.note(self.source, req.method, req.path)):
            return (RouteNotFound if isinstance(known, RouteNotFound) else exception.NotFound)(f"{known} {told}")
        return known


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


def no_room(error: BaseException | None) -> str:
    """What to say of an error that came of a full disk; nothing of another."""
    while error is not None:
        if getattr(error, "errno", None) in FULL or "database or disk is full" in str(error):
            return f"the disk is full, so nothing was changed ({' '.join(str(error).split())[:200]})"
        error = error.__cause__ or error.__context__
    return ""


class Resource:
    """What falcon calls for one URL: `on_get`, `on_post`, ... that call the API's handlers."""

    def __init__(self, api: Any, routes: Sequence[Route]) -> None:
        for method, _, handler in routes:
            setattr(self, f"on_{method.lower()}", partial(respond, getattr(api, handler)))


def respond(handler: Callable[..., Any], req: Request, resp: falcon.Response, **values: str) -> None:
    """Call a handler and write what it returns."""
    code = getattr(handler, "__code__", None)
    req.env["oslearn.handler"] = (code.co_filename, code.co_firstlineno) if code else None
    result = handler(req, **values)
    write(resp, result if isinstance(result, Reply) else Reply(204 if result is None else 200, result))


def write(resp: falcon.Response, reply: Reply) -> None:
    """Put a reply into falcon's response."""
    resp.status = falcon.code_to_http_status(reply.status)
    for name, value in reply.headers.items():
        resp.set_header(name, value)
    if isinstance(reply.body, bytes):
        resp.data = reply.body
        resp.content_type = reply.headers.get("Content-Type", "application/octet-stream")
    elif isinstance(reply.body, str):
        resp.text = reply.body
        resp.content_type = reply.headers.get("Content-Type", "text/html; charset=UTF-8")
    elif hasattr(reply.body, "close"):
        resp.stream = reply.body
    elif reply.body is not None:
        resp.data = json.dumps(reply.body).encode()
        resp.content_type = reply.headers.get("Content-Type", "application/json")


def translate(error: Exception, unexpected: str) -> exception.OpenStackError:
    """An error of the tree for any error: falcon's by their status, an unforeseen one as a bare 500."""
    if isinstance(error, exception.OpenStackError):
        return error
    if isinstance(error, falcon.HTTPRouteNotFound):
        return RouteNotFound()
    if isinstance(error, falcon.HTTPError):
        by_code = {c.code: c for c in exception.OpenStackError.__subclasses__()}
        return by_code.get(error.status_code, exception.BadRequest)()
    return exception.OpenStackError(unexpected.format(type(error)))
