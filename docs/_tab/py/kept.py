"""A page's shell whose cloud and files can be kept, and are found again by another Python.

Interface: `Kept(lab, machine, mine)` is the tests' shell on folders that stay; `changes()`, what is other than when it
was last asked: the files to keep, those that are gone, and the `rest`, which is no file; `Kept(..., rest)` goes on
where the files and that rest were left. `HERE` are the folders that are kept, below `root`.
Invariants: a cloud that goes on draws no identifier twice; what was stopped is stopped; the data folder is one that
`oslearn serve --data` opens.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from console import ADDRESS, KEPT, Machine, Shell
from oslearn.cloud import Cloud
from oslearn.core.config import Config
from oslearn.core.oslo.clock import EPOCH
from oslearn.course import control, labs
from oslearn.port.folder import LOCK, MARK, Folder
from oslearn.port.prepared import Prepared, hour, opened
from oslearn.port.settings import PEOPLE

HOME, DATA, BESIDE = "home/you", "var/lib/oslearn", "var/lib/oslearn-beside"
HERE = (HOME, DATA, BESIDE)
"""What a reader has: their files, their cloud, and the one of a lab that lies in its place."""
PASSING = ("-shm", ".new", f"/{LOCK}")
"""Ends of names of what each start makes for itself."""
MILLISECOND = 1_000_000
Stamp = tuple[int, int, int]


class Rest(TypedDict):
    """What of a page's state is in no file: variables, the working folder, whether a lab's cloud lies there, and the
    hour at which a cloud of a lesson goes on."""

    variables: dict[str, str]
    directory: str
    aside: bool
    hours: int


class Changes(TypedDict):
    """Files that are new or other, with their modes; files that are gone; the rest, which is always whole."""

    files: dict[str, int]
    gone: list[str]
    rest: Rest


class Kept(Shell):
    """`mine` is the reader's own cloud, which lives in today's time; a lesson's lives in the lesson's."""

    def __init__(
        self, lab: str, machine: Machine, *, mine: bool = False, rest: Rest | None = None, root: Path = Path("/")
    ) -> None:
        self.root, self.mine = root, mine
        self.data, self.beside = root / DATA, root / BESIDE
        home = root / HOME
        home.mkdir(parents=True, exist_ok=True)
        super().__init__(lab or None, machine, home=home)
        self._seen: dict[str, Stamp | None] = {}
        self._stopped: dict[Path, list[str]] = {}
        self._hours = rest["hours"] if rest else 0
        if rest:
            self.variables = dict(rest["variables"])
            self.directory = root / rest["directory"]
            self.directory.mkdir(parents=True, exist_ok=True)  # an empty one is not kept
        if rest and rest["aside"]:
            self.desk.cloud = self._reopened(self.beside)
        else:
            assert self.cloud
        self.changes()

    # --- its clouds ---------------------------------------------------------------------------------------------------

    def own(self, anew: bool) -> Cloud:
        """The cloud of the data folder; if there is none, or `anew`, as the lesson finds it, or as a course begins."""
        first = labs.lessons()[0]
        if (self.data / MARK).exists() and not anew:
            return self._reopened(self.data)
        lesson = first if anew or self.mine else labs.find(self.lab or first.id)
        return self._copied(lesson, self.data)

    def other(self) -> Cloud:
        """As a course begins, beside the learner's own, with the same people."""
        people = {name: self.desk.cloud.passwords[name] for name in PEOPLE}
        return self._copied(labs.lessons()[0], self.beside, people)

    def _copied(self, lesson: labs.Lesson, folder: Path, people: dict[str, str] | None = None) -> Cloud:
        shutil.rmtree(folder, ignore_errors=True)
        Prepared(KEPT).copy(lesson, folder)
        if self.mine:
            return self._reopened(folder, people)
        return opened(folder, Config(base_url=ADDRESS), hour(lesson))

    def _reopened(self, folder: Path, people: dict[str, str] | None = None) -> Cloud:
        """A cloud that somebody has worked on: its identifiers are others, and its time has passed."""
        hours = int(today() // 3600) if self.mine else self._hours
        options: dict[str, Any] = {"passwords": people} if people else {}
        cloud = opened(folder, Config(base_url=ADDRESS), hours, secrets.randbits(64), **options)
        self._stopped[folder] = control.stopped(cloud)
        return cloud

    def wakes(self) -> None:
        """Before a command: the reader's own cloud has slept until now."""
        if self.mine:
            self.cloud.clock.skip_to(today())

    # --- what is kept -------------------------------------------------------------------------------------------------

    def changes(self) -> Changes:
        """What is other than when this was last asked."""
        self._note()
        now = time.time_ns() // MILLISECOND * MILLISECOND
        found = dict(self._files())
        changed = {name: stamp[2] for name, stamp in found.items() if self._seen.get(name) != stamp}
        gone = [name for name in self._seen if name not in found]
        # A file that changed in this very millisecond may change again in it, and look the same.
        self._seen = {name: stamp if stamp[1] < now else None for name, stamp in found.items()}
        return {"files": changed, "gone": gone, "rest": self._rest()}

    def everything(self) -> Changes:
        """All that there is to keep."""
        self._seen = {}
        return self.changes()

    def _files(self) -> Iterator[tuple[str, Stamp]]:
        if not self.desk.is_aside:
            shutil.rmtree(self.beside, ignore_errors=True)
        for path in (path for folder in HERE for path in (self.root / folder).rglob("*")):
            if path.is_file() and not path.as_posix().endswith(PASSING) and path.as_posix().isprintable():
                status = path.stat()
                name = path.relative_to(self.root).as_posix()
                yield name, (status.st_size, status.st_mtime_ns, status.st_mode & 0o777)

    def _rest(self) -> Rest:
        self._hours = max(self._hours, int(self.cloud.clock.peek() // 3600) + 1)
        return {
            "variables": self.variables,
            "directory": self.directory.relative_to(self.root).as_posix(),
            "aside": self.desk.is_aside,
            "hours": self._hours,
        }

    def _note(self) -> None:
        """Write into the folder of the cloud that lies there what of it is stopped."""
        folder = self.beside if self.desk.is_aside else self.data
        stopped = control.stopped(self.desk.cloud)
        if stopped != self._stopped.get(folder, []):
            with contextlib.closing(Folder(folder)) as kept:
                kept.note(stopped)
            self._stopped[folder] = stopped


def lay(lab: str, root: Path = Path("/")) -> None:
    """Put a cloud as the lesson finds it where a page's own lies."""
    Prepared(KEPT).copy(labs.find(lab or labs.lessons()[0].id), root / DATA)


def today() -> float:
    """The seconds from the epoch of the clouds' clocks to now."""
    return (datetime.now(UTC).replace(tzinfo=None) - EPOCH).total_seconds()
