"""The database seam: one database a service, one handle a process.

Interface: `Database(name, url)` owns the engine, `create(base)` makes tables; `Database.handle(process)` is what a
process is given: `with handle.session() as session`, which commits at the end or rolls back on an error. `retry` does
a transaction again that lost a race.
Invariants: a process without a handle cannot reach the database; a session that raised left nothing behind; a file is
readable by its owner only; tables that another version made are not touched.
Upstream: oslo.db's enginefacade.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    Engine,
    Executable,
    Row,
    create_engine,
    create_mock_engine,
    event,
    make_url,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import StaticPool

Values = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
"""The values of a statement, or of each of its repetitions."""
Result = TypeVar("Result")


class Database:
    """One service's database. `name` is what diagrams call it, such as `nova-db`; a `private` one ends with us."""

    def __init__(self, name: str, url: str = "sqlite://", file: str | None = None) -> None:
        """`file`, if it is given, is the path of an SQLite file."""
        options: dict[str, Any] = {}
        place = URL.create("sqlite", database=file) if file else make_url(url)
        sqlite = place.get_backend_name() == "sqlite"
        self.private = sqlite and not place.database
        self._made: set[type[DeclarativeBase]] = set()
        if self.private:
            options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        elif sqlite and place.database:  # SQLite gives its other files the mode of this one
            os.close(os.open(place.database, os.O_RDWR | os.O_CREAT, 0o600))
        self.name = name
        self.engine = create_engine(place, **options)
        if sqlite:
            event.listen(self.engine, "connect", prepare)

    def create(self, base: type[DeclarativeBase]) -> Database:
        """Make the tables that are not there yet; nobody has to look for them in a new database.

        Raises OtherVersionError.
        """
        if base not in self._made:
            self._made.add(base)
            if self.private:
                with self.engine.begin() as connection:
                    for statement in tables(base):
                        connection.exec_driver_sql(statement)
            else:
                self._make(base)
        return self

    def _make(self, base: type[DeclarativeBase]) -> None:
        """All tables or none, so that a start that was cut short leaves none of another shape."""
        if self.engine.dialect.name != "sqlite":
            base.metadata.create_all(self.engine)
            return
        with self.engine.begin() as connection:
            known = {row.name: row.sql for row in connection.exec_driver_sql("SELECT name, sql FROM sqlite_master")}
            wanted = {described(statement): statement for statement in tables(base)}
            there = {name for name in wanted if name in known}
            if any(known[name].strip() != wanted[name].strip() for name in there) or (there and there < wanted.keys()):
                raise OtherVersionError(
                    f"{self.engine.url.database} is of another version of oslearn: name a new folder"
                )
            connection.exec_driver_sql("BEGIN")
            for statement in () if there else wanted.values():
                connection.exec_driver_sql(statement)

    def handle(self, process: str) -> Handle:
        """The handle of one process."""
        return Handle(process, self.name, self.engine, self.private)


class OtherVersionError(Exception):
    """The tables of a file are not those that this version makes; the words are for the folder's owner."""


def described(statement: str) -> str:
    """The name of the table or index that a statement makes.

    >>> described("CREATE UNIQUE INDEX ix_a ON b (c)"), described('CREATE TABLE "user" (')
    ('ix_a', 'user')
    """
    words = statement.split(maxsplit=4)
    return words[words.index("INDEX" if "INDEX" in words[:3] else "TABLE") + 1].strip('"')


@cache
def tables(base: type[DeclarativeBase]) -> list[str]:
    """The statements that make the tables and indexes in SQLite; each cloud of a process needs the same ones."""
    made: list[str] = []
    dialect = sqlite.dialect()
    engine = create_mock_engine("sqlite://", lambda ddl, *_: made.append(str(ddl.compile(dialect=dialect))))
    base.metadata.create_all(engine, checkfirst=False)
    return made


def prepare(connection: DBAPIConnection, record: object) -> None:
    """Have SQLite check foreign keys, and write so that a killed process loses nothing it has committed."""
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


def retry(work: Callable[[], Result], tries: int = 5) -> Result:
    """Do a transaction again that lost a race: another one was quicker to take the key that both chose.

    Raises IntegrityError, if it fails each time. Upstream: oslo_db/api.py (`wrap_db_retry`).
    """
    for _ in range(tries - 1):
        with suppress(IntegrityError):
            return work()
    return work()


class Handle:
    """What a process may do with a database."""

    def __init__(self, process: str, name: str, engine: Engine, private: bool = False) -> None:
        self.process, self.name, self.private = process, name, private
        self.engine = engine.execution_options(process=process)

    def rows(self, statement: Executable, values: dict[str, Any]) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of a prepared query: a read that needs no objects."""
        with self.engine.connect() as connection:
            return connection.execute(statement, values).all()

    def write(
        self, statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> int:
        """One statement in a transaction of its own: a change that needs no objects; how many rows it changed."""
        with self.engine.begin() as connection:
            return connection.execute(statement, values).rowcount

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back if the body raises."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session
