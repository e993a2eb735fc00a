"""A cloud as a lesson finds it: made once, kept as a folder, and copied for whoever begins there.

Interface: `Prepared(place)`: `copy(lesson, folder)`; `cloud(lesson, folder)`, a seeded cloud on such a copy.
Invariants: what is kept was made by this code and these libraries, or it is made anew; a folder that has its name is
whole; each lesson begins an hour after the one before it, with identifiers of its own.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from oslearn.cloud import Cloud
from oslearn.core.config import Config
from oslearn.course import client, control, labs
from oslearn.course.fill import fill
from oslearn.course.labs import Lesson, Outcome
from oslearn.port.folder import Folder

SEED = 7
CHEAP = 2**4
"""The cost of a password's hash: the seed tells these passwords."""
KEPT = 4
"""The clouds of so many states of the code are kept."""
PACKAGE = Path(__file__).parents[1]
CLOUD = "cloud"


@cache
def made_by() -> str:
    """A name for all that a kept cloud depends on: our code, the libraries, and Python."""
    found = sha256(sys.version.encode())
    for distribution in sorted(f"{one.name} {one.version}" for one in metadata.distributions()):
        found.update(distribution.encode())
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            found.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:16]


class Prepared:
    """The kept clouds below `place`."""

    def __init__(self, place: Path) -> None:
        self.place = place / made_by()
        if self.place.exists():
            return
        self.place.mkdir(parents=True, exist_ok=True)
        with alone(place / "lock"):
            folders = sorted((one for one in place.iterdir() if one.is_dir()), key=lambda one: one.stat().st_mtime)
            for old in {*folders[:-KEPT]} - {self.place}:  # what other code has made; the newest may be in use
                shutil.rmtree(old, ignore_errors=True)

    def cloud(self, lesson: Lesson, folder: Path, config: Config | None = None, **options: Any) -> Cloud:
        """A seeded cloud in the folder, as the lesson finds it; `options` go to the cloud. Raises RuntimeError."""
        return opened(self.copy(lesson, folder), config or Config(), hour(lesson), **options)

    def copy(self, lesson: Lesson, folder: Path) -> Path:
        """The folder, filled with what the lesson finds. Raises RuntimeError if a command failed."""
        shutil.copytree(self.kept(labs.before(lesson)), folder, dirs_exist_ok=True)
        return folder

    def kept(self, lessons: list[Lesson]) -> Path:
        """Where the cloud is kept that these lessons leave; it is made if nobody has done so yet."""
        lessons = [lesson for lesson in lessons if lesson.leaves]
        kept = self.place / (lessons[-1].id if lessons else "empty")
        if kept.exists():
            return kept
        with alone(self.place / f"{kept.name}.lock"):
            if not kept.exists():
                with tempfile.TemporaryDirectory(dir=self.place) as name:
                    new = Path(name, CLOUD)
                    if lessons:
                        shutil.copytree(self.kept(lessons[:-1]), new)
                    self.make(new, lessons)
                    new.rename(kept)
        return kept

    def make(self, folder: Path, lessons: list[Lesson]) -> None:
        """Make in the folder what the last of the lessons leaves, or, if there is none, what a course begins with."""
        cloud = opened(folder, Config(password_hash_cost=CHEAP), hour(lessons[-1]) if lessons else 0, trace=False)

        def run(words: list[str], user: str) -> Outcome:
            return client.capture(words, cloud, {"PATH": "", **client.credentials(cloud, user)}, watching=True)

        if lessons:
            labs.make(lessons[-1], run)
        else:
            fill(cloud)
        for database in cloud.databases.values():
            database.engine.dispose()


def hour(lesson: Lesson) -> int:
    """When a lesson begins: an hour after the one before it, and the first an hour after the cloud was made."""
    return 1 + len(labs.before(lesson))


def opened(path: Path, config: Config, hours: int, seed: int | None = None, **options: Any) -> Cloud:
    """A seeded cloud on a folder, so many hours after the epoch. What was stopped is stopped."""
    folder = Folder(path)
    config = replace(folder.config(config), password_hash_cost=config.password_hash_cost)
    seed = SEED + hours if seed is None else seed
    cloud = Cloud(config, seed=seed, hours=hours, remembered=folder.passwords, **options)
    folder.keep(cloud.passwords)
    folder.close()
    control.stop_again(cloud, folder.stopped)
    return cloud


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """One process at a time; the end of one lets the next have it."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
