"""Where the data of objects lies: the seam between Swift and its disks.

Interface: `Store` (put, get, delete), `MemoryStore`, `DiskStore(directory)`.
Invariants: data that failed in the middle of a `put` is not kept; data never changes.
Upstream: swift/obj/diskfile.py, swift/obj/mem_diskfile.py. Left out: hash paths, extended attributes, audits.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol


class Store(Protocol):
    """What a backend does."""

    def put(self, key: str, chunks: Iterable[bytes]) -> None:
        """Keep the data."""

    def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """The data from `start` up to `stop`. Raises KeyError, FileNotFoundError."""

    def delete(self, key: str) -> None:
        """Forget the data; nothing to forget is no error."""


class MemoryStore:
    """Data in this process."""

    def __init__(self) -> None:
        self._data: dict[str, bytes] = {}

    def put(self, key: str, chunks: Iterable[bytes]) -> None:
        """Keep the data, once: the buffer becomes the bytes."""
        buffer = io.BytesIO()
        buffer.writelines(chunks)
        self._data[key] = buffer.getvalue()

    def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """The data; all of it is no copy."""
        return self._data[key][start:stop]

    def delete(self, key: str) -> None:
        """Forget the data."""
        self._data.pop(key, None)


class DiskStore:
    """One file an object."""

    def __init__(self, directory: str | Path) -> None:
        self._directory = Path(directory)
        self._directory.mkdir(parents=True, exist_ok=True)

    def put(self, key: str, chunks: Iterable[bytes]) -> None:
        """Write the file; a half one goes again."""
        path = self._directory / key
        try:
            with path.open("wb") as file:
                file.writelines(chunks)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """Read that part of the file."""
        with (self._directory / key).open("rb") as file:
            file.seek(start)
            return file.read(-1 if stop is None else stop - start)

    def delete(self, key: str) -> None:
        """Remove the file."""
        (self._directory / key).unlink(missing_ok=True)
