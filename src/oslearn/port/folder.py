"""A folder that holds a whole cloud: databases, image data, objects and what only its owner may know.

Interface: `Folder(path)`: `config(...)`, `passwords`, `keep(passwords)`; `stopped`, `note(stopped)`; `clear()`;
`FolderError` says what is wrong with one; `held(folder)` keeps one for this process.
Invariants: one process at a time works on a folder; a cloud that was killed finds all that it had answered; nobody but
the owner can read what is in it, whoever made the folder; a folder that is not whole, or not oslearn's, or another
version's stays as it is.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from oslearn.core.config import Config
from oslearn.core.oslo.context import Body
from oslearn.port.settings import PEOPLE, private

KEPT_HASH_COST = 2**15
"""scrypt's N for passwords that lie on a disk."""
FORMAT = 1
"""What a folder looks like; a change that no table shows raises it."""
MARK, SECRETS, LOCK = "oslearn.json", "passwords.json", "lock"
IMAGES, OBJECTS = "images", "objects"
WITHOUT_MEANING = ("lost+found", LOCK)
"""What may lie in a folder that is as good as empty; names that begin with a dot, too."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""How the system says that a disk, a share of it or a file has no more room."""


class FolderError(Exception):
    """A folder that no cloud can start on; the words are for its owner."""


class Folder:
    """The folder at `path`, made if it is missing. Raises FolderError, OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._mark, self._secrets = self.path / MARK, self.path / SECRETS
        self._databases: list[str] = []
        self.stopped: list[str] = []
        self._clearing = False
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._mark.exists():
            self._must_be_empty()
        self.path.chmod(0o700)
        self._lock = held(self.path)
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        """Look at all that was kept before anything is written."""
        self.whole = self._known()
        if self.whole:
            self._look()
        elif self._clearing:
            self.clear()
        else:
            self._write(self._mark, {"format": FORMAT, "databases": None})
        self._close_to_others()

    def clear(self) -> None:
        """Let a new cloud begin here, with the same passwords; what a kill leaves, the next start clears away."""
        self._write(self._mark, {"format": FORMAT, "databases": None, "clearing": True})
        self.whole, self._databases, self.stopped = False, [], []
        for found in self.path.glob("*.sqlite*"):
            found.unlink()
        for found in (entry for name in (IMAGES, OBJECTS) for entry in (self.path / name).glob("*")):
            shutil.rmtree(found) if found.is_dir() and not found.is_symlink() else found.unlink()
        self._write(self._mark, {"format": FORMAT, "databases": None})

    def note(self, stopped: list[str]) -> None:
        """Keep the names of what is stopped."""
        self.stopped = stopped
        self._write(self._mark, {"format": FORMAT, "databases": self._databases, "stopped": stopped})

    def close(self) -> None:
        """Let another process have the folder; the end of this one does so, too."""
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None

    @property
    def passwords(self) -> dict[str, str]:
        """The passwords that the cloud generated, by user; empty in a new folder. Raises FolderError."""
        if not self._secrets.exists() and not self.whole:
            return {}
        kept = self._read(self._secrets)
        if not all(isinstance(word, str) and word for word in kept.values()) or not {*PEOPLE} <= kept.keys():
            raise FolderError(f"{self._secrets} does not hold the passwords: take it from a copy")
        return kept

    def keep(self, passwords: dict[str, str]) -> None:
        """Note that the cloud here is whole: its databases and its passwords."""
        self._write(self._secrets, passwords)
        names = sorted(found.name for found in self.path.glob("*.sqlite"))
        for name in () if self.whole else names:  # what a cloud begins with lies in the files themselves
            with closing(sqlite3.connect(self.path / name)) as database:
                database.execute("PRAGMA wal_checkpoint")
        self._databases, self.whole = names, True
        self.note(self.stopped)

    def config(self, config: Config) -> Config:
        """The settings of a cloud that keeps everything here."""
        path = str(self.path)
        config = replace(config, database_dir=path, image_dir=f"{path}/{IMAGES}", object_dir=f"{path}/{OBJECTS}")
        return replace(config, password_hash_cost=KEPT_HASH_COST)

    def _must_be_empty(self) -> None:
        """Raises FolderError: in a folder of somebody's, modes are not changed and files not mixed."""
        found = [entry.name for entry in self.path.iterdir() if entry.name not in WITHOUT_MEANING]
        if any(name.endswith(".sqlite") for name in found):
            raise FolderError(f"{self.path} is of another version of oslearn: name a new folder")
        if any(not name.startswith(".") for name in found):
            raise FolderError(f"{self.path} holds other files: name a new folder, or an empty one")

    def _known(self) -> bool:
        """Whether a cloud was kept here; not if its first start was not finished. Raises FolderError."""
        if not self._mark.exists():
            return False
        mark = self._read(self._mark)
        if mark.get("format") != FORMAT:
            raise FolderError(f"{self.path} is of another version of oslearn: name a new folder")
        names = mark.get("databases")
        if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            raise FolderError(f"{self._mark} is broken: take it from a copy")
        self._databases = names or []
        self._clearing = mark.get("clearing") is True
        stopped = mark.get("stopped", [])
        self.stopped = [name for name in stopped if isinstance(name, str)] if isinstance(stopped, list) else []
        return names is not None

    def _look(self) -> None:
        """Raises FolderError unless all that was kept is there, and can be read."""
        self.passwords  # noqa: B018 - it raises
        for name in self._databases:
            if why := flaw(self.path / name):
                raise FolderError(f"{self.path / name} {why}: take it from a copy, or name a new folder")

    def _close_to_others(self) -> None:
        """Take what others may do from each file: an archive or another umask may have given it."""
        for path in self._files():
            if path.stat().st_mode & 0o077:
                path.chmod(path.stat().st_mode & 0o700)

    def _files(self) -> Iterator[Path]:
        return (path for path in self.path.rglob("*") if not path.is_symlink())

    def _read(self, path: Path) -> Body:
        try:
            kept = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise FolderError(f"{path} is missing: take it from a copy, or name a new folder") from None
        except (ValueError, RecursionError):
            kept = None
        if not isinstance(kept, dict):
            raise FolderError(f"{path} is broken: take it from a copy, or name a new folder")
        return kept

    def _write(self, path: Path, content: Mapping[str, object]) -> None:
        """For the owner only; either all is there or what was."""
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        private(new, json.dumps(content))
        new.replace(path)


def flaw(path: Path) -> str:
    """What is wrong with a database's file, which is only read."""
    if not path.exists():
        return "is missing"
    if not path.stat().st_size:
        return "is empty"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as database:
            (found,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            tables = database.execute("SELECT 1 FROM sqlite_master").fetchone()
            (pages,) = database.execute("PRAGMA page_count").fetchone()
            (size,) = database.execute("PRAGMA page_size").fetchone()
    except sqlite3.Error as error:
        return f"cannot be read ({error})"
    if found != "ok":
        return f"is broken ({' '.join(found.split())})"
    journal = path.with_name(f"{path.name}-wal")
    if path.stat().st_size < pages * size and not (journal.exists() and journal.stat().st_size):
        return "is cut"  # SQLite reads zeros where a page ends too early
    return "" if tables else "is empty"


def no_room(record: logging.LogRecord) -> bool:
    """A filter of logs: say of an error that came of a full disk only that it did; where it came up does not matter."""
    raised = error = record.exc_info[1] if record.exc_info else None
    while error is not None:
        if getattr(error, "errno", None) in FULL or "database or disk is full" in str(error):
            said = " ".join(str(error).split())[:200]
            where = record.getMessage().removesuffix(str(raised))
            record.msg = f"{where}the disk is full, so nothing was changed ({said})"
            record.args, record.exc_info = (), None
            break
        error = error.__cause__ or error.__context__
    return True


def held(folder: Path) -> int | None:
    """Keep a folder for this process until it ends, however it ends; what to close earlier. Raises FolderError."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise FolderError(f"another `oslearn` works on {folder}") from None
    return lock
