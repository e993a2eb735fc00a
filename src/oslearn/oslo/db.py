"""The database seam: one database a service, one handle a process.

Interface: `Database(name, url)` owns the engine, `create(base)` makes tables; `Database.handle(process)` is what a
process is given: `with handle.session() as session`, which commits at the end or rolls back on an error.
Invariants: a process without a handle cannot reach the database; a session that raised left nothing behind.
Upstream: oslo.db's enginefacade.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import Engine, Executable, Row, create_engine, create_mock_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import StaticPool


class Database:
    """One service's database. `name` is what diagrams call it, such as `nova-db`; a `private` one ends with us."""

    def __init__(self, name: str, url: str = "sqlite://") -> None:
        options: dict[str, Any] = {}
        self.private = url == "sqlite://"
        self._made: set[type[DeclarativeBase]] = set()
        if self.private:
            options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        self.name = name
        self.engine = create_engine(url, **options)
        if url.startswith("sqlite"):
            event.listen(self.engine, "connect", prepare)

    def create(self, base: type[DeclarativeBase]) -> Database:
        """Make the tables that are not there yet; nobody has to look for them in a new database."""
        if base not in self._made:
            self._made.add(base)
            if self.private:
                with self.engine.begin() as connection:
                    for statement in tables(base):
                        connection.exec_driver_sql(statement)
            else:
                base.metadata.create_all(self.engine)
        return self

    def handle(self, process: str) -> Handle:
        """The handle of one process."""
        return Handle(process, self.name, self.engine, self.private)


@cache
def tables(base: type[DeclarativeBase]) -> list[str]:
    """The statements that make the tables and indexes in SQLite; each cloud of a process needs the same ones."""
    made: list[str] = []
    dialect = sqlite.dialect()
    engine = create_mock_engine("sqlite://", lambda ddl, *_: made.append(str(ddl.compile(dialect=dialect))))
    base.metadata.create_all(engine, checkfirst=False)
    return made


def prepare(connection: Any, record: Any) -> None:
    """Have SQLite check foreign keys, and write so that a killed process loses nothing it has committed."""
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


class Handle:
    """What a process may do with a database."""

    def __init__(self, process: str, name: str, engine: Engine, private: bool = False) -> None:
        self.process, self.name, self.private = process, name, private
        self.engine = engine.execution_options(process=process)

    def rows(self, statement: Executable, values: dict[str, Any]) -> Sequence[Row[Any]]:
        """The rows of a prepared query: a read that needs no objects."""
        with self.engine.connect() as connection:
            return connection.execute(statement, values).all()

    def write(self, statement: Executable, values: Any = None) -> int:
        """One statement in a transaction of its own: a change that needs no objects; how many rows it changed."""
        with self.engine.begin() as connection:
            return connection.execute(statement, values).rowcount

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back if the body raises."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session
