"""What the tracer keeps of each seam as it crossed, and what a reader is shown of it.

Interface: `Asked`, `Answered` (HTTP), `RPCMessage`, `Statement`, `DriverCall`, `Shown`: each has a `size` in bytes
and makes its `payload` when somebody reads; `asked`, a WSGI request; `operation`, an HTTP operation without ids.
Invariants: to keep costs no copy of a body and no look into it; what is read has no secret and no endless body; what
was kept does not change.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol
from wsgiref.types import WSGIEnvironment

from requests.structures import CaseInsensitiveDict

from oslearn.trace.masking import hide, redact, secret

ID = re.compile(r"(?<=/)([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})(?=/|$)")
TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\(?(\w+)", re.IGNORECASE)
DATA = re.compile(r"/v1/[^/?]+/[^/?]+/[^?]|/images/[^/?]+/(?:file|stage)\b")
"""Where a user's own data comes and goes: only its size is shown."""
PHASES = {"SELECT": "read", "INSERT": "insert", "UPDATE": "update", "DELETE": "delete"}
SHOWN_HEADERS = ("X-Auth-Token", "X-Subject-Token", "Content-Type", "OpenStack-API-Version", "x-openstack-request-id")
LOWER_HEADERS = {name: name.lower() for name in SHOWN_HEADERS}
WSGI_KEYS = {name: "HTTP_" + name.upper().replace("-", "_") for name in SHOWN_HEADERS} | {
    "Content-Type": "CONTENT_TYPE"
}
"""Where an application finds each."""
WATCH, WATCH_KEY, WATCHER = "X-Oslearn-Watch", "HTTP_X_OSLEARN_WATCH", "oslearn"
"""The header of a request that a check or a lab sends, as an application finds it, and who it comes from then: not
from the learner."""
MAX_TEXT = 2000
"""Characters of a text, an address or a header that are shown."""
MAX_BODY = 1 << 17
"""Bytes of a body; of a larger one only the size is kept."""
FIELD = 200
"""Bytes that anything else in an event takes, about."""

Payload = dict[str, Any]
"""What an event tells of what crossed, as JSON has it."""


class Content(Protocol):
    """What an event keeps."""

    @property
    def size(self) -> int:
        """How many bytes it takes, about."""

    @property
    def secrets(self) -> object:
        """Where a secret may stand by its name: JSON, or data."""

    @property
    def payload(self) -> Payload:
        """What a reader is shown."""


class Shown:
    """A payload that was read before, somewhere else."""

    __slots__ = ("payload", "size")
    secrets = None

    def __init__(self, payload: Payload) -> None:
        self.payload, self.size = payload, FIELD


@lru_cache(64)
def once(data: bytes) -> bytes:
    """The same bytes, of those that came a moment ago: each service gets the same answer about a token."""
    return data


class Body:
    """A body: JSON is shown as data; text, if it is an answer's; of the rest the size."""

    __slots__ = ("data", "length", "stream", "text")

    def __init__(self, data: object, path: str, text: bool) -> None:
        """`text` says whether text is shown that is no JSON: what a client sends may be a login with a slip."""
        if isinstance(data, str):
            data = data.encode("utf-8", "surrogateescape")
        known = data if isinstance(data, bytes) else b""
        self.length = len(known)
        self.text = text and not DATA.search(path)
        self.data = once(known) if isinstance(data, bytes) and self.length <= MAX_BODY else None
        self.stream = bool(data) and not isinstance(data, bytes)

    def read(self) -> object:
        """What is shown."""
        if self.stream:
            return "(stream)"
        if not self.length:
            return None
        try:
            found = json.loads(self.data or b"")
            if self.text or isinstance(found, dict | list):
                return redact(found)
        except (TypeError, ValueError, RecursionError):
            pass  # too large to be kept, no JSON, or too deep to be read
        try:
            if self.text and self.data:
                return hide(self.data.decode("utf-8"))[:MAX_TEXT]
        except UnicodeDecodeError:
            pass
        return f"({self.length} bytes)"


class Asked:
    """An HTTP request."""

    __slots__ = ("body", "headers", "method", "secrets", "size", "url")

    def __init__(self, method: str, url: str, named: Mapping[str, object], data: object) -> None:
        """`data` is the body, or its length if it is not kept."""
        self.method, self.url, self.headers = method, url[:MAX_BODY], shown(named)
        self.body = Body(data, url, text=False)
        self.secrets, self.size = self.body.data, FIELD + len(self.url) + len(self.body.data or b"")

    @property
    def payload(self) -> Payload:
        """Method, URL, headers that matter and body."""
        return {
            "method": self.method,
            "url": hide(self.url)[:MAX_TEXT],
            "headers": redact(self.headers),
            "body": self.body.read(),
        }


class Answered:
    """An HTTP reply, or why there is none."""

    __slots__ = ("body", "error", "headers", "secrets", "size", "status")

    def __init__(
        self, status: int, named: Mapping[str, object], data: object, path: str = "", error: str | None = None
    ) -> None:
        self.status, self.headers, self.error = status, shown(named), error
        self.body = Body(data, path if status < 300 else "", text=True)
        self.secrets, self.size = self.body.data, FIELD + len(self.body.data or b"")

    @property
    def payload(self) -> Payload:
        """Status, headers that matter and body; or the error."""
        if self.error is not None:
            return {"error": hide(self.error)}
        return {"status": self.status, "headers": redact(self.headers), "body": self.body.read()}


class RPCMessage:
    """What a message says, in JSON, below what the bus knows of it."""

    __slots__ = ("known", "secrets", "size", "text")

    def __init__(self, text: str, **known: object) -> None:
        self.text, self.known = text, known
        self.secrets, self.size = text, FIELD + len(text)

    @property
    def payload(self) -> Payload:
        """Topic and method, then the arguments, the result or the failure."""
        return self.known | (redact(json.loads(self.text)) if self.text else {})


class Statement:
    """A statement with its values, which SQLAlchemy made for it alone."""

    __slots__ = ("secrets", "size", "sql", "values")

    def __init__(self, sql: str, values: Sequence[Mapping[str, object]] | None) -> None:
        self.sql, self.values = sql, (values or ())[:10]
        names = secret_names(tuple(self.values[0])) if self.values else ()
        self.secrets = [{name: row[name] for name in names} for row in self.values] if names else None
        self.size = FIELD + sum(sum(map(_length, row.values())) for row in self.values)

    @property
    def payload(self) -> Payload:
        """The statement and its values by name."""
        return {"sql": self.sql, "parameters": redact([plain(row) for row in self.values])}


class DriverCall:
    """A call of a hypervisor's driver."""

    __slots__ = ("secrets", "size", "text")

    def __init__(self, host: str, args: tuple[object, ...], options: Mapping[str, object]) -> None:
        kept = [a for a in args if isinstance(a, str | int | dict | list)]
        named = {k: v for k, v in options.items() if isinstance(v, str | int | dict | list)}
        self.text = json.dumps({"host": host, "args": kept} | named, default=str)
        self.secrets, self.size = self.text, FIELD + len(self.text)

    @property
    def payload(self) -> Payload:
        """The host and the arguments that are data."""
        return dict(redact(json.loads(self.text)))


def asked(environ: WSGIEnvironment) -> Asked:
    """What a client asked of a WSGI server; a body that is kept is put back where it was read from."""
    length = environ.get("CONTENT_LENGTH") or "0"
    size = int(length) if length.isdecimal() else 0
    data: object = None
    if size > MAX_BODY or "HTTP_TRANSFER_ENCODING" in environ:
        data = iter(())  # nobody looks into a stream
    elif size:
        data = body = environ["wsgi.input"].read(size)
        environ["wsgi.input"] = io.BytesIO(body)
    named = {name: environ[key] for name, key in WSGI_KEYS.items() if key in environ}
    query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
    url = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}{environ['PATH_INFO']}{query}"
    return Asked(environ["REQUEST_METHOD"], url, named, data)


def operation(method: str, path: str) -> str:
    """Method and path below the mount point, with each id as `{id}`.

    >>> operation("GET", "/image/v2/images/8fd5e4af-6c1b-41d2-b88d-3d8474c1067a")
    'GET /v2/images/{id}'
    """
    below = ID.sub("{id}", path).lstrip("/").partition("/")[2]
    return hide(f"{method} /{below}")[:MAX_TEXT]


def shown(named: Mapping[str, object]) -> dict[str, str]:
    """The headers that a reader looks at."""
    if isinstance(named, CaseInsensitiveDict):  # it looks slowly for one name, and hands all of them out quickly
        known = dict(named.lower_items())
        found = ((name, known.get(lower)) for name, lower in LOWER_HEADERS.items())
    else:
        found = ((name, named.get(name)) for name in SHOWN_HEADERS)
    return {name: str(value)[:MAX_TEXT] for name, value in found if value is not None}


@lru_cache(1000)
def described(sql: str) -> tuple[str, str, str]:
    """Phase, `VERB table` and the statement on one line: the same few statements come again and again."""
    verb = sql.split(None, 1)[0].upper().replace("WITH", "SELECT")  # a query may begin with what it builds on
    table = TABLE.search(sql)
    return PHASES.get(verb, verb.lower()), f"{verb} {table[1] if table else ''}".strip(), " ".join(sql.split())


@lru_cache(1000)
def secret_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a statement's values that are secret."""
    return tuple(name for name in names if secret(name))


def plain(values: Mapping[str, object]) -> dict[str, object]:
    """A statement's values as JSON has them."""
    simple = (str, int, float, bool, type(None), dict, list)
    return {k: v if isinstance(v, simple) else str(v) for k, v in values.items()}


def _length(value: object) -> int:
    """How many bytes a value takes, about; what stands in a JSON column is small or crossed another seam before."""
    return len(value) if isinstance(value, str) else FIELD if isinstance(value, dict | list) else 8
