"""The tests' databases on a server: `pytest --database postgresql` or `mariadb`; without it they are SQLite's.

The run starts a server of its own. A database that a test has done with is emptied, and the next one has it: to make
tables takes a second, to empty those that were written to some milliseconds. What a fixture of a module has made stays
until the module is done.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.orm import DeclarativeBase

from oslearn.core.oslo.db import Database, Handle
from oslearn.extensions.oslo.database import FRESH
from oslearn.extensions.oslo.dialects import create_all, creation, serve

URL = "OSLEARN_TEST_SERVER"
"""Which variable tells the workers where the server is."""
INSERT = re.compile(r"""INSERT (?:IGNORE )?INTO ["`]?(\w+)""")
QUICK = {
    "postgresql": [f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "synchronous_commit", "full_page_writes")]
    + ["SELECT pg_reload_conf()"],
    "mariadb": ["SET GLOBAL innodb_flush_log_at_trx_commit = 0", "SET GLOBAL sync_binlog = 0"],
}
"""Nobody needs the tests' data after a power cut."""


@dataclass
class Place:
    """A database on the server. `written` are the tables that may have rows, `made` those that are there, `users` are
    who may still ask it something."""

    url: str
    made: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    engine: Engine | None = None
    users: WeakSet[object] = field(default_factory=WeakSet)

    def note(self, connection: Connection, cursor: Any, statement: str, *more: Any) -> None:
        """Remember which tables are written to."""
        if found := INSERT.match(statement):
            self.written.add(found[1])

    def empty(self) -> None:
        """As new."""
        assert self.engine is not None
        if self.written:
            with self.engine.begin() as connection:
                quoted = [self.engine.dialect.identifier_preparer.quote(name) for name in sorted(self.written)]
                for statement in emptying(self.engine.dialect.name, quoted):
                    connection.execute(text(statement))
        self.engine.dispose()
        self.written.clear()


def emptying(kind: str, tables: list[str]) -> list[str]:
    """The statements that empty tables and have them count from 1."""
    if kind == "postgresql":
        return ["SET LOCAL lock_timeout = '5s'", f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE"]
    return ["SET foreign_key_checks = 0", *(f"TRUNCATE {name}" for name in tables), "SET foreign_key_checks = 1"]


class Served(Database):
    """A test's database."""

    private = False

    def __init__(self, name: str, place: Place) -> None:
        place.engine = serve(place.url)
        super().__init__(f"{name}-db", place.engine)
        self.place = place
        place.users.add(self)
        event.listen(place.engine, "before_cursor_execute", place.note)

    def handle(self, process: str) -> Handle:
        """One that is known to be in use."""
        handle = super().handle(process)
        self.place.users.add(handle)
        return handle

    def _make(self, base: type[DeclarativeBase]) -> None:
        """Only what an earlier test has not made."""
        missing = [table for table in base.metadata.sorted_tables if table.name not in self.place.made]
        if missing:
            create_all(self.engine, base.metadata, tables=missing, checkfirst=False)
            self.place.made |= {table.name for table in missing}


class Databases:
    """Those of one worker. `scopes` is what pytest makes at the moment: a test, or a fixture for more than one."""

    def __init__(self, url: str, worker: str) -> None:
        self.url, self.worker, self.number = url, worker, 0
        self.free: defaultdict[str, list[Place]] = defaultdict(list)
        self.taken: defaultdict[str, list[tuple[str, Place]]] = defaultdict(list)
        self.scopes = ["session"]

    def fresh(self, name: str) -> Database:
        """A database without rows."""
        place = self.free[name].pop() if self.free[name] else self.make(name)
        self.taken[self.scopes[-1]].append((name, place))
        return Served(name, place)

    def make(self, name: str) -> Place:
        """A new one on the server."""
        self.number += 1
        database = f"{self.worker}_{name}_{self.number}"
        engine = create_engine(maintenance(self.url), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(creation(engine.dialect.name, database)))
        engine.dispose()
        return Place(self.url.replace("{database}", database))

    def end(self, scope: str) -> None:
        """What was made for it is free, unless somebody has kept it: a function that remembers its cloud."""
        ended = self.taken.pop(scope, [])
        if any(place.users for _, place in ended):
            gc.collect()
        for name, place in ended:
            if place.users:
                self.taken["module" if scope == "function" else "session"].append((name, place))
            else:
                place.empty()
                self.free[name].append(place)


def maintenance(url: str) -> str:
    return url.replace("{database}", "postgres" if url.startswith("postgresql") else "")


DATABASES: list[Databases] = []
FILES = "it is about files that a cloud keeps"
ELSEWHERE = {
    "test_folders": FILES, "test_data": FILES, "test_kills": FILES, "test_secrets": FILES, "test_processes": FILES,
    "test_serve": "its cloud is in another process", "test_port": "its cloud is in another process",
    "test_arguments": "its commands are in other processes", "test_whatif": "a table of hundreds of boots",
}  # fmt: skip
"""Which of tests/flows run with SQLite only, and why."""


def pytest_addoption(parser: pytest.Parser) -> None:
    choices = ("sqlite", *QUICK)
    parser.addoption("--database", choices=choices, default="sqlite", help="what the tests' clouds keep their rows in")


def pytest_configure(config: pytest.Config) -> None:
    """The run starts the server, its workers use it."""
    kind = config.getoption("--database")
    if kind == "sqlite":
        return
    if not hasattr(config, "workerinput"):
        config.add_cleanup(start(kind))
    DATABASES.append(Databases(os.environ[URL], os.environ.get("PYTEST_XDIST_WORKER", "main")))
    FRESH.append(DATABASES[0].fresh)


def start(kind: str) -> Any:
    """Start a server; what ends it."""
    from oslearn.apart.servers import MariaDB, PostgreSQL

    memory = Path("/dev/shm")  # to make a table takes MariaDB long on a disk
    folder = Path(tempfile.mkdtemp(prefix="oslearn-test-", dir=memory if memory.is_dir() else None))
    folder.chmod(0o711)
    server = {"postgresql": PostgreSQL, "mariadb": MariaDB}[kind](folder)
    os.environ[URL] = server.start()
    engine = create_engine(make_url(maintenance(os.environ[URL])), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in QUICK[kind]:
            connection.execute(text(statement))
    engine.dispose()

    def end() -> None:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

    return end


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what is SQLite's alone."""
    for item in items if DATABASES else ():
        if reason := ELSEWHERE.get(item.path.stem):
            item.add_marker(pytest.mark.skip(reason=f"with SQLite only: {reason}"))


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Iterator[Any]:
    """What a fixture makes lasts as long as the fixture."""
    for databases in DATABASES:
        databases.scopes.append(fixturedef.scope)
    try:
        return (yield)
    finally:
        for databases in DATABASES:
            databases.scopes.pop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[Any]:
    """After a test, and after the last of a module."""
    for databases in DATABASES:
        databases.scopes.append("function")
    try:
        return (yield)
    finally:
        for databases in DATABASES:
            databases.scopes.pop()
            databases.end("function")
            if nextitem is None or nextitem.path != item.path:
                for scope in ("class", "module", "package"):
                    databases.end(scope)
