"""What an object is read from: its own data, the objects a dynamic manifest names, or the segments of a static one.

Interface: `Reader(backend).source(session, req, path)` is a `Source`: headers, size and `cut(start, stop)`, its parts
between two bytes; what streams is sent part by part.
Invariants: each segment is read as who asks; a segment that he may not read, that is gone or that is not what the
manifest says ends the request with 409: nobody gets half an object for a whole one.
Upstream: swift/common/middleware/dlo.py, `SloGetContext` of slo.py, `SegmentedIterable` of request_helpers.py.
Left out: lists of segments that are read while data is sent (a request has at most `MAX_PARTS`), segments that are
slowed down.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any
from urllib.parse import unquote

from sqlalchemy import select
from sqlalchemy.orm import Session

from oslearn.core.oslo.exception import Conflict, Forbidden, NotFound, Unauthorized
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.oslo.store import Store
from oslearn.extensions.swift import http
from oslearn.extensions.swift.backend import READ, Backend
from oslearn.extensions.swift.models import LAST, Object

MAX_DEPTH = 10
"""Manifests in manifests (`max_slo_recursion_depth`)."""
MAX_PARTS = 100_000
DLO, SLO = "X-Object-Manifest", "X-Static-Large-Object"
SLO_ETAG, SLO_SIZE = "X-Object-Sysmeta-Slo-Etag", "X-Object-Sysmeta-Slo-Size"


Segment = dict[str, Any]
"""A segment of a manifest. Kept, it has `name`, `bytes`, `hash`, and `range` if it is a piece, `sub_slo` if it is a
manifest itself; or it has `data`. A client sends `path`, `size_bytes`, `etag`, `range`, or `data`."""


@dataclass(frozen=True)
class Part:
    """Some bytes of the store's `data`, or of `inline`."""

    start: int
    stop: int
    data: str = ""
    inline: bytes = b""

    def open(self, store: Store) -> Iterable[bytes]:
        """Its data, in chunks."""
        return store.open(self.data, self.start, self.stop) if self.data else [self.inline[self.start : self.stop]]


@dataclass
class Source:
    """What GET of an object answers from. `segments` are those of a static large object."""

    headers: dict[str, str]
    size: int
    cut: Callable[[int, int], list[Part]]
    segments: list[Segment] | None = None


class Joined:
    """The parts one after the other; the first is open already, so that it can be read though it is deleted."""

    def __init__(self, store: Store, parts: Sequence[Part]) -> None:
        self._first: Iterable[bytes] = parts[0].open(store) if parts else []
        self._open = self._first
        self._rest, self._store = iter(parts[1:]), store

    def __iter__(self) -> Iterator[bytes]:
        for chunks in chain([self._first], (part.open(self._store) for part in self._rest)):
            self._open = chunks
            yield from chunks
        self.close()

    def close(self) -> None:
        """Let the file go that is open."""
        if hasattr(self._open, "close"):
            self._open.close()


class Reader:
    """Finds what an object is read from."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def source(self, session: Session, req: Request, path: tuple[str, ...], *, manifest: str = "") -> Source:
        """`manifest` is `get` for the manifest itself, `raw` for it as it was sent.

        Raises Unauthorized, Forbidden, NotFound.
        """
        found = self.backend.find(session, req, path, READ)
        if SLO in found.meta:
            return self._static(session, req, path, found, manifest)
        if DLO in found.meta and not manifest:
            return self._dynamic(session, req, path[0], found)
        return Source(http.describe(found, found.etag), found.bytes, plain(found))

    def _dynamic(self, session: Session, req: Request, account: str, found: Object) -> Source:
        """All objects of a container whose names begin alike: who may not list them may not read them."""
        container, _, prefix = unquote(found.meta[DLO]).partition("/")
        row = self.backend.container(session, req, account, container, READ)
        names = (Object.path == row.path, Object.name >= prefix, Object.name < prefix + LAST)
        parts = list(session.scalars(select(Object).where(*names).order_by(Object.name)))
        etag = md5("".join(part.etag for part in parts))
        whole = [Part(0, part.bytes, part.data) for part in parts]
        return Source(http.describe(found, f'"{etag}"'), sum(p.bytes for p in parts), lambda a, b: between(whole, a, b))

    def _static(self, session: Session, req: Request, path: tuple[str, ...], found: Object, manifest: str) -> Source:
        segments: list[Segment] = json.loads(self.backend.store.get(found.data))
        headers = http.describe(found, f'"{found.meta[SLO_ETAG]}"')
        if manifest == "raw":
            data = json.dumps([raw(segment) for segment in segments], sort_keys=True).encode()
            headers["Etag"] = md5(data)
            return Source(headers, len(data), lambda a, b: [Part(a, b, inline=data)])
        if manifest:
            kind = {"Etag": found.etag, "Content-Type": "application/json; charset=utf-8"}
            return Source(headers | kind, found.bytes, plain(found), segments)
        headers["X-Manifest-Etag"] = found.etag
        walk = Walk(self.backend, session, req, path[0])
        return Source(headers, int(found.meta[SLO_SIZE]), partial_walk(walk, segments), segments)


class Walk:
    """One request's way through a static manifest and those in it."""

    def __init__(self, backend: Backend, session: Session, req: Request, account: str) -> None:
        self.backend, self.session, self.req, self.account = backend, session, req, account
        self.known: dict[str, Object] = {}
        self.parts: list[Part] = []

    def cut(self, segments: list[Segment], start: int, stop: int, depth: int = 1) -> None:
        """Add the parts of these segments between two bytes. Raises Conflict."""
        at = 0
        for segment in segments:
            first, size = reach(segment)
            low, high = max(start - at, 0), min(stop - at, size)
            at += size
            if low < high:
                self._add(segment, first + low, first + high, depth)

    def _add(self, segment: Segment, start: int, stop: int, depth: int) -> None:
        if "data" in segment:
            self.parts.append(Part(start, stop, inline=b64decode(segment["data"])))
            return
        found = self._find(segment)
        if not segment.get("sub_slo"):
            self.parts.append(Part(start, stop, found.data))
        elif depth < MAX_DEPTH:
            self.cut(json.loads(self.backend.store.get(found.data)), start, stop, depth + 1)
        if (depth >= MAX_DEPTH and segment.get("sub_slo")) or len(self.parts) > MAX_PARTS:
            raise Conflict(Conflict.message)

    def _find(self, segment: Segment) -> Object:
        name = segment["name"]
        if name not in self.known:
            container, _, obj = name.lstrip("/").partition("/")
            try:
                self.known[name] = self.backend.find(self.session, self.req, (self.account, container, obj), READ)
            except (Unauthorized, Forbidden, NotFound):
                raise Conflict(Conflict.message) from None
        found = self.known[name]
        now = (found.meta.get(SLO_ETAG), int(found.meta.get(SLO_SIZE, 0))) if segment.get("sub_slo") else None
        if (now or (found.etag, found.bytes)) != (segment["hash"], segment["bytes"]):
            raise Conflict(Conflict.message)
        return found


def partial_walk(walk: Walk, segments: list[Segment]) -> Callable[[int, int], list[Part]]:
    """`Source.cut` of a static large object."""

    def cut(start: int, stop: int) -> list[Part]:
        walk.parts = []
        walk.cut(segments, start, stop)
        return walk.parts

    return cut


def plain(found: Object) -> Callable[[int, int], list[Part]]:
    """`Source.cut` of an object's own data."""
    return lambda start, stop: [Part(start, stop, found.data)]


def between(parts: list[Part], start: int, stop: int) -> list[Part]:
    """What of the parts lies between two bytes of the whole."""
    cut, at = [], 0
    for part in parts:
        size = part.stop - part.start
        low, high = max(start - at, 0), min(stop - at, size)
        at += size
        if low < high:
            cut.append(replace(part, start=part.start + low, stop=part.start + high))
    return cut


def several(
    reply: Reply, source: Source, spans: list[tuple[int, int]], cuts: list[list[Part]], boundary: str
) -> list[Part]:
    """The parts of several ranges, each below a heading of its own, and the reply's headers for them."""
    parts = []
    for span, cut in zip(spans, cuts, strict=True):
        kind, where = source.headers["Content-Type"], http.content_range(span, source.size)
        heading = f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: {where}\r\n\r\n"
        parts += [_text(heading), *cut, _text("\r\n")]
    parts.append(_text(f"--{boundary}--"))
    reply.headers["Content-Type"] = f"multipart/byteranges;boundary={boundary}"
    reply.headers["Content-Length"] = str(sum(part.stop - part.start for part in parts))
    return parts


def _text(text: str) -> Part:
    return Part(0, len(text.encode()), inline=text.encode())


def reach(segment: Segment) -> tuple[int, int]:
    """Where in its object a segment starts, and how long it is."""
    if "data" in segment:
        return 0, len(b64decode(segment["data"]))
    if "range" not in segment:
        return 0, segment["bytes"]
    first, last = map(int, segment["range"].split("-"))
    return first, last - first + 1


def raw(segment: Segment) -> Segment:
    """A kept segment as a client would send it."""
    if "data" in segment:
        return segment
    kept = {"path": segment["name"], "size_bytes": segment["bytes"], "etag": segment["hash"]}
    return kept | ({"range": segment["range"]} if "range" in segment else {})


def md5(data: str | bytes) -> str:
    """A checksum, not a secret."""
    return hashlib.md5(data.encode() if isinstance(data, str) else data, usedforsecurity=False).hexdigest()
