"""Objects: PUT, GET, HEAD, POST, DELETE and COPY.

Interface: `ObjectController(handle, store, ids, clock)`.
Invariants: an object's data and what is known of it change together: data that was replaced, deleted or refused goes,
and not before the transaction is through.
Upstream: swift/proxy/controllers/obj.py, swift/obj/server.py, swift/common/middleware/copy.py, dlo.py.
Left out: static large objects, versions, symlinks, several ranges in one request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC
from functools import partial
from mimetypes import MimeTypes
from urllib.parse import quote, unquote

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oslearn.oslo.clock import Clock, Ids
from oslearn.oslo.db import Handle
from oslearn.oslo.exception import BadRequest, NotFound, RequestEntityTooLarge
from oslearn.oslo.store import CHUNK, Digest, Store
from oslearn.oslo.wsgi import Reply, Request
from oslearn.swift import constraints, http
from oslearn.swift.auth import authorize, is_reseller
from oslearn.swift.constraints import LIMITS, TRUE
from oslearn.swift.exceptions import LengthRequired, PreconditionFailed, UnprocessableEntity
from oslearn.swift.models import LAST, Account, Container, Object

ACCOUNT_QUOTA = "X-Account-Meta-Quota-Bytes"
READ, WRITE = "X-Container-Read", "X-Container-Write"
TYPES = MimeTypes()
"""Python's own table: with the machine's, two machines would answer differently."""


class ObjectController:
    """The handlers of `/v1/{account}/{container}/{object}`."""

    def __init__(self, handle: Handle, store: Store, ids: Ids, clock: Clock) -> None:
        self.handle, self.store, self.ids, self.clock = handle, store, ids, clock

    def get_object(self, req: Request, account: str, container: str, obj: str) -> Reply:
        """200, 206, 304, 404, 412, 416; also for HEAD."""
        return self._read(req, (account, container, http.object_name(req)))

    def create_object(self, req: Request, account: str, container: str, obj: str) -> Reply:
        """201, 400, 404, 411, 412, 413, 422: keep the body, or a copy of X-Copy-From."""
        target = (account, container, http.object_name(req))
        if req.get_header("X-Copy-From"):
            if req.content_length:
                raise BadRequest("Copy requests require a zero byte body")
            source = (unquote(req.get_header("X-Copy-From-Account") or account), *http.path(req, "X-Copy-From"))
            return self._copy(req, source, target)
        if req.content_length is None:
            raise LengthRequired("Missing Content-Length header.")
        chunks = iter(partial(req.bounded_stream.read, CHUNK), b"")
        return self._write(req, target, chunks, req.content_length, constraints.object_meta(req), req.content_type)

    def copy_object(self, req: Request, account: str, container: str, obj: str) -> Reply:
        """201, 400, 404, 412, 413: a copy at Destination."""
        if not req.get_header("Destination"):
            raise PreconditionFailed("Destination header required")
        target = (unquote(req.get_header("Destination-Account") or account), *http.path(req, "Destination"))
        return self._copy(req, (account, container, http.object_name(req)), target)

    def update_object(self, req: Request, account: str, container: str, obj: str) -> Reply:
        """202, 400, 404: other metadata in place of what there was."""
        meta, ends = constraints.object_meta(req), constraints.delete_at(req, self.now())
        with self.session() as session:
            found = self._find(session, self.container(session, req, account, container, WRITE), http.object_name(req))
            found.meta, found.delete_at, found.put_at = meta, ends, self.now()
            found.content_type = req.content_type or found.content_type
        return http.accepted()

    def delete_object(self, req: Request, account: str, container: str, obj: str) -> None:
        """204, 404."""
        with self.session() as session:
            found = self._find(session, self.container(session, req, account, container, WRITE), http.object_name(req))
            self._forget(session, [found])

    def now(self) -> float:
        """Seconds since 1970."""
        return round(self.clock.now().replace(tzinfo=UTC).timestamp(), 5)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction; the data of objects that it forgot goes when it is through."""
        with self.handle.session() as session:
            gone = session.info.setdefault("gone", [])
            yield session
        for key in gone:
            self.store.delete(key)

    def container(self, session: Session, req: Request, account: str, name: str, acl: str = "") -> Container:
        """The container, for who may do this. Raises Unauthorized, Forbidden, NotFound."""
        row = session.get(Container, f"{account}/{name}")
        allowed = row.meta.get(acl, "") if row else ""
        of_object = (req.uri_template or "").endswith("{obj:path}")
        req.env["swift_owner"] = authorize(req, account, allowed, of_object=of_object, reads=acl == READ)
        if row is None:
            raise NotFound()
        expired = select(Object).where(Object.path == row.path, Object.delete_at <= self.now())
        self._forget(session, session.scalars(expired).all())
        return row

    def _find(self, session: Session, container: Container, name: str) -> Object:
        found = session.get(Object, (container.path, name))
        if found is None:
            raise NotFound()
        return found

    def _forget(self, session: Session, gone: Iterable[Object]) -> None:
        for obj in gone:
            session.info["gone"].append(obj.data)
            session.delete(obj)
        session.flush()

    def _read(self, req: Request, source: tuple[str, ...]) -> Reply:
        account, container, name = source
        with self.session() as session:
            found = self._find(session, self.container(session, req, account, container, READ), name)
            parts, etag = [found], found.etag
            if "X-Object-Manifest" in found.meta and req.query.get("multipart-manifest") != "get":
                parts = self._segments(session, account, found.meta["X-Object-Manifest"])
                all_etags = "".join(part.etag for part in parts).encode()
                etag = f'"{hashlib.md5(all_etags, usedforsecurity=False).hexdigest()}"'
        size = sum(part.bytes for part in parts)
        reply, start, stop = http.select(req, size, http.describe(found, etag))
        if req.method == "HEAD" or reply.status >= 300:
            return reply
        if len(parts) == 1:
            reply.body = self.store.get(parts[0].data, start, stop)
        else:
            reply.body = b"".join(self.store.get(part.data) for part in parts)[start:stop]
        return reply

    def _segments(self, session: Session, account: str, manifest: str) -> list[Object]:
        """A dynamic large object is all objects of a container whose names begin alike."""
        container, _, prefix = unquote(manifest).lstrip("/").partition("/")
        names = (Object.path == f"{account}/{container}", Object.name >= prefix, Object.name < prefix + LAST)
        return list(session.scalars(select(Object).where(*names).order_by(Object.name)))

    def _copy(self, req: Request, source: tuple[str, ...], target: tuple[str, ...]) -> Reply:
        read = self._read(req, source)
        if read.status >= 300:
            return read
        fresh = (req.get_header("X-Fresh-Metadata") or "").lower() in TRUE
        meta = ({} if fresh else constraints.copied(read.headers)) | constraints.object_meta(req)
        kind = req.content_type or read.headers["Content-Type"]
        reply = self._write(req, target, [read.body], len(read.body), meta, kind)
        reply.headers |= {name: value for name, value in meta.items() if name.startswith("X-Object-Meta-")}
        reply.headers["X-Copied-From-Account"] = quote(source[0])
        reply.headers["X-Copied-From"] = quote("/".join(source[1:]))
        reply.headers["X-Copied-From-Last-Modified"] = read.headers["Last-Modified"]
        return reply

    def _write(self, req: Request, target: tuple[str, ...], chunks: Iterable[bytes], size: int, meta: dict[str, str],
               kind: str | None) -> Reply:  # fmt: skip
        account, container, name = target
        ends = constraints.delete_at(req, self.now())
        self._check_put(req, account, container, name, size)
        if not kind or (req.get_header("X-Detect-Content-Type") or "").lower() in TRUE:
            kind = TYPES.guess_type(name)[0] or "application/octet-stream"
        data = Digest(chunks, "md5")
        new = Object(path=f"{account}/{container}", name=name, data=self.ids.hex(), content_type=kind, meta=meta)
        self.store.put(new.data, data)
        new.bytes, new.etag, new.put_at, new.delete_at = data.size, data["md5"], self.now(), ends
        try:
            if (req.get_header("ETag") or new.etag).strip('"').lower() != new.etag:
                raise UnprocessableEntity()
            with self.session() as session:
                old = session.get(Object, (new.path, name))
                session.info["gone"] += [old.data] if old else []
                session.merge(new)
        except BaseException:
            self.store.delete(new.data)
            raise
        return http.created({"Etag": new.etag, "Last-Modified": http.date(new.put_at)})

    def _check_put(self, req: Request, account: str, container: str, name: str, size: int) -> None:
        """Whether that may be written there. Raises what refuses it."""
        none_match = req.get_header("If-None-Match")
        if none_match not in (None, "*"):
            raise BadRequest("If-None-Match only supports *")
        with self.session() as session:
            row = self.container(session, req, account, container, WRITE)
            constraints.check_length("Object", name)
            if size > LIMITS["max_file_size"]:
                raise RequestEntityTooLarge("Your request is too large.")
            if none_match and session.get(Object, (row.path, name)):
                raise PreconditionFailed()
            count, used = stats(session, row.path)
            held = session.scalar(select(func.sum(Container.reported_bytes)).where(Container.account == account)) or 0
            owner = session.get_one(Account, account)
            checks = (
                (row.meta.get("X-Container-Meta-Quota-Bytes"), used + size),
                (row.meta.get("X-Container-Meta-Quota-Count"), count + 1),
                (None if is_reseller(req) else owner.meta.get(ACCOUNT_QUOTA), held + size),
            )
            if any(quota and wanted > int(quota) for quota, wanted in checks):
                raise RequestEntityTooLarge("Upload exceeds quota.")


def stats(session: Session, path: str) -> tuple[int, int]:
    """How many objects a container holds, and their bytes."""
    sums = select(func.count(), func.coalesce(func.sum(Object.bytes), 0)).where(Object.path == path)
    count, used = session.execute(sums).one()
    return count, used
