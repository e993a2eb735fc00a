"""A page's cloud as a file, and back: an archive of the folder that `oslearn serve --data` opens.

Interface: `packed(variables)` is the archive; `unpacked(archive, root)` puts what is in one where a page's own lies, or
raises TransferError, which says what is wrong with it: then nothing was changed.
"""

from __future__ import annotations

import contextlib
import io
import json
import secrets
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from console import ADDRESS
from kept import DATA, HERE, HOME, PASSING, Rest
from machine import ASSIGNMENT
from oslearn.core.config import Config
from oslearn.extensions.oslo.database import OtherVersionError
from oslearn.port.folder import MARK, Folder, FolderError
from oslearn.port.prepared import opened
from oslearn.port.settings import PEOPLE

NAME = "oslearn-cloud"
"""The folder that the archive becomes."""
FILES, VARIABLES = "home", "home/.variables.json"
"""What of the reader's lies beside the cloud's data."""
OURS = ("clouds.yaml",)
"""Files of the reader's folder that each start writes."""
LARGEST = 512 << 20
"""Bytes that a cloud may have."""


class TransferError(Exception):
    """A file that holds no cloud which can be opened here."""


def packed(variables: dict[str, str], root: Path = Path("/")) -> bytes:
    """All that lies here, as an archive."""
    for database in (root / DATA).glob("*.sqlite"):
        with contextlib.closing(sqlite3.connect(database)) as connection, contextlib.suppress(sqlite3.Error):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # one that is broken is packed as it lies there
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as into:
        for path, name in sorted(_files(root)):
            into.write(path, f"{NAME}/{name}")
        into.writestr(f"{NAME}/{VARIABLES}", json.dumps(variables))
    return archive.getvalue()


def _files(root: Path) -> Iterator[tuple[Path, str]]:
    for folder, place in ((DATA, ""), (HOME, f"{FILES}/")):
        for path in (root / folder).rglob("*"):
            name = path.relative_to(root / folder).as_posix()
            if path.is_file() and not f"/{name}".endswith(PASSING) and not (place and name in OURS):
                yield path, place + name


def unpacked(archive: bytes, root: Path = Path("/")) -> Rest:
    """Put what is in the archive in the place of the page's own. Raises TransferError."""
    with tempfile.TemporaryDirectory() as work:
        found = _extracted(archive, Path(work))
        variables, files = _variables(found / VARIABLES), _files_of(found)
        _tried(found)
        for name in HERE:
            shutil.rmtree(root / name, ignore_errors=True)
        for source, name in ((files, HOME), (found, DATA)):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, root / name)
    return {"variables": variables, "directory": HOME, "aside": False, "hours": 0}


def _extracted(archive: bytes, work: Path) -> Path:
    """The folder in the archive that is a cloud's."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed_:
            members = [one for one in packed_.infolist() if not one.is_dir()]
            if sum(one.file_size for one in members) > LARGEST:
                raise TransferError(f"The file holds more than {LARGEST >> 20} MB: that is no cloud of oslearn's.")
            if any(_leads_out(PurePosixPath(one.filename)) for one in members):
                raise TransferError("The file names a place outside its own folder: that is no cloud of oslearn's.")
            packed_.extractall(work, members)
    except TransferError:
        raise
    except OSError as error:
        raise TransferError(f"The file cannot be unpacked: {error.strerror or error}.") from None
    except Exception:  # of zipfile, of what unpacks, of names: each library has its own
        raise TransferError("The file is no whole zip archive.") from None
    marks = [PurePosixPath(one.filename) for one in members if PurePosixPath(one.filename).name == MARK]
    if len(marks) != 1:
        raise TransferError(f"The file holds {len(marks) or 'no'} cloud{'s' * (len(marks) > 1)} of oslearn's, not one.")
    return (work / marks[0]).parent


def _leads_out(name: PurePosixPath) -> bool:
    return name.is_absolute() or ".." in name.parts


def _tried(folder: Path) -> None:
    """Open the cloud once, with passwords that this Python can check: outside they are hashed by what it lacks."""
    try:
        with contextlib.closing(Folder(folder)) as kept:
            people = {name: word for name, word in kept.passwords.items() if name in PEOPLE}
        if not people:
            raise TransferError("The cloud in the file was not finished: nobody can log in.")
        cloud = opened(folder, Config(base_url=ADDRESS), 0, secrets.randbits(64), passwords=people)
    except TransferError:
        raise
    except (FolderError, OtherVersionError) as error:
        raise TransferError(_told(error, folder)) from None
    except Exception as error:  # a folder in a file's place, a table that is another one
        raise TransferError(f"The cloud in the file does not open: {_told(error, folder)}.") from None
    for database in cloud.databases.values():
        database.engine.dispose()


def _told(error: Exception, folder: Path) -> str:
    """An error in a line, without the place where the file was unpacked."""
    text = str(error).partition("\n")[0]
    return text.replace(f"{folder.resolve()}/", "").replace(str(folder.resolve()), "It").rstrip(".")


def _variables(path: Path) -> dict[str, str]:
    """Those that the reader had exported; a cloud from elsewhere has none. Raises TransferError."""
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(map(_is_variable, found, found.values())):
        raise TransferError(
            f"{VARIABLES} in the file is broken: take it out of the file, and export the variables again."
        )
    path.unlink()
    return found


def _is_variable(name: str, value: object) -> bool:
    return ASSIGNMENT.fullmatch(f"{name}=") is not None and isinstance(value, str) and "\0" not in value


def _files_of(found: Path) -> Path:
    """The folder of the reader's files, without those that each start writes."""
    files = found / FILES
    if not files.is_dir():
        files.unlink(missing_ok=True)
        files.mkdir()
    for ours in (files / name for name in OURS):
        if ours.is_dir():
            shutil.rmtree(ours)
        else:
            ours.unlink(missing_ok=True)
    return files
