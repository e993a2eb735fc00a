"""Swift's HTTP: names in paths, dates, conditions, ranges, and the replies that all handlers share.

Interface: `describe`, `select`; `byte_ranges`, `spans`; `object_name`, `path_info`, `path`; `created`, `accepted`.
Upstream: swift/common/swob.py, swift/common/request_helpers.py.
"""

from __future__ import annotations

import math
import re
from email.utils import formatdate, parsedate_to_datetime
from urllib.parse import unquote

from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.swift.exceptions import HTML, BadURL, PreconditionFailed, RangeNotSatisfiable, page
from oslearn.extensions.swift.models import Object

VERSIONS = ("v1", "v1.0")
OWN = ("info", "healthcheck")
"""What is below no version."""
MAX_RANGES, MAX_OVERLAPS, MAX_MIXED_RANGES = 50, 2, 8


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


def check_path(req: Request) -> None:
    """Raises PreconditionFailed, and BadRequest for an account of a version that is not there."""
    version, _, account = path_info(req)[1:].partition("/")
    if version and not account and version not in OWN:
        raise BadURL()
    if account and not account.startswith("/") and version not in VERSIONS:
        raise BadRequest()


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
    """201, without a body."""
    return Reply(201, b"", {"Content-Type": HTML} | (headers or {}))


def accepted() -> Reply:
    """202, with the page that Swift sends."""
    return Reply(202, page(202, "Accepted"), {"Content-Type": HTML})


def describe(obj: Object, etag: str) -> dict[str, str]:
    """An object's headers; what Swift keeps for itself is none of them."""
    headers = {"Content-Type": obj.content_type, "Etag": etag, "Last-Modified": date(obj.put_at)}
    headers |= {"X-Timestamp": f"{obj.put_at:.5f}", "Accept-Ranges": "bytes"}
    headers |= {name: value for name, value in obj.meta.items() if "-Sysmeta-" not in name}
    return headers | ({"X-Delete-At": str(obj.delete_at)} if obj.delete_at else {})


def select(req: Request, size: int, headers: dict[str, str], *, many: bool) -> tuple[Reply, list[tuple[int, int]]]:
    """The reply without its body, and the spans of bytes that make it; only with `many` more than one.

    Raises RangeNotSatisfiable.
    """
    unmet = _unmet(req, headers)
    if unmet == 412:
        return Reply(412, page(412, "Precondition Failed"), headers | {"Content-Type": HTML}), []
    if unmet:
        return Reply(unmet, None, headers), []
    try:
        asked = byte_ranges(req.get_header("Range") or "")
    except ValueError:  # what is no range is no wish
        asked = []
    if req.method == "HEAD" or not asked or (len(asked) > 1 and not many):
        return Reply(200, None, headers | {"Content-Length": str(size)}), [(0, size)]
    found = spans(asked, size)
    if not found:
        raise RangeNotSatisfiable(headers | {"Content-Range": f"bytes */{size}"})
    if size == 0:
        return Reply(200, None, headers | {"Content-Length": "0"}), [(0, 0)]
    if len(found) > 1:
        return Reply(206, None, headers), found
    part = {"Content-Range": content_range(found[0], size), "Content-Length": str(found[0][1] - found[0][0])}
    return Reply(206, None, headers | part), found


def content_range(span: tuple[int, int], size: int) -> str:
    """Which bytes of how many."""
    return f"bytes {span[0]}-{span[1] - 1}/{size}"


def byte_ranges(header: str) -> list[tuple[int | None, int | None]]:
    """First and last byte of each range. Raises ValueError if one of them is none.

    >>> byte_ranges("bytes=0-4, -5")
    [(0, 4), (None, 5)]
    """
    unit, _, given = header.replace(" ", "").partition("=")
    found = [re.fullmatch(r"([0-9]{0,18})-([0-9]{0,18})", one) for one in given.split(",")]
    if unit.lower() != "bytes" or not all(found):
        raise ValueError(header)
    pairs = [(int(one[1]) if one[1] else None, int(one[2]) if one[2] else None) for one in found if one]
    if any(pair == (None, None) or (None not in pair and pair[1] < pair[0]) for pair in pairs):  # type: ignore[operator]
        raise ValueError(header)
    return pairs


def spans(ranges: list[tuple[int | None, int | None]], size: int) -> list[tuple[int, int]]:
    """Start and stop of those that data of this size has; none of so many or such mixed ones that they are an attack.

    >>> spans([(0, 4), (None, 5), (20, None)], 10)
    [(0, 5), (5, 10)]
    """
    found = []
    for first, last in ranges:
        if first is None and last:
            found.append((max(size - last, 0), size))
        elif first is not None and first < size:
            found.append((first, size if last is None else min(last + 1, size)))
    overlaps = sum(a != b and a[0] < b[1] and b[0] < a[1] for number, a in enumerate(found) for b in found[:number])
    mixed = found != sorted(found) and len(found) >= MAX_MIXED_RANGES
    return [] if len(found) > MAX_RANGES or overlaps > MAX_OVERLAPS or mixed else found


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
