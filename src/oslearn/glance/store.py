"""Where image data lies: the seam between Glance and its backend.

Interface: `Store` (put, get, delete), `MemoryStore`, `FilesystemStore(directory)`, `Digest`.
Invariants: data that failed in the middle of a `put` is not kept; the store knows ids and bytes, nothing of images.
Upstream: glance_store and its drivers. Left out: Swift, Ceph and HTTP drivers, several stores, ranges.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from oslearn.oslo import exception

CHUNK = 65536
"""Bytes that are held in memory at a time."""


class Store(Protocol):
    """What a backend does."""

    def put(self, image_id: str, chunks: Iterable[bytes]) -> None:
        """Keep the data."""

    def get(self, image_id: str) -> bytes:
        """The data. Raises NotFound."""

    def delete(self, image_id: str) -> None:
        """Forget the data; nothing to forget is no error."""


class MemoryStore:
    """Data in this process."""

    def __init__(self) -> None:
        self._data: dict[str, bytes] = {}

    def put(self, image_id: str, chunks: Iterable[bytes]) -> None:
        """Keep the data."""
        self._data[image_id] = b"".join(chunks)

    def get(self, image_id: str) -> bytes:
        """The data. Raises NotFound."""
        if image_id not in self._data:
            raise exception.NotFound(f"Image {image_id} not found in any store")
        return self._data[image_id]

    def delete(self, image_id: str) -> None:
        """Forget the data."""
        self._data.pop(image_id, None)


class FilesystemStore:
    """One file an image."""

    def __init__(self, directory: str | Path) -> None:
        self._directory = Path(directory)
        self._directory.mkdir(parents=True, exist_ok=True)

    def put(self, image_id: str, chunks: Iterable[bytes]) -> None:
        """Write beside the final name first, so that nobody reads half an image."""
        part = self._directory / f"{image_id}.part"
        try:
            with part.open("wb") as file:
                file.writelines(chunks)
            part.rename(self._directory / image_id)
        finally:
            part.unlink(missing_ok=True)

    def get(self, image_id: str) -> bytes:
        """The data. Raises NotFound."""
        try:
            return (self._directory / image_id).read_bytes()
        except FileNotFoundError:
            raise exception.NotFound(f"Image {image_id} not found in any store") from None

    def delete(self, image_id: str) -> None:
        """Remove the file."""
        (self._directory / image_id).unlink(missing_ok=True)


class Digest:
    """Passes chunks through and keeps size, checksums and the first bytes of what passed."""

    def __init__(self, chunks: Iterable[bytes], cap: int) -> None:
        self._chunks, self._cap = chunks, cap
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha512 = hashlib.sha512()
        self.size, self.head = 0, b""

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            if self.size > self._cap:
                raise exception.RequestEntityTooLarge("The provided image is too large.")
            self.head = self.head or chunk[:512]
            self._md5.update(chunk)
            self._sha512.update(chunk)
            yield chunk

    def facts(self, disk_format: str | None) -> dict[str, str | int | None]:
        """What the image's row says of its data."""
        virtual = self.size if disk_format == "raw" else None
        if disk_format == "qcow2" and self.head[:4] == b"QFI\xfb" and len(self.head) >= 32:
            virtual = int.from_bytes(self.head[24:32], "big")  # a qcow2 header tells the size of the disk inside
        hashes = {
            "checksum": self._md5.hexdigest(),
            "os_hash_algo": "sha512",
            "os_hash_value": self._sha512.hexdigest(),
        }
        return hashes | {"size": self.size, "virtual_size": virtual}
