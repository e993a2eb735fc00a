"""Where image data lies: the seam between Glance and its backend.

Interface: `Store` (put, get, delete), `MemoryStore`, `FilesystemStore(directory)`, `Digest`.
Invariants: data that failed in the middle of a `put` is not kept; the store knows names and bytes, nothing of images.
Upstream: glance_store and its drivers. Left out: Swift, Ceph and HTTP drivers, several stores.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from oslearn.oslo import exception

CHUNK = 65536
"""Bytes that are held in memory at a time."""


class Store(Protocol):
    """What a backend does."""

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        """Keep the data."""

    def get(self, name: str, start: int = 0, stop: int | None = None) -> bytes:
        """The data from `start` up to `stop`. Raises NotFound."""

    def delete(self, name: str) -> None:
        """Forget the data; nothing to forget is no error."""


class MemoryStore:
    """Data in this process."""

    def __init__(self) -> None:
        self._data: dict[str, bytes] = {}

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        """Keep the data, once: the buffer becomes the bytes."""
        buffer = io.BytesIO()
        buffer.writelines(chunks)
        self._data[name] = buffer.getvalue()

    def get(self, name: str, start: int = 0, stop: int | None = None) -> bytes:
        """The data; all of it is no copy. Raises NotFound."""
        if name not in self._data:
            raise exception.NotFound(f"Image {name} not found in any store")
        return self._data[name][start:stop]

    def delete(self, name: str) -> None:
        """Forget the data."""
        self._data.pop(name, None)


class FilesystemStore:
    """One file an image."""

    def __init__(self, directory: str | Path) -> None:
        self._directory = Path(directory)
        self._directory.mkdir(parents=True, exist_ok=True)

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write beside the final name first, so that nobody reads half an image."""
        part = self._directory / f"{name}.part"
        try:
            with part.open("wb") as file:
                file.writelines(chunks)
            part.rename(self._directory / name)
        finally:
            part.unlink(missing_ok=True)

    def get(self, name: str, start: int = 0, stop: int | None = None) -> bytes:
        """The data. Raises NotFound."""
        try:
            with (self._directory / name).open("rb") as file:
                file.seek(start)
                return file.read(-1 if stop is None else stop - start)
        except FileNotFoundError:
            raise exception.NotFound(f"Image {name} not found in any store") from None

    def delete(self, name: str) -> None:
        """Remove the file."""
        (self._directory / name).unlink(missing_ok=True)


class Digest:
    """Passes chunks through and keeps size and checksums of what passed."""

    def __init__(self, chunks: Iterable[bytes], cap: int) -> None:
        self._chunks, self._cap, self.size = chunks, cap, 0
        self._md5, self._sha512 = hashlib.md5(usedforsecurity=False), hashlib.sha512()

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            if self.size > self._cap:
                raise exception.RequestEntityTooLarge(
                    "The incoming image is too large: The provided image is too large."
                )
            self._md5.update(chunk)
            self._sha512.update(chunk)
            yield chunk

    def facts(self) -> dict[str, str | int]:
        """What the image's row says of its data."""
        checksum, value = self._md5.hexdigest(), self._sha512.hexdigest()
        return {"size": self.size, "checksum": checksum, "os_hash_algo": "sha512", "os_hash_value": value}
