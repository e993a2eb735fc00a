"""A page's cloud as a file: whatever is wrong with one is said in words, and then nothing is changed."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import transfer
from kept import DATA, HOME, Kept
from machine import Machine
from transfer import TransferError

Files = dict[str, bytes]
HARMED = ("oslearn.json", "passwords.json", "glance.sqlite", "home/.variables.json", "home/mine")
"""One of each kind that a file holds."""
HARMS: dict[str, Callable[[Files, str], None]] = {
    "gone": lambda files, name: files.pop(name),
    "empty": lambda files, name: files.update({name: b""}),
    "cut": lambda files, name: files.update({name: files[name][: len(files[name]) // 2]}),
    "no json": lambda files, name: files.update({name: b"\xff\x00{"}),
    "a list": lambda files, name: files.update({name: b"[]"}),
    "odd": lambda files, name: files.update({name: b'{"format": 1, "databases": ["../x"], "A=": "b", "admin": 1}'}),
    "deep": lambda files, name: files.update({name: b"[" * 100_000}),
    "a folder": lambda files, name: files.update({f"{name}/in": files.pop(name)}),
    "a file and a folder": lambda files, name: files.update({f"{name}/in": b""}),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    """A page's cloud, with a file of the reader's."""
    root = tmp_path_factory.mktemp("root")
    kept = Kept("day1.2", Machine(), root=root)
    (root / HOME / "mine").write_text("mine")
    yield transfer.packed({"WORD": "said"}, root)
    for database in kept.cloud.databases.values():
        database.engine.dispose()


def changed(archive: bytes, change: Callable[[Files], object]) -> bytes:
    """The archive with other files."""
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        files = {name.partition("/")[2]: source.read(name) for name in source.namelist()}
    change(files)
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as packed:
        for name, data in files.items():
            packed.writestr(f"{transfer.NAME}/{name}", data)
    return into.getvalue()


def taken(archive: bytes, root: Path) -> str:
    """What is said of the archive; nothing if it was taken. What lay there is as it was, or all of it is other."""
    here = root / DATA / "here"
    here.parent.mkdir(parents=True, exist_ok=True)
    here.write_text("as before")
    said = ""
    try:
        transfer.unpacked(archive, root)
    except TransferError as error:
        said = str(error)
    assert here.exists() == bool(said)
    assert "/tmp" not in said
    return said


def test_what_was_packed_is_taken(archive: bytes, tmp_path: Path) -> None:
    rest = transfer.unpacked(archive, tmp_path)
    assert rest == {"variables": {"WORD": "said"}, "directory": HOME, "aside": False, "hours": 0}
    assert (tmp_path / HOME / "mine").read_text() == "mine"
    assert not (tmp_path / HOME / ".variables.json").exists()


def test_a_cloud_that_does_not_open_is_packed_as_it_lies_there(archive: bytes, tmp_path: Path) -> None:
    transfer.unpacked(archive, tmp_path)
    (tmp_path / DATA / "neutron.sqlite").write_bytes(bytes(5000))
    with zipfile.ZipFile(io.BytesIO(transfer.packed({}, tmp_path))) as packed:
        assert packed.read(f"{transfer.NAME}/neutron.sqlite") == bytes(5000)


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", HARMED)
def test_what_is_wrong_with_a_file_is_said(archive: bytes, tmp_path: Path, name: str, harm: str) -> None:
    said = taken(changed(archive, lambda files: HARMS[harm](files, name)), tmp_path)
    may_be = (name == "home/mine" and harm != "a file and a folder",  # a reader's own may be anything
              (name, harm) == ("home/.variables.json", "gone"))  # a cloud from elsewhere has none  # fmt: skip
    assert (said == "") == any(may_be), said
    assert not said or said.endswith((".", "take it from a copy", "name a new folder"))


@pytest.mark.parametrize("change", [
    lambda files: files.update({"home/clouds.yaml/in": b""}),
    lambda files: files.update({"home/clouds.yaml": b"\xff"}),
    lambda files: [files.pop(name) for name in [*files] if name.startswith("home/")],
    lambda files: [files.update({"home": b""}), [files.pop(name) for name in [*files] if name.startswith("home/")]],
])  # fmt: skip
def test_what_each_start_writes_may_be_anything(
    archive: bytes, tmp_path: Path, change: Callable[[Files], object]
) -> None:
    assert taken(changed(archive, change), tmp_path) == ""
    assert not (tmp_path / HOME / "clouds.yaml").exists()


def test_a_byte_that_is_another_one_is_found(archive: bytes, tmp_path: Path) -> None:
    chance, harmed = random.Random(5), []
    for _ in range(40):
        data = bytearray(archive)
        at = chance.randrange(len(data))
        data[at] ^= 1 << chance.randrange(8)
        harmed.append(bytes(data))
    harmed += [archive[: chance.randrange(len(archive))] for _ in range(20)]
    for data in harmed:
        taken(data, tmp_path)  # the words, or a cloud: of times and modes a zip keeps no sum
