"""Image data: upload, stage, download.

Interface: `ImageData`, the handlers; `Uploads` takes data in, for them and for the tasks.
Invariants: an active image's bytes never change; data that was refused is gone, and the image can be tried again.
Upstream: glance/api/v2/image_data.py, glance/location.py (`set_data`). Left out: signatures, caching, several stores.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from sqlalchemy import update

from oslearn.core.glance import api
from oslearn.core.glance.models import Image, image_get
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.glance import format_inspector
from oslearn.extensions.glance.domain import STAGED, move
from oslearn.extensions.glance.policies import ImagePolicy
from oslearn.extensions.oslo.store import CHUNK, Digest, Store

STORES = (api.STORE_ID, "os_glance_staging_store", "os_glance_tasks_store")
"""Those of the process; it names the reserved ones once it has worked with data, as the recorded one did."""


class RangeNotSatisfiable(exception.OpenStackError):
    """416: a part of the data that is not there."""

    code, title = 416, "Requested Range Not Satisfiable"


class Uploads:
    """Takes an image's data in."""

    def __init__(self, handle: Handle, store: Store, clock: Clock, most: int) -> None:
        """`most` is `image_size_cap`, in bytes."""
        self.handle, self.store, self.clock, self.most = handle, store, clock, most
        self.has_worked = False

    def store_ids(self) -> Sequence[str]:
        """The names of the stores, as far as this process has come to know them."""
        return STORES if self.has_worked else STORES[:1]

    def activate(self, image: Image, chunks: Iterable[bytes], **values: object) -> None:
        """Keep the data, look whether it is what the image claims, and let it be used. Raises InvalidImageData."""
        data = Digest(self.limited(chunks), "md5", "sha512")
        self.has_worked = True
        self.store.put(image.id, data)
        try:
            virtual_size = None
            if image.container_format == "bare" and data.size:  # Nova's images of volumes have none
                read = partial(self.store.get, image.id)
                virtual_size = format_inspector.inspect(read, data.size, image.disk_format)
        except BaseException:
            self.store.delete(image.id)
            raise
        values |= {"size": data.size, "virtual_size": virtual_size, "checksum": data["md5"]}
        self.save(image.id, status="active", os_hash_algo="sha512", os_hash_value=data["sha512"], **values)

    def save(self, image_id: str, **values: object) -> None:
        """Change the row, in a transaction of its own: data comes in for minutes, and no transaction waits for it."""
        self.handle.write(update(Image).where(Image.id == image_id).values(updated_at=self.clock.now(), **values))

    def limited(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The chunks, as long as they are not too many. Raises RequestEntityTooLarge."""
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > self.most:
                words = "The incoming image is too large: The provided image is too large."
                raise exception.RequestEntityTooLarge(words)
            yield chunk


class ImageData:
    """An image's data, on its way in and out."""

    def __init__(self, handle: Handle, store: Store, clock: Clock, policy: ImagePolicy, uploads: Uploads) -> None:
        self.handle, self.store, self.clock, self.policy, self.uploads = handle, store, clock, policy, uploads

    def upload(self, req: Request, image_id: str) -> None:
        """Keep the data; the image becomes active. 204, 400, 404, 409, 413, 415."""
        chunks = _chunks(req)
        store = req.get_header("X-Image-Meta-Store") or api.STORE_ID
        if store != api.STORE_ID:
            raise exception.BadRequest(f"Unknown scheme '{store}' found in URI")
        image = self._begin(req, image_id, "upload_image", "saving")
        try:
            self.uploads.activate(image, chunks)
        except BaseException:
            # Whatever it was, a client that hung up among them, the client may try again.
            self.uploads.save(image_id, status="queued", size=None, virtual_size=None)
            raise

    def stage(self, req: Request, image_id: str) -> None:
        """Keep the data for an import. 204, 400, 404, 409, 413, 415."""
        chunks = _chunks(req)
        self._begin(req, image_id, "modify_image", "uploading")
        data = Digest(self.uploads.limited(chunks))
        try:
            self.store.put(STAGED.format(image_id), data)
        except BaseException:
            self.uploads.save(image_id, status="queued")
            raise
        self.uploads.save(image_id, size=data.size)

    def download(self, req: Request, image_id: str) -> Reply:
        """The data, or the part of it that `Range` asks for. 200, 204 without data, 206, 400, 403, 404, 416."""
        with self.handle.session() as session:
            image = image_get(session, req.caller, image_id)
        if image.status == "deactivated" and not req.caller.is_admin:
            raise exception.Forbidden("The requested image has been deactivated. Image data download is forbidden.")
        self.policy.enforce(req, "download_image", image)
        if image.status not in ("active", "deactivated"):
            return Reply(204)
        size = image.size or 0
        start, stop = _range(req.get_header("Range"), size)
        headers = {"Content-Type": "application/octet-stream", "Content-MD5": image.checksum or ""}
        headers |= {"Content-Length": str(stop - start)}
        data = self.store.open(image_id, start, stop)
        if (start, stop) == (0, size):
            return Reply(200, data, headers)
        return Reply(206, data, headers | {"Content-Range": f"bytes {start}-{stop - 1}/{size}"})

    def _begin(self, req: Request, image_id: str, action: str, status: str) -> Image:
        with self.handle.session() as session:
            image = image_get(session, req.caller, image_id)
            self.policy.enforce(req, action, image)
            move(session, image, status, self.clock.now())
            return image


def _chunks(req: Request) -> Iterator[bytes]:
    """The body, a chunk at a time. Raises UnsupportedMediaType, BadRequest."""
    kind = (req.content_type or "").partition(";")[0]
    if kind != "application/octet-stream":
        raise exception.UnsupportedMediaType(f"Invalid content type {kind}")
    if not (req.get_header("X-OpenStack-Image-Size") or "0").isdecimal():
        raise exception.BadRequest("Invalid or missing image size in request headers.")
    return iter(partial(req.bounded_stream.read, CHUNK), b"")


def _range(header: str | None, size: int) -> tuple[int, int]:
    """Start and stop of what is asked for. Raises BadRequest, RangeNotSatisfiable."""
    if header is None:
        return 0, size
    if "," in header:
        words = "Requests with multiple ranges are not supported in Glance. You may make multiple single-range requests"
        raise exception.BadRequest(f"{words} instead.")
    found = re.fullmatch(r"bytes=(\d{1,18})-(\d{0,18})|bytes=-(\d{1,18})", header.strip())
    if found is None or (found[2] and int(found[2]) < int(found[1])):
        raise RangeNotSatisfiable(detail="Invalid Range header.")
    start = max(size - int(found[3]), 0) if found[3] else int(found[1])
    if start >= size:
        words = "Invalid start position in Range header. Start position MUST be in the inclusive range"
        raise RangeNotSatisfiable(detail=f"{words} [0, {size - 1}].")
    return start, min(int(found[2]) + 1, size) if found[2] else size
