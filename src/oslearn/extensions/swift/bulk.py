"""Many deletes in one request, and the report that tells what became of each name.

Interface: `delete(req, names, remove)` → a reply; `listed(req)` the names of a body; `preferred(req)`,
`render(kind, values, errors, root)`.
Invariants: the reply's status is 200 whatever happened; the status that counts is in its body. Objects go before
containers, so that a list may empty a container and delete it.
Upstream: swift/common/middleware/bulk.py, `get_heartbeat_response_body` of swift/common/request_helpers.py.
Left out: archives that are unpacked (`extract-archive`), blanks that keep the connection alive.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

from oslearn.core.oslo.exception import BadRequest, NotAcceptable, NotFound, OpenStackError, RequestEntityTooLarge
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.oslo.store import CHUNK
from oslearn.extensions.swift.exceptions import HTML, LengthRequired

LIMITS = {"max_deletes_per_request": 10000, "max_failed_deletes": 1000}
MAX_PATH = 1024 + 256 + 2
FORMATS = ["text/plain", "application/json", "application/xml", "text/xml"]
Values = dict[str, Any]
"""The report, but for what failed."""
Errors = list[tuple[str, str]]
"""Names, and what became of each."""
Named = tuple[str, OpenStackError | None]
"""A name to delete; with an error one that cannot be."""


def delete(req: Request, names: Callable[[], Iterable[Named]], remove: Callable[[str], None]) -> Reply:
    """Remove each name, and report."""
    kind, errors = preferred(req), list[tuple[str, str]]()
    values = {"Response Status": "200 OK", "Response Body": "", "Number Deleted": 0, "Number Not Found": 0}
    try:
        if kind is None:
            raise NotAcceptable()
        _delete_each(names(), remove, values, errors)
    except OpenStackError as error:
        values |= {"Response Status": status(error), "Response Body": words(error)}
    else:
        if errors:
            failed = any(text.startswith("5") for _, text in errors)
            values["Response Status"] = "502 Bad Gateway" if failed else "400 Bad Request"
        elif not values["Number Deleted"] and not values["Number Not Found"]:
            values |= {"Response Status": "400 Bad Request", "Response Body": "Invalid bulk delete."}
    return Reply(200, render(kind, values, errors, "delete"), {"Content-Type": kind or HTML})


def _delete_each(names: Iterable[Named], remove: Callable[[str], None], values: Values, errors: Errors) -> None:
    containers = []
    for name, error in names:
        if name and "/" not in name.strip("/"):
            containers.append((name, error))
        elif name:
            _delete_one(name, error, remove, values, errors)
    for name, error in containers:
        _delete_one(name, error, remove, values, errors)


def _delete_one(
    name: str, error: OpenStackError | None, remove: Callable[[str], None], values: Values, errors: Errors
) -> None:
    told = str(error)
    try:
        if error is None:
            remove(name)
            values["Number Deleted"] += 1
            return
    except OpenStackError as refused:
        error, told = refused, status(refused)
    if isinstance(error, NotFound):
        values["Number Not Found"] += 1
        return
    errors.append((quote(name, errors="surrogateescape"), told))
    if len(errors) >= LIMITS["max_failed_deletes"]:
        raise BadRequest("Max delete failures exceeded")


def listed(req: Request) -> list[Named]:
    """The names in a body, one a line. Raises NotAcceptable, LengthRequired, BadRequest, RequestEntityTooLarge."""
    if not (req.content_type or "text/plain").startswith("text/plain"):
        raise NotAcceptable()
    if req.content_length is None:
        raise LengthRequired()
    limit, names = LIMITS["max_deletes_per_request"], list[Named]()
    for line in _lines(iter(partial(req.bounded_stream.read, CHUNK), b"")):
        names.append((unquote(line.strip().decode(errors="surrogateescape"), errors="surrogateescape"), None))
        if len(names) > limit:
            raise RequestEntityTooLarge(f"Maximum Bulk Deletes: {limit} per request")
    return names


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a body that is read a chunk at a time. Raises BadRequest for one that no name is as long as."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
        if len(rest) > 2 * MAX_PATH:
            raise BadRequest("Invalid File Name")
    yield rest


def preferred(req: Request) -> str | None:
    """The form of the report that the client likes best."""
    return req.client_prefers(FORMATS)


def status(error: OpenStackError) -> str:
    """A status line's end."""
    return f"{error.code} {error.title}"


def words(error: OpenStackError) -> str:
    """What an error says beyond its status."""
    return "" if str(error) == type(error).message else str(error)


def render(kind: str | None, values: Values, errors: Iterable[tuple[str, str]], root: str) -> bytes:
    """The report as JSON, XML or text."""
    if kind == "application/json":
        return json.dumps(values | {"Errors": [[*error] for error in errors]}).encode()
    if kind and kind.endswith("/xml"):
        lines = [f"<{key}>{escape(str(values[name]))}</{key}>\n" for name in sorted(values) for key in [_tag(name)]]
        failed = "".join(
            f"<object><name>{escape(name)}</name><status>{escape(text)}</status></object>\n" for name, text in errors
        )
        return f"<{root}>\n{''.join(lines)}<errors>\n{failed}</errors>\n</{root}>\n".encode()
    lines = [f"{name}: {values[name]}\n" for name in sorted(values)]
    return "".join([*lines, "Errors:\n", *(f"{name}, {text}\n" for name, text in errors)]).encode()


def _tag(name: str) -> str:
    return name.replace(" ", "_").lower()
