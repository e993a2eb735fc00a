"""`--data`: what is wrong with a folder is said in a line, and nothing in it changes; nobody else reads it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import event, make_url, text

from oslearn.cli import main
from oslearn.core.config import Config
from oslearn.extensions.oslo.database import KeptDatabase, open_database
from oslearn.port.clouds import folder_cloud
from oslearn.port.folder import MARK, SECRETS, Folder, FolderError

DATABASES = [
    "cinder", "glance", "keystone", "neutron", "nova_api", "nova_cell0", "nova_cell1", "placement", "swift", "trove",
]  # fmt: skip
ODD = ["a?b", "a#b", "a%41b", "a b", "müll", "file:a", "a&mode=ro", "a\\b", "a'b\"c", "100%"]


def end(cloud: Any) -> None:
    """What the end of its process does."""
    for database in cloud.databases.values():
        database.engine.dispose()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose cloud has ended."""
    path = tmp_path_factory.mktemp("folder") / "data"
    umask = os.umask(0)
    try:
        cloud = folder_cloud(path, Config(hosts=1))
    finally:
        os.umask(umask)
    end(cloud)
    return path


@pytest.fixture
def copy(kept: Path, tmp_path: Path) -> Path:
    return shutil.copytree(kept, tmp_path / "data")


def content(path: Path) -> dict[str, bytes]:
    """What is kept; SQLite's memory map and its empty journal hold nothing."""
    left_out = ("-shm", "-wal", "lock")
    return {str(p): p.read_bytes() for p in path.rglob("*") if p.is_file() and not p.name.endswith(left_out)}


def used(folder: Path | str) -> Result:
    """What a folder's cloud is asked, if one starts on it."""
    return CliRunner().invoke(main, ["openstack", "--data", str(folder), "token", "issue"])


def refused(result: Result) -> str:
    """The one line that is said."""
    assert result.exit_code not in (0, None), result.output
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1, result.stderr
    return result.stderr


def cut(part: float) -> Callable[[Path], Any]:
    return lambda path: os.truncate(path, int(path.stat().st_size * part))


def scribble(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:4000] = os.urandom(3900)
    path.write_bytes(bytes(data))


FLAWS: dict[str, Callable[[Path], Any]] = {
    "missing": Path.unlink,
    "empty": cut(0),
    "one byte": lambda path: os.truncate(path, 1),
    "half a header": lambda path: os.truncate(path, 50),
    "one page": lambda path: os.truncate(path, 4096),
    "half": cut(0.5),
    "nearly whole": lambda path: os.truncate(path, path.stat().st_size - 1),
    "text": lambda path: path.write_text("hello\n" * 1000),
    "scribbled": scribble,
}


@pytest.mark.parametrize("flaw", FLAWS)
@pytest.mark.parametrize("name", DATABASES)
def test_a_broken_database_is_refused(copy: Path, name: str, flaw: str) -> None:
    FLAWS[flaw](copy / f"{name}.sqlite")
    before = content(copy)
    said = refused(used(copy))
    assert f"{name}.sqlite" in said
    assert content(copy) == before


def test_the_databases_of_the_sweep_are_all(kept: Path) -> None:
    assert sorted(path.stem for path in kept.glob("*.sqlite")) == DATABASES


@pytest.mark.parametrize("name", [SECRETS, MARK])
def test_each_beginning_of_a_json_file_is_refused(copy: Path, name: str) -> None:
    whole = (copy / name).read_bytes()
    for size in range(len(whole)):
        (copy / name).write_bytes(whole[:size])
        before = content(copy)
        with pytest.raises(FolderError, match=name) as raised:
            Folder(copy)
        assert "\n" not in str(raised.value)
        assert content(copy) == before


@pytest.mark.parametrize("text", ["[]", "null", "7", '{"admin": 5}', '{"admin": "x"}', "\udcff", "[" * 100_000])
@pytest.mark.parametrize("name", [SECRETS, MARK])
def test_another_thing_in_a_json_file_is_refused(copy: Path, name: str, text: str) -> None:
    (copy / name).write_bytes(text.encode(errors="surrogateescape"))
    refused(used(copy))


def test_missing_passwords_and_a_missing_mark_are_refused(copy: Path) -> None:
    (copy / SECRETS).rename(copy.parent / "kept")
    assert "passwords.json is missing" in refused(used(copy))
    (copy.parent / "kept").rename(copy / SECRETS)
    (copy / MARK).unlink()
    assert "another version" in refused(used(copy))


@pytest.mark.parametrize("change", [
    "ALTER TABLE instances DROP COLUMN user_data", "ALTER TABLE instances ADD COLUMN more TEXT", "DROP TABLE instances",
])  # fmt: skip
def test_tables_of_another_version_are_refused(copy: Path, change: str) -> None:
    with closing(sqlite3.connect(copy / "nova_cell1.sqlite")) as database:
        columns = {row[1] for row in database.execute("PRAGMA table_info(instances)")}
        database.execute(change if "user_data" in columns else change.replace("user_data", sorted(columns)[-1]))
        database.commit()
    said = refused(used(copy))
    assert "another version" in said


def test_a_mark_of_another_version_is_refused(copy: Path) -> None:
    (copy / MARK).write_text(json.dumps({"format": 99, "databases": []}))
    with pytest.raises(FolderError, match="another version"):
        Folder(copy)


def test_a_first_start_that_was_cut_short_begins_anew(tmp_path: Path) -> None:
    Folder(tmp_path / "data")
    KeptDatabase("keystone", make_url(f"sqlite:///{tmp_path}/data/keystone.sqlite"))
    (tmp_path / "data" / MARK).rename(tmp_path / MARK)
    shutil.copytree(tmp_path / "data", tmp_path / "again")
    (tmp_path / MARK).rename(tmp_path / "again" / MARK)
    end(folder_cloud(tmp_path / "again", Config(hosts=1)))


@pytest.mark.parametrize("name", ODD)
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "data"
    end(folder_cloud(path, Config(hosts=0, flavors=False), empty=True))
    assert [found.name for found in tmp_path.iterdir()] == [name]
    assert {found.stem for found in path.glob("*.sqlite")} == set(DATABASES)


def test_a_folder_with_other_files_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "letter.txt").write_text("dear")
    said = refused(used(tmp_path))
    assert "other files" in said
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_an_empty_folder_that_others_read_is_closed_to_them(tmp_path: Path) -> None:
    made = tmp_path / "data"
    made.mkdir(mode=0o777)
    (made / ".keep").touch()
    Folder(made)
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def open_to_others(path: Path) -> list[str]:
    return [str(found) for found in (path, *path.rglob("*")) if found.stat().st_mode & 0o077]


def test_nobody_else_reads_what_a_cloud_writes(kept: Path, copy: Path) -> None:
    """It was made without a umask."""
    assert {"images", "objects", MARK, SECRETS} < {path.name for path in kept.iterdir()}
    assert list((kept / "images").iterdir())
    assert open_to_others(kept) == []
    for path in copy.rglob("*"):
        path.chmod(0o777)
    Folder(copy)
    assert open_to_others(copy) == []


def test_a_served_folder_is_refused(copy: Path) -> None:
    held = Folder(copy)
    assert "another `oslearn`" in refused(used(copy))
    assert held.whole


@pytest.mark.parametrize("path", ["/dev/null", "/dev/null/x", "", " "])
def test_what_cannot_be_a_folder_is_refused(path: str) -> None:
    refused(used(path))


def test_a_full_disk_is_named_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cloud = folder_cloud(tmp_path / "data", Config(hosts=0))
    demo = cloud.connect("demo")
    engine = cloud.databases["neutron"].engine

    def full(connection: Any, *_: Any) -> None:
        connection.execute("PRAGMA max_page_count=1")

    with engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint"))
    event.listen(engine, "connect", full)
    engine.dispose()
    name = {"network": {"name": "n" * 255, "description": "d" * 255}}
    status = [demo.network.post("/networks", json=name, raise_exc=False).status_code for _ in range(40)][-1]
    event.remove(engine, "connect", full)
    engine.dispose()
    assert status == 500
    assert "the disk is full" in caplog.text
    assert "Traceback" not in caplog.text
    assert demo.network.post("/networks", json=name).status_code == 201
    end(cloud)


def test_a_folder_of_people_who_are_not_there(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_CLOUD", "oslearn-nobody")
    said = refused(used(copy))
    assert "has no user nobody" in said


def test_a_server_may_name_its_database_itself() -> None:
    """A URL without a name is no reason to keep everything in memory: what was answered would be lost."""
    for url in ("postgresql+psycopg://", "mysql+pymysql://root@127.0.0.1"):
        assert not open_database("nova_cell1", Config(databases={"nova_cell1": url})).private
    assert open_database("nova_cell1", Config(databases={"nova_cell1": "sqlite://"})).private
