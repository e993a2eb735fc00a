"""Swift's HTTP: names in paths, dates, conditions, ranges, and the replies that all handlers share.

Upstream: swift/common/swob.py, swift/common/request_helpers.py.
"""

from __future__ import annotations

import math
import re
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import unquote

from oslearn.oslo.wsgi import Reply, Request
from oslearn.swift.exceptions import HTML, PreconditionFailed, RangeNotSatisfiable, page
from oslearn.swift.models import Object


def object_name(req: Request) -> str:
    """The object's name as it was sent: falcon's has lost a slash at its end."""
    return path_info(req).split("/", 4)[4]


def path_info(req: Request) -> str:
    """The path below the mount point. Raises PreconditionFailed if it is no text."""
    try:
        path = str(req.env["PATH_INFO"]).encode("latin-1").decode()
    except UnicodeDecodeError:
        path = "\0"
    if "\0" in path:
        raise PreconditionFailed("Invalid UTF8 or contains NULL")
    return path


def path(req: Request, header: str) -> tuple[str, str]:
    """Container and object that a header names. Raises PreconditionFailed."""
    container, _, name = unquote(req.get_header(header) or "").lstrip("/").partition("/")
    if not container or not name:
        raise PreconditionFailed(f"{header} header must be of the form <container name>/<object name>")
    return container, name


def date(seconds: float) -> str:
    """The next whole second as HTTP writes it."""
    return formatdate(math.ceil(seconds), usegmt=True)


def created(headers: dict[str, str] | None = None) -> Reply:
    """201 without a body."""
    return Reply(201, b"", {"Content-Type": HTML} | (headers or {}))


def accepted() -> Reply:
    """202."""
    return Reply(202, page(202, "Accepted"), {"Content-Type": HTML})


def describe(obj: Object, etag: str) -> dict[str, str]:
    """An object's headers."""
    headers = {"Content-Type": obj.content_type, "Etag": etag, "Last-Modified": date(obj.put_at)}
    headers |= {"X-Timestamp": f"{obj.put_at:.5f}", "Accept-Ranges": "bytes"} | obj.meta
    return headers | ({"X-Delete-At": str(obj.delete_at)} if obj.delete_at else {})


def select(req: Request, size: int, headers: dict[str, str]) -> tuple[Reply, int, int]:
    """The reply without its body, and where that starts and stops. Raises RangeNotSatisfiable."""
    unmet = _unmet(req, headers)
    if unmet == 412:
        return Reply(412, page(412, "Precondition Failed"), headers | {"Content-Type": HTML}), 0, 0
    if unmet:
        return Reply(unmet, None, headers), 0, 0
    asked = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", req.get_header("Range") or "")
    first, last = asked.groups() if asked else ("", "")
    start, stop = 0, size
    if first:
        start, stop = int(first), min(int(last or size) + 1, size)
    elif last:
        start = max(size - int(last), 0)
    if not (first or last) or (first and last and int(last) < int(first)):
        return Reply(200, None, headers | {"Content-Length": str(size)}), 0, size
    if start >= size:
        raise RangeNotSatisfiable(headers | {"Content-Range": f"bytes */{size}"})
    part = {"Content-Range": f"bytes {start}-{stop - 1}/{size}", "Content-Length": str(stop - start)}
    return Reply(206, None, headers | part), start, stop


def _unmet(req: Request, headers: dict[str, str]) -> int | None:
    """412 or 304 if a condition does not hold."""
    known = {"*", headers["Etag"].strip('"')}
    changed = parsedate_to_datetime(headers["Last-Modified"])

    def tags(header: str) -> set[str]:
        return {tag.strip(' "') for tag in (req.get_header(header) or "").split(",")} - {""}

    def since(header: str) -> bool | None:
        try:
            return changed > parsedate_to_datetime(req.get_header(header) or "")
        except (TypeError, ValueError):  # no date, or one without a zone: no condition
            return None

    if (tags("If-Match") and not known & tags("If-Match")) or since("If-Unmodified-Since"):
        return 412
    if known & tags("If-None-Match") or since("If-Modified-Since") is False:
        return 304
    return None
