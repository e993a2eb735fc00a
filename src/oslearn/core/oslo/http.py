"""One request and one reply of an API, before and after a handler, and which version of the API the client understands.

Interface: `Request`, with the caller's context and its body; `Reply`; `write(resp, reply)`;
`Microversions(service, minimum, maximum, legacy_header)`, a middleware that sets `Request.microversion`.
Invariants: a body that is too large, too deep or no JSON object is refused before anything reads it. No header
means the minimum version; every reply echoes the version.
Upstream: each service's `wsgi.py`; oslo.middleware's `SizeLimit`; microversion-parse.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any, NoReturn

import falcon

from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body, RequestContext

MAX_BODY = 114688
"""Bytes of a JSON body (`max_request_body_size` of oslo.middleware)."""
MAX_DEPTH = 50
"""Levels of a JSON body: far more than any API has, far fewer than Python's stack."""
ENDLESS = re.compile(rb"\d{4301}")  # more digits than Python makes a number of
Version = tuple[int, int]


@dataclass
class Reply:
    """A reply other than 200 with a JSON body. `body` may be bytes, text, or a stream: chunks and a `close`."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Request(falcon.Request):
    """A request, with the caller's context once keystonemiddleware has seen it."""

    caller: RequestContext
    microversion: Version = (0, 0)

    @property
    def query(self) -> dict[str, str]:
        """The query's fields; of one given twice the last."""
        return {k: v if isinstance(v, str) else v[-1] for k, v in self.params.items()}

    @cached_property
    def sent(self) -> bytes:
        """The body, for whoever reads it more than once."""
        return bytes(self.bounded_stream.read())

    def json_body(self) -> Body:
        """The body. Raises MalformedRequestBody if it is not a JSON object, RequestEntityTooLarge."""
        if (self.content_length or 0) > MAX_BODY:
            raise exception.RequestEntityTooLarge()
        try:
            data = self.sent
            body = json.loads(data, parse_constant=refuse)
            if not isinstance(body, dict) or deeper(data, MAX_DEPTH) or ENDLESS.search(data):
                raise ValueError(body)
            if b"\\u" in data:
                json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is no text
        except (ValueError, RecursionError):
            raise exception.MalformedRequestBody() from None
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


class Microversions:
    """Negotiates the version of each request."""

    def __init__(self, service: str, minimum: Version, maximum: Version, legacy_header: str | None = None) -> None:
        self.service, self.minimum, self.maximum, self.legacy = service, minimum, maximum, legacy_header

    def process_resource(self, req: Request, resp: falcon.Response, resource: object, params: dict[str, str]) -> None:
        """What no route has never reaches the place where versions are read."""
        self.negotiate(req, resp)

    def negotiate(self, req: Request, resp: falcon.Response) -> None:
        """Read the version and tell it. Raises BadRequest for nonsense, NotAcceptable if it is not there."""
        req.microversion = self.minimum
        asked = self._parse(self._asked(req))
        self.tell(resp, asked)
        self._check(asked)
        req.microversion = asked

    def tell(self, resp: falcon.Response, version: Version) -> None:
        """Echo the version, even one that is not there."""
        resp.set_header("Vary", "OpenStack-API-Version" + (f", {self.legacy}" if self.legacy else ""))
        resp.set_header("OpenStack-API-Version", f"{self.service} {version_text(version)}")
        if self.legacy:
            resp.set_header(self.legacy, version_text(version))

    def _asked(self, req: Request) -> str | None:
        """The last that is said of this service, in capitals or not; then what the older header says last."""
        for part in reversed((req.get_header("OpenStack-API-Version") or "").split(",")):
            name, version = [*part.split(None, 1), "", ""][:2]
            if name.lower() == self.service and version:
                return version.strip()
        legacy = req.get_header(self.legacy) if self.legacy else None
        return legacy and legacy.split(",")[-1].strip()

    def _parse(self, asked: str | None) -> Version:
        if asked is None:
            return self.minimum
        if asked == "latest":
            return self.maximum
        match = re.fullmatch(r"([1-9]\d{,99})\.([1-9]\d{,99}|0)", asked)
        if match is None:
            raise exception.BadRequest(
                f"API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum."
            )
        return int(match[1]), int(match[2])

    def _check(self, asked: Version) -> None:
        if not self.minimum <= asked <= self.maximum:
            least, most = version_text(self.minimum), version_text(self.maximum)
            raise exception.NotAcceptable(
                f"Version {version_text(asked)} is not supported by the API. Minimum is {least} and maximum is {most}."
            )


def version_text(version: Version) -> str:
    """A version as headers write it: `2.100`."""
    return f"{version[0]}.{version[1]}"
