"""What the tracer writes down of each seam: operations without ids, payloads as a reader wants to see them.

Interface: `operation`, `http_request`, `http_reply`, `statement`, `driver_call`.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import requests

from oslearn.oslo.adapter import wsgi_key

ID = re.compile(r"(?<=/)([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})(?=/|$)")
TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\(?(\w+)", re.IGNORECASE)
PHASES = {"SELECT": "read", "INSERT": "insert", "UPDATE": "update", "DELETE": "delete"}
SHOWN_HEADERS = ("X-Auth-Token", "X-Subject-Token", "Content-Type", "OpenStack-API-Version", "x-openstack-request-id")
MAX_TEXT = 2000
"""Characters of a body that is not JSON."""
MAX_BODY = 1 << 17
"""Bytes of a body; of a larger one only the size is kept."""


def operation(method: str, path: str) -> str:
    """Method and path below the mount point, with each id as `{id}`.

    >>> operation("GET", "/image/v2/images/8fd5e4af-6c1b-41d2-b88d-3d8474c1067a")
    'GET /v2/images/{id}'
    """
    return f"{method} /{ID.sub('{id}', path).lstrip('/').partition('/')[2]}"


def http_request(request: requests.PreparedRequest) -> dict[str, Any]:
    """Method, URL, headers that matter and body."""
    return {"method": request.method, "url": request.url, "headers": shown(request.headers), "body": body(request.body)}


def http_reply(response: requests.Response) -> dict[str, Any]:
    """Status, headers that matter and body."""
    return reply(response.status_code, response.headers, response.content)


def reply(status: int, named: Mapping[str, Any], data: bytes | None) -> dict[str, Any]:
    """Status, headers that matter and body."""
    return {"status": status, "headers": shown(named), "body": body(data)}


def environ_operation(environ: dict[str, Any]) -> str:
    """The operation that a WSGI server was asked for."""
    return operation(environ["REQUEST_METHOD"], environ["PATH_INFO"])


def environ_request(environ: dict[str, Any]) -> dict[str, Any]:
    """What a client asked of a WSGI server; a body is put back where it was read from."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    data: Any = None
    if size > MAX_BODY:
        data = f"({size} bytes)"
    elif size:
        data = environ["wsgi.input"].read(size)
        environ["wsgi.input"] = io.BytesIO(data)
    named = {name: environ[key] for name in SHOWN_HEADERS if (key := wsgi_key(name)) in environ}
    query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
    url = f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}{environ['PATH_INFO']}{query}"
    return {"method": environ["REQUEST_METHOD"], "url": url, "headers": named, "body": body(data)}


def shown(named: Mapping[str, Any]) -> dict[str, str]:
    """The headers that a reader looks at."""
    return {name: str(named[name]) for name in SHOWN_HEADERS if name in named}


def body(data: Any) -> Any:
    """JSON as data, text as text, other bytes as their number."""
    if not data:
        return None
    if not isinstance(data, str | bytes):
        return "(stream)"
    try:
        return json.loads(data)
    except ValueError:
        pass
    try:
        return (data if isinstance(data, str) else data.decode("utf-8"))[:MAX_TEXT]
    except UnicodeDecodeError:
        return f"({len(data)} bytes)"


def statement(sql: str, execution: Any) -> tuple[str, str, dict[str, Any]]:
    """Phase, `VERB table` and the statement with its values by name."""
    phase, what, line = described(sql)
    values = getattr(execution, "compiled_parameters", None) or []
    return phase, what, {"sql": line, "parameters": [plain(v) for v in values[:10]]}


@lru_cache(1000)
def described(sql: str) -> tuple[str, str, str]:
    """Phase, `VERB table` and the statement on one line: the same few statements come again and again."""
    verb = sql.split(None, 1)[0].upper().replace("WITH", "SELECT")  # a query may begin with what it builds on
    table = TABLE.search(sql)
    return PHASES.get(verb, verb.lower()), f"{verb} {table[1] if table else ''}".strip(), " ".join(sql.split())


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """A statement's values as JSON has them."""
    simple = (str, int, float, bool, type(None), dict, list)
    return {k: v if isinstance(v, simple) else str(v) for k, v in values.items()}


def driver_call(host: str, args: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """The host and the arguments that are data."""
    shown = [a for a in args if isinstance(a, str | int | dict | list)]
    return {"host": host, "args": shown} | {k: v for k, v in options.items() if isinstance(v, str | int | dict | list)}
