"""What the tracer writes down of each seam: operations without ids, payloads as a reader wants to see them.

Interface: `operation`, `http_request`, `http_reply`, `statement`, `driver_call`.
"""

from __future__ import annotations

import json
import re
from typing import Any

import requests

ID = re.compile(r"(?<=/)([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})(?=/|$)")
TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\(?(\w+)", re.IGNORECASE)
PHASES = {"SELECT": "read", "INSERT": "insert", "UPDATE": "update", "DELETE": "delete"}
SHOWN_HEADERS = ("X-Auth-Token", "X-Subject-Token", "Content-Type", "OpenStack-API-Version", "x-openstack-request-id")
MAX_TEXT = 2000
"""Characters of a body that is not JSON."""


def operation(method: str, path: str) -> str:
    """Method and path below the mount point, with each id as `{id}`.

    >>> operation("GET", "/image/v2/images/8fd5e4af-6c1b-41d2-b88d-3d8474c1067a")
    'GET /v2/images/{id}'
    """
    return f"{method} /{ID.sub('{id}', path).lstrip('/').partition('/')[2]}"


def http_request(request: requests.PreparedRequest) -> dict[str, Any]:
    """Method, URL, headers that matter and body."""
    return {"method": request.method, "url": request.url, "headers": headers(request), "body": body(request.body)}


def http_reply(response: requests.Response) -> dict[str, Any]:
    """Status, headers that matter and body."""
    return {"status": response.status_code, "headers": headers(response), "body": body(response.content)}


def headers(carrier: Any) -> dict[str, str]:
    """The headers that a reader looks at."""
    return {name: str(carrier.headers[name]) for name in SHOWN_HEADERS if name in carrier.headers}


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
    verb = sql.split(None, 1)[0].upper().replace("WITH", "SELECT")  # a query may begin with what it builds on
    table = TABLE.search(sql)
    values = getattr(execution, "compiled_parameters", None) or []
    payload = {"sql": " ".join(sql.split()), "parameters": [plain(v) for v in values[:10]]}
    return PHASES.get(verb, verb.lower()), f"{verb} {table[1] if table else ''}".strip(), payload


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """A statement's values as JSON has them."""
    simple = (str, int, float, bool, type(None), dict, list)
    return {k: v if isinstance(v, simple) else str(v) for k, v in values.items()}


def driver_call(host: str, args: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """The host and the arguments that are data."""
    shown = [a for a in args if isinstance(a, str | int | dict | list)]
    return {"host": host, "args": shown} | {k: v for k, v in options.items() if isinstance(v, str | int | dict | list)}
