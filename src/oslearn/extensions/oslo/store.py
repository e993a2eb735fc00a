"""Data by name: the seam between a service and its disks, in memory or in files.

Interface: `open_store(directory)` is a `Store` (put, get, open, delete); `Stream` is data on its way out, `Digest`
takes the measure of data on its way in.
Invariants: data that failed in the middle of a `put` is not kept; data never changes, and what is open can be read to
its end though it is deleted; a store knows names and bytes, nothing of images or objects.
Upstream: glance_store, swift/obj/diskfile.py. Left out: other drivers, several stores.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from oslearn.core.oslo import exception

CHUNK = 65536
"""Bytes that are held in memory at a time."""


class Store(Protocol):
    """What a backend does."""

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        """Keep the data."""

    def get(self, name: str, start: int = 0, stop: int | None = None) -> bytes:
        """The data from `start` up to `stop`. Raises NotFound."""

    def open(self, name: str, start: int, stop: int) -> Stream:
        """The same data, a chunk at a time. Raises NotFound."""

    def delete(self, name: str) -> None:
        """Forget the data; nothing to forget is no error."""

    def names(self) -> set[str]:
        """Everything that is there, half written data as well."""


class Stream:
    """Bytes of an open file from where it stands, a chunk at a time and once. Who has enough closes it."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size

    def __iter__(self) -> Iterator[bytes]:
        while self._left > 0 and (chunk := self._file.read(min(CHUNK, self._left))):
            self._left -= len(chunk)
            yield chunk
        self.close()

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


def open_store(directory: str | None) -> Store:
    """A store in files below `directory`, or in memory."""
    return FilesystemStore(directory) if directory else MemoryStore()


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
            raise exception.NotFound(f"{name} not found in any store")
        return self._data[name][start:stop]

    def open(self, name: str, start: int, stop: int) -> Stream:
        """The data: a reader over bytes copies none but the chunk. Raises NotFound."""
        file = io.BytesIO(self.get(name))
        file.seek(start)
        return Stream(file, stop - start)

    def delete(self, name: str) -> None:
        """Forget the data."""
        self._data.pop(name, None)

    def names(self) -> set[str]:
        """Everything that is there."""
        return set(self._data)


class FilesystemStore:
    """One file a name."""

    def __init__(self, directory: str | Path) -> None:
        self._directory = Path(directory)
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write beside the final name first, so that nobody reads half of it."""
        part = self._directory / f"{name}.part"
        try:
            with open(part, "wb", opener=private) as file:
                file.writelines(chunks)
            part.rename(self._directory / name)
        finally:
            part.unlink(missing_ok=True)

    def get(self, name: str, start: int = 0, stop: int | None = None) -> bytes:
        """Read that part of the file. Raises NotFound."""
        with self._file(name, start) as file:
            return file.read(-1 if stop is None else max(stop - start, 0))

    def open(self, name: str, start: int, stop: int) -> Stream:
        """The file, opened now. Raises NotFound."""
        return Stream(self._file(name, start), stop - start)

    def delete(self, name: str) -> None:
        """Remove the file."""
        (self._directory / name).unlink(missing_ok=True)

    def names(self) -> set[str]:
        """The names of all files that are kept."""
        return {path.name for path in self._directory.iterdir()}

    def _file(self, name: str, start: int) -> BinaryIO:
        try:
            file = (self._directory / name).open("rb")
        except FileNotFoundError:
            raise exception.NotFound(f"{name} not found in any store") from None
        file.seek(start)
        return file


def private(path: str, flags: int) -> int:
    """Open a file that nobody but its owner reads."""
    return os.open(path, flags, 0o600)


class Digest:
    """Passes chunks through and keeps size and checksums of what passed: `digest["md5"]`."""

    def __init__(self, chunks: Iterable[bytes], *algorithms: str) -> None:
        self._chunks, self.size = chunks, 0
        self._hashes = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            for known in self._hashes.values():
                known.update(chunk)
            yield chunk

    def __getitem__(self, algorithm: str) -> str:
        return self._hashes[algorithm].hexdigest()
