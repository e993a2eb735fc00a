"""Static large objects: a manifest names the segments, and says what each must be.

Interface: `manifest(data, path)` reads one; `Builder(reader)` looks at what it names: `check`, `to_delete`, `together`;
`described`, `heartbeat`, `part_number`.
Invariants: a manifest is kept only if all its segments are there and are what it says, for who sends it.
Upstream: swift/common/middleware/slo.py.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from sqlalchemy.orm import Session

from oslearn.core.oslo.exception import BadRequest, NotFound, OpenStackError, RequestEntityTooLarge, Unauthorized
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.swift import bulk, http
from oslearn.extensions.swift.backend import WRITE
from oslearn.extensions.swift.constraints import TRUE
from oslearn.extensions.swift.exceptions import EXPLANATIONS
from oslearn.extensions.swift.models import Object
from oslearn.extensions.swift.parts import SLO, SLO_ETAG, SLO_SIZE, Reader, Segment, md5, reach

LIMITS = {
    "max_manifest_segments": 1000,
    "max_manifest_size": 8388608,
    "yield_frequency": 10,
    "min_segment_size": 1,
    "allow_async_delete": True,
}
Looked = tuple[Segment, list[str]]
"""What is kept of a segment, and what is wrong with it."""
SMALL = "too small; each segment must be at least 1 byte."


def manifest(data: bytes, path: tuple[str, ...]) -> list[Segment]:
    """The segments that a body lists, for an object `path`. Raises BadRequest, RequestEntityTooLarge."""
    try:
        segments = json.loads(data)
        json.dumps(segments, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        raise BadRequest("Manifest must be valid JSON.\n") from None
    if not isinstance(segments, list):
        raise BadRequest("Manifest must be a list.\n")
    own, last = "/".join(path[1:]), len(segments) - 1
    found = [(number, _wrong(segment, number == last, own)) for number, segment in enumerate(segments)]
    errors = [f"Index {number}: {error}\n" for number, error in found if error]
    if segments and all(isinstance(segment, dict) and "data" in segment for segment in segments):
        errors.append("Inline data segments require at least one object-backed segment.\n")
    if errors:
        raise BadRequest("".join(errors))
    if sum("path" in segment for segment in segments) > LIMITS["max_manifest_segments"]:
        limit = LIMITS["max_manifest_segments"]
        raise RequestEntityTooLarge(f"Number of object-backed segments must be <= {limit}")
    return segments


def _wrong(segment: object, last: bool, own: str) -> str | None:
    """Why this is no segment; its `data`, `size_bytes` and `range` are made what the rest expects."""
    if not isinstance(segment, dict):
        return "not a JSON object"
    kind = next((key for key in ("data", "path") if key in segment), None)
    if kind is None:
        return "expected keys to include one of 'data' or 'path'"
    extra = sorted(segment.keys() - ({"data"} if kind == "data" else {"path", "range", "etag", "size_bytes"}))
    if extra:
        return f"extraneous keys {', '.join(map(json.dumps, extra))}"
    return _wrong_data(segment) if kind == "data" else _wrong_path(segment, last, own)


def _wrong_data(segment: Segment) -> str | None:
    try:
        data = b64decode(segment["data"], validate=True)
    except (TypeError, ValueError):
        return "data must be valid base64"
    segment["data"] = b64encode(data).decode()
    return None if data else SMALL


def _wrong_path(segment: Segment, last: bool, own: str) -> str | None:
    path, size = segment["path"], segment.get("size_bytes")
    if not isinstance(path, str):
        return '"path" must be a string'
    if not isinstance(segment.get("etag"), str | None):
        return '"etag" must be a string or null (if provided)'
    if "/" not in path.strip("/"):
        return "path does not refer to an object. Path must be of the form /container/object."
    try:
        segment["size_bytes"] = size = None if size is None else int(size)
    except (TypeError, ValueError, OverflowError):
        return "invalid size_bytes"
    if size is not None and size < 1 and not last:
        return SMALL
    if path.lstrip("/") == own:
        return "manifest must not include itself as a segment"
    return _wrong_range(segment, size) if segment.get("range") else None


def _wrong_range(segment: Segment, size: int | None) -> str | None:
    try:
        segment["range"] = http.byte_ranges(f"bytes={segment['range']}")
    except ValueError:
        return "invalid range"
    if len(segment["range"]) > 1:
        return "multiple ranges (only one allowed)"
    return "unsatisfiable range" if size is not None and not http.spans(segment["range"], size) else None


class Refused(BadRequest):
    """400: segments are not what the client says. The body lists them in the form that it likes."""

    def __init__(self, req: Request, problems: list[tuple[str, str]]) -> None:
        kind = bulk.preferred(req) or bulk.FORMATS[0]
        super().__init__(bulk.render(kind, {}, problems, "upload").decode())
        self.headers, self.problems = {"Content-Type": kind}, problems


class Builder:
    """Looks at the segments that a manifest names."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def check(self, session: Session, req: Request, account: str, asked: list[Segment]) -> list[Segment]:
        """What is kept of the segments. Raises BadRequest with those that are not what the client says."""
        kept, problems = [], []
        for number, segment in enumerate(asked):
            found, faults = segment, list[str]()
            if "data" not in segment:
                found, faults = self._look(session, req, account, segment, number == len(asked) - 1)
            kept.append(found)
            problems += [(quote(segment["path"]), fault) for fault in faults]
        if problems:
            raise Refused(req, problems)
        return kept

    def to_delete(self, req: Request, path: tuple[str, ...]) -> Iterator[bulk.Named]:
        """The names of all segments, each manifest behind what it names. Raises BadRequest."""
        queue: list[tuple[str, bool, OpenStackError | None]] = [("/" + "/".join(path[1:]), True, None)]
        while queue:
            if len(queue) > 10 * LIMITS["max_manifest_segments"]:
                raise BadRequest("Too many buffered slo segments to delete.")
            name, unread, error = queue.pop(0)
            if not unread:
                yield name, error
                continue
            try:
                with self.reader.backend.session() as session:
                    found = self._segments(session, req, (path[0], *name.lstrip("/").split("/", 1)))
                queue += [(part["name"], part.get("sub_slo", False), None) for part in found]
            except OpenStackError as refused:
                error = refused
            queue.append((name, False, error))

    def together(self, session: Session, req: Request, path: tuple[str, ...]) -> list[Object]:
        """A manifest and its segments, if they lie in one container and are no manifests. Raises BadRequest."""
        found, backend = self._segments(session, req, path), self.reader.backend
        names = [segment["name"].lstrip("/").split("/", 1) for segment in found]
        containers = sorted({container for container, _ in names})
        if len(containers) > 1:
            listed = ", ".join(f'"{quote(container)}"' for container in containers)
            raise BadRequest(f"All segments must be in one container. Found segments in {listed}")
        if any("sub_slo" in segment for segment in found):
            raise BadRequest("No segments may be large objects.")
        own = backend.find(session, req, path, WRITE)
        if containers:
            backend.container(session, req, path[0], containers[0], WRITE, of_object=True)
        rows = [session.get(Object, (f"{path[0]}/{container}", name)) for container, name in names]
        return [*{row.name: row for row in rows if row}.values(), own]

    def _segments(self, session: Session, req: Request, path: tuple[str, ...]) -> list[Segment]:
        """What a manifest names. Raises BadRequest, NotFound, Unauthorized."""
        try:
            source = self.reader.source(session, req, path, manifest="get")
        except NotFound:
            raise NotFound("SLO manifest not found") from None
        except Unauthorized:
            raise Unauthorized("401 Unauthorized") from None
        except OpenStackError:
            raise OpenStackError("Unable to load SLO manifest or segment.") from None
        if source.segments is None:
            raise BadRequest("Not an SLO manifest")
        return [segment for segment in source.segments if "data" not in segment]

    def _look(self, session: Session, req: Request, account: str, segment: Segment, last: bool) -> Looked:
        container, _, name = segment["path"].lstrip("/").partition("/")
        try:
            source = self.reader.source(session, req, (account, container, name))
        except OpenStackError as error:
            return {}, [f"{error.code} {error.title}"]
        etag, faults = source.headers["Etag"].strip('"'), []
        modified = parsedate_to_datetime(source.headers["Last-Modified"]).astimezone(UTC)
        found = {
            "name": "/" + segment["path"].lstrip("/"),
            "bytes": source.size,
            "hash": etag,
            "content_type": source.headers["Content-Type"].partition(";")[0],
            "last_modified": modified.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        }
        spans = http.spans(segment["range"], source.size) if segment.get("range") else [(0, source.size)]
        if not spans:
            faults.append("Unsatisfiable Range")
        elif spans[0] != (0, source.size):
            found["range"] = f"{spans[0][0]}-{spans[0][1] - 1}"
        if SLO in source.headers:
            found["sub_slo"] = True
        if reach(found)[1] < 1 and not last:
            faults.append("Too small; each segment must be at least 1 byte.")
        if segment.get("size_bytes") not in (None, source.size):
            faults.append("Size Mismatch")
        if segment.get("etag") not in (None, etag):
            faults.append("Etag Mismatch")
        return found, faults


def described(kept: list[Segment]) -> dict[str, str]:
    """What is known of a large object beside its manifest."""
    etag = md5("".join(_sum(segment) for segment in kept))
    return {SLO: "True", SLO_ETAG: etag, SLO_SIZE: str(sum(reach(segment)[1] for segment in kept))}


def _sum(segment: Segment) -> str:
    if "data" in segment:
        return md5(b64decode(segment["data"]))
    return f"{segment['hash']}:{segment['range']};" if "range" in segment else str(segment["hash"])


def heartbeat(req: Request, build: Callable[[], Reply]) -> Reply:
    """The reply; with `heartbeat` it is 202 from the start, and what became of the request stands in the body."""
    if req.query.get("heartbeat", "").lower() not in TRUE:
        return build()
    kind, problems = bulk.preferred(req) or bulk.FORMATS[0], list[tuple[str, str]]()
    try:
        headers = build().headers
        values = {"Response Status": "201 Created", "Response Body": "", "Etag": headers["Etag"]}
        values["Last Modified"] = headers["Last-Modified"]
    except OpenStackError as error:
        problems = getattr(error, "problems", [])
        told = "" if problems else bulk.words(error)
        values = {"Response Status": bulk.status(error)}
        values["Response Body"] = told or f"{error.title}\n{EXPLANATIONS[error.code]}"
    return Reply(202, b" \r\n\r\n" + bulk.render(kind, values, problems, "upload"), {"Content-Type": kind})


def part_number(req: Request) -> int:
    """Which segment is asked for. Raises BadRequest."""
    given = req.query["part-number"]
    if not given.isascii() or not given.isdigit() or not int(given[:9]):
        raise BadRequest("Part number must be an integer greater than 0")
    if req.get_header("Range"):
        raise BadRequest("Range requests are not supported with part number queries")
    return int(given)
