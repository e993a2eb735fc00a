"""Objects: PUT, GET, HEAD, POST, DELETE and COPY.

Interface: `ObjectController(backend)`.
Invariants: an object's data and what is known of it change together: data that was refused goes, and an upload that
fails leaves what was there.
Upstream: swift/proxy/controllers/obj.py, swift/obj/server.py, swift/common/middleware/copy.py, slo.py.
Left out: versions, symlinks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from mimetypes import MimeTypes
from urllib.parse import quote, unquote

from sqlalchemy import func, select

from oslearn.core.oslo.db import retry
from oslearn.core.oslo.exception import BadRequest, MethodNotAllowed, NotFound, RequestEntityTooLarge
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.oslo.store import CHUNK, Digest
from oslearn.extensions.swift import bulk, constraints, http, slo
from oslearn.extensions.swift.auth import is_reseller
from oslearn.extensions.swift.backend import WRITE, Backend, stats
from oslearn.extensions.swift.constraints import LIMITS, POLICY, TRUE
from oslearn.extensions.swift.exceptions import LengthRequired, PreconditionFailed, UnprocessableEntity
from oslearn.extensions.swift.models import Account, Container, Object
from oslearn.extensions.swift.parts import DLO, SLO, SLO_ETAG, Joined, Reader, Segment, Source, reach, several

TYPES = MimeTypes()
"""Python's own table: with the machine's, two machines would answer differently."""
OCTETS = "application/octet-stream"
Path = tuple[str, str, str]


class ObjectController:
    """The handlers of `/v1/{account}/{container}/{object}`."""

    def __init__(self, backend: Backend) -> None:
        self.backend, self.reader = backend, Reader(backend)
        self.builder = slo.Builder(self.reader)

    def get_object(self, req: Request, account: str, container: str, obj: str) -> Reply:
        """200, 206, 304, 404, 409, 412, 416; also for HEAD."""
        wish = req.query.get("multipart-manifest") == "get"
        manifest = ("raw" if req.query.get("format") == "raw" else "get") if wish else ""
        return self._read(req, (account, container, http.object_name(req)), manifest)

    def create_object(self, req: Request, account: str, container: str, obj: str) -> Reply:
        """201, 400, 404, 405, 411, 412, 413, 422: keep the body, a copy of X-Copy-From, or a manifest."""
        target = (account, container, http.object_name(req))
        large = req.query.get("multipart-manifest") == "put"
        if req.get_header("X-Copy-From"):
            if req.content_length:
                raise BadRequest("Copy requests require a zero byte body")
            if large:
                raise MethodNotAllowed("Multipart Manifest PUTs cannot be COPY requests")
            source = (unquote(req.get_header("X-Copy-From-Account") or account), *http.path(req, "X-Copy-From"))
            return self._copy(req, source, target)
        if req.content_length is None:
            raise LengthRequired("Missing Content-Length header.")
        if large:
            return self._put_manifest(req, target)
        _refuse_reserved(req)
        chunks = iter(partial(req.bounded_stream.read, CHUNK), b"")
        meta, etag = constraints.object_meta(req), req.get_header("ETag")
        return self._write(req, target, chunks, req.content_length, meta, req.content_type, etag=etag)

    def copy_object(self, req: Request, account: str, container: str, obj: str) -> Reply:
        """201, 400, 404, 412, 413: a copy at Destination."""
        if not req.get_header("Destination"):
            raise PreconditionFailed("Destination header required")
        target = (unquote(req.get_header("Destination-Account") or account), *http.path(req, "Destination"))
        return self._copy(req, (account, container, http.object_name(req)), target)

    def update_object(self, req: Request, account: str, container: str, obj: str) -> Reply:
        """202, 400, 404: other metadata in place of what there was; a static large object stays one."""
        _refuse_reserved(req)
        meta, ends = constraints.object_meta(req), constraints.delete_at(req, self.backend.now())
        with self.backend.session() as session:
            found = self.backend.find(session, req, (account, container, http.object_name(req)), WRITE)
            kept = {name: value for name, value in found.meta.items() if name == SLO or "-Sysmeta-" in name}
            found.meta, found.delete_at, found.put_at = meta | kept, ends, self.backend.now()
            found.content_type = _kind(req, found.name) or req.content_type or found.content_type
        return http.accepted()

    def delete_object(self, req: Request, account: str, container: str, obj: str) -> Reply | None:
        """204, 404; 200 and a report for a static large object with all its segments."""
        path = (account, container, http.object_name(req))
        if req.query.get("multipart-manifest") == "delete":
            return self._delete_all(req, path)
        self.remove(req, path)
        return None

    def remove(self, req: Request, path: Path) -> None:
        """Delete an object. Raises Unauthorized, Forbidden, NotFound, BadRequest, PreconditionFailed."""
        ends = req.get_header("X-If-Delete-At")
        if ends is not None and not ends.isdecimal():
            raise BadRequest("Bad X-If-Delete-At header value")
        with self.backend.session() as session:
            found = self.backend.find(session, req, path, WRITE)
            if ends is not None and int(ends) != found.delete_at:
                raise PreconditionFailed("X-If-Delete-At and X-Delete-At do not match")
            self.backend.forget(session, [found])

    def _read(self, req: Request, path: Path, manifest: str) -> Reply:
        with self.backend.session() as session:
            source = self.reader.source(session, req, path, manifest=manifest)
            if source.segments is not None and not manifest and "part-number" in req.query:
                return self._read_part(req, source)
            many = DLO not in source.headers or bool(manifest)
            reply, spans = http.select(req, source.size, source.headers, many=many)
            if req.method == "HEAD" or reply.status >= 300:
                return reply
            cuts = [source.cut(*span) for span in spans]
        if len(spans) > 1:
            parts = several(reply, source, spans, cuts, self.backend.ids.hex())
        else:
            (parts,) = cuts
        reply.body = Joined(self.backend.store, parts)
        return reply

    def _read_part(self, req: Request, source: Source) -> Reply:
        """One segment of a static large object, by its number."""
        number, segments = slo.part_number(req), source.segments or []
        headers = source.headers | {"X-Parts-Count": str(len(segments))}
        if number > len(segments):
            headers |= {"Content-Range": f"bytes */{source.size}"}
            return Reply(416, "The requested part number is not satisfiable", headers)
        sizes = [reach(segment)[1] for segment in segments]
        span = (sum(sizes[: number - 1]), sum(sizes[:number]))
        headers |= {"Content-Range": http.content_range(span, source.size), "Content-Length": str(sizes[number - 1])}
        body = None if req.method == "HEAD" else Joined(self.backend.store, source.cut(*span))
        return Reply(206, body, headers)

    def _copy(self, req: Request, source: Path, target: Path) -> Reply:
        manifest = "raw" if req.query.get("multipart-manifest") == "get" else ""
        read = self._read(req, source, manifest)
        if read.status >= 300:
            return read
        fresh = (req.get_header("X-Fresh-Metadata") or "").lower() in TRUE
        meta = ({} if fresh else constraints.copied(read.headers)) | constraints.object_meta(req)
        ends = None if fresh else int(read.headers.get("X-Delete-At", 0)) or None
        kind = req.content_type or read.headers["Content-Type"]
        if manifest and SLO in read.headers:
            reply = self._build(req, target, slo.manifest(b"".join(read.body), target), meta, kind, ends)
        else:
            meta |= {DLO: read.headers[DLO]} if manifest and DLO in read.headers else {}
            reply = self._write(req, target, read.body, int(read.headers["Content-Length"]), meta, kind, ends=ends)
        reply.headers |= {name: value for name, value in meta.items() if name.startswith("X-Object-Meta-")}
        reply.headers["X-Copied-From-Account"] = quote(source[0])
        reply.headers["X-Copied-From"] = quote("/".join(source[1:]))
        reply.headers["X-Copied-From-Last-Modified"] = read.headers["Last-Modified"]
        return reply

    def _put_manifest(self, req: Request, target: Path) -> Reply:
        if (req.content_length or 0) > slo.LIMITS["max_manifest_size"]:
            raise RequestEntityTooLarge(f"Manifest File > {slo.LIMITS['max_manifest_size']} bytes")
        asked = slo.manifest(req.bounded_stream.read(), target)
        meta = constraints.object_meta(req)
        return slo.heartbeat(req, lambda: self._build(req, target, asked, meta, req.content_type))

    def _build(self, req: Request, target: Path, asked: list[Segment], meta: dict[str, str], kind: str | None,
               ends: int | None = None) -> Reply:  # fmt: skip
        """Keep a static large object if its segments are what is asked. Raises BadRequest, UnprocessableEntity."""
        with self.backend.session() as session:
            kept = self.builder.check(session, req, target[0], asked)
        meta = meta | slo.described(kept)
        etag = meta[SLO_ETAG]
        if (req.get_header("ETag") or etag).strip('"') != etag:
            raise UnprocessableEntity()
        data = json.dumps(kept).encode()
        reply = self._write(req, target, [data], len(data), meta, kind, ends=ends)
        reply.headers["Etag"] = f'"{etag}"'
        return reply

    def _write(self, req: Request, target: Path, chunks: Iterable[bytes], size: int, meta: dict[str, str],
               kind: str | None, *, etag: str | None = None, ends: int | None = None) -> Reply:  # fmt: skip
        """Keep an object whose checksum is `etag` if that is known, until `ends` unless the request says when."""
        account, container, name = target
        ends = constraints.delete_at(req, self.backend.now()) or ends
        self._check_put(req, account, container, name, size)
        kind = _kind(req, name) or kind or TYPES.guess_type(name)[0] or OCTETS
        data, store = Digest(chunks, "md5"), self.backend.store
        key = self.backend.ids.hex()
        new = Object(path=f"{account}/{container}", name=name, data=key, content_type=kind, meta=meta)
        store.put(new.data, data)
        new.bytes, new.etag, new.put_at, new.delete_at = data.size, data["md5"], self.backend.now(), ends
        try:
            if (etag or new.etag).strip('"').lower() != new.etag:
                raise UnprocessableEntity()
            retry(lambda: self._keep(new))
        except BaseException:
            store.delete(new.data)
            raise
        return http.created({"Etag": new.etag, "Last-Modified": http.date(new.put_at)})

    def _keep(self, new: Object) -> None:
        """Write the row in the place of an earlier one, whose data goes. Raises NotFound without a container."""
        with self.backend.session() as session:
            if session.get(Container, new.path) is None:
                raise NotFound()
            old = session.get(Object, (new.path, new.name))
            session.info["gone"] += [old.data] if old else []
            session.merge(new)

    def _check_put(self, req: Request, account: str, container: str, name: str, size: int) -> None:
        """Whether that may be written there. Raises what refuses it."""
        none_match = req.get_header("If-None-Match")
        if none_match not in (None, "*"):
            raise BadRequest("If-None-Match only supports *")
        with self.backend.session() as session:
            row = self.backend.container(session, req, account, container, WRITE, of_object=True)
            constraints.check_length("Object", name)
            if size > LIMITS["max_file_size"]:
                raise RequestEntityTooLarge("Your request is too large.")
            if none_match and session.get(Object, (row.path, name)):
                raise PreconditionFailed()
            count, used = stats(session, row.path)
            mine = select(Container.path).where(Container.account == account)  # what is reported lags: it lets more in
            sums = select(func.coalesce(func.sum(Object.bytes), 0), func.count())
            held = session.execute(sums.where(Object.path.in_(mine))).one()
            owner = session.get_one(Account, account)
            wanted = {"X-Container-Meta-Quota-Bytes": used + size, "X-Container-Meta-Quota-Count": count + 1}
            _check_quotas(row.meta, wanted)
            if not is_reseller(req):
                for end, kind in (("", ""), (f"-Policy-{POLICY}", "policy ")):
                    wanted = {f"Bytes{end}": held[0] + size, f"Count{end}": held[1] + 1}
                    wanted = {f"X-Account-Quota-{name}": value for name, value in wanted.items()}
                    _check_quotas(owner.meta, wanted, kind)

    def _delete_all(self, req: Request, path: Path) -> Reply | None:
        """Delete a static large object: the segments first, then the manifests that named them."""
        if req.query.get("async", "").lower() in TRUE:
            with self.backend.session() as session:
                self.backend.forget(session, self.builder.together(session, req, path))
            return None
        names = partial(self.builder.to_delete, req, path)
        return bulk.delete(req, names, partial(self.remove_named, req, path[0]))

    def remove_named(self, req: Request, account: str, name: str) -> None:
        """Delete what a list names as `container/object`. Raises Unauthorized, Forbidden, NotFound."""
        container, _, obj = name.lstrip("/").partition("/")
        self.remove(req, (account, container, obj))


def _kind(req: Request, name: str) -> str | None:
    """The content type that the name tells, if the client wants it so."""
    if (req.get_header("X-Detect-Content-Type") or "").lower() not in TRUE:
        return None
    return TYPES.guess_type(name)[0] or OCTETS


def _check_quotas(meta: dict[str, str], wanted: dict[str, int], kind: str = "") -> None:
    if any(meta.get(name) and value > int(meta[name]) for name, value in wanted.items()):
        raise RequestEntityTooLarge(f"Upload exceeds {kind}quota.")


def _refuse_reserved(req: Request) -> None:
    """Only a manifest makes a static large object. Raises BadRequest."""
    if req.get_header(SLO) is not None:
        hint = "To create a static large object add query param multipart-manifest=put."
        raise BadRequest(f"{SLO} is a reserved header. {hint}")
