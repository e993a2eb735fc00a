"""One request and one reply of an API, before and after a handler.

Interface: `Request`, with the caller's context and its body; `Reply`; `write(resp, reply)`.
Invariants: a body that is too large, too deep or no JSON object is refused before anything reads it.
Upstream: each service's `wsgi.py`; oslo.middleware's `SizeLimit`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, NoReturn

import falcon

from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body, RequestContext

MAX_BODY = 114688
"""Bytes of a JSON body (`max_request_body_size` of oslo.middleware)."""


MAX_DEPTH = 50
"""Levels of a JSON body: far more than any API has, far fewer than Python's stack."""


@dataclass
class Reply:
    """A reply other than 200 with a JSON body. `body` may be bytes, text, or a stream: chunks and a `close`."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Request(falcon.Request):
    """A request, with the caller's context once keystonemiddleware has seen it."""

    caller: RequestContext
    microversion: tuple[int, int] = (0, 0)

    @property
    def query(self) -> dict[str, str]:
        """The query's fields; of one given twice the last."""
        return {k: v if isinstance(v, str) else v[-1] for k, v in self.params.items()}

    def json_body(self) -> Body:
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


def refuse(constant: str) -> NoReturn:
    """`NaN` and `Infinity` are no JSON."""
    raise ValueError(constant)


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
