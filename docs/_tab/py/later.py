"""Modules that the page's memory does not have, brought when somebody imports one.

Interface: `Later(archives, read)` stands first among the importers once it is `armed()`: `archives` says for each
archive which top-level names are in it and where it goes; `read(name)` gives its bytes. `found()` is what this Python
has.
An archive is brought once. What nobody imports is never sent.
"""

from __future__ import annotations

import io
import sys
import zipfile
import zipimport
from collections.abc import Callable, Mapping
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import NamedTuple

SITE = Path(__file__).parent
STANDARD = Path("/lib/python314.zip")


class Archive(NamedTuple):
    """The top-level names in an archive, and its place: a folder that it is unpacked in, or a file that it becomes."""

    names: frozenset[str]
    place: Path


class Later:
    """An importer that finds nothing, and lets the others find it."""

    def __init__(self, archives: Mapping[str, Archive], read: Callable[[str], bytes]) -> None:
        self.archives, self.read = dict(archives), read

    def armed(self) -> None:
        """From here on the files are not there."""
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Bring what has the module. The others know the files' names, so they would not fail before they read one."""
        top = name.partition(".")[0]
        for archive in [key for key, known in self.archives.items() if top in known.names]:
            place, data = self.archives.pop(archive).place, self.read(archive)
            if place.suffix:
                place.write_bytes(data)
            else:
                zipfile.ZipFile(io.BytesIO(data)).extractall(place)
            invalidate_caches()


def found() -> Later:
    """What the archives of a page have is what is there when the memory is made."""
    with zipfile.ZipFile(STANDARD) as standard:
        names = frozenset(Path(name).parts[0].partition(".")[0] for name in standard.namelist())
    site = frozenset(path.stem for path in SITE.iterdir())
    archives = {"python_stdlib.zip": Archive(names, STANDARD), "rest.zip": Archive(site, SITE)}
    return Later(archives, lambda name: bytes(import_module("js").later(name).to_bytes()))


kept: Later | None = None


def arm() -> None:
    """The page's memory is another Python's now, whose files are gone."""
    assert kept is not None, "no memory was made"
    kept.armed()
    source = zipimport.zipimporter.get_source

    def or_none(self: zipimport.zipimporter, fullname: str) -> str | None:
        """A traceback does without the lines of a module whose archive is not here."""
        try:
            return source(self, fullname)
        except (EOFError, OSError):
            return None

    zipimport.zipimporter.get_source = or_none  # type: ignore[method-assign]
