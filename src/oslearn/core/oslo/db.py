"""The database seam: one database a service, one handle a process.

Interface: `Database(name)` owns the engine, `create(base)` makes tables; `Database.handle(process)` is what a
process is given: `with handle.session() as session`, which commits at the end or rolls back on an error;
`Handle.rows`, `Handle.write` and `Handle.begin` for statements that need no objects. `retry` does a transaction
again that lost a race.
Invariants: a process without a handle cannot reach the database; a session that raised left nothing behind.
Upstream: oslo.db's enginefacade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, Row, create_engine, create_mock_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import StaticPool
from sqlalchemy.util import LRUCache

from oslearn.core.oslo.exception import ServiceUnavailable

Values = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
"""The values of a statement, or of each of its repetitions."""
Result = TypeVar("Result")
TRIES = 5
COMPILED: MutableMapping[Any, Any] = LRUCache(5_000)
"""Statements as SQL. To compile one takes longer than to execute it ten times, so every database of a process shares
what was compiled: SQLAlchemy's own cache is an engine's, and each cloud of a test or a page would begin anew."""


class SQLite(pysqlite.dialect):
    """SQLite by Python's module. Any other is its equal: what was compiled for one is good for all."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SQLite)

    def __hash__(self) -> int:
        return hash(SQLite)


SHARED = "sqlite+shared"
OPTIONS: dict[str, Any] = {"execution_options": {"compiled_cache": COMPILED}}
registry.register("sqlite.shared", __name__, SQLite.__name__)


class Database:
    """One service's database. `name` is what diagrams call it, such as `nova-db`."""

    private = True
    """Whether it begins and ends with this process."""

    def __init__(self, name: str, engine: Engine | None = None) -> None:
        """In memory, unless another engine is given."""
        self.name = name
        self.engine = engine or create_engine(
            f"{SHARED}://", poolclass=StaticPool, connect_args={"check_same_thread": False}, **OPTIONS
        )
        self._made: set[type[DeclarativeBase]] = set()
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", prepare)

    def create(self, base: type[DeclarativeBase]) -> Database:
        """Make the tables that are not there yet."""
        if base not in self._made:
            self._made.add(base)
            self._make(base)
        return self

    def _make(self, base: type[DeclarativeBase]) -> None:
        """Nobody has to look for tables in a new database."""
        with self.engine.begin() as connection:
            for statement in tables(base):
                connection.exec_driver_sql(statement)

    def handle(self, process: str) -> Handle:
        """The handle of one process."""
        return Handle(process, self.name, self.engine, self.private)


@cache
def tables(base: type[DeclarativeBase]) -> list[str]:
    """The statements that make the tables and indexes in SQLite; each cloud of a process needs the same ones."""
    made: list[str] = []
    dialect = SQLite()
    engine = create_mock_engine("sqlite://", lambda ddl, *_: made.append(str(ddl.compile(dialect=dialect))))
    base.metadata.create_all(engine, checkfirst=False)
    return made


def prepare(connection: DBAPIConnection, record: object) -> None:
    """Have SQLite check foreign keys."""
    connection.execute("PRAGMA foreign_keys=ON")


class DBDeadlock(ServiceUnavailable):
    """The database gave a transaction up that stood in another's way."""


def retry(work: Callable[[], Result], again: Callable[[], object] = lambda: True) -> Result:
    """Do a transaction again, if that is possible, that lost a race: another one took the key that both chose.

    Raises IntegrityError, DBDeadlock, if it fails each time. Upstream: oslo_db/api.py (`wrap_db_retry`).
    """
    for _ in range(TRIES - 1):
        try:
            return work()
        except (IntegrityError, DBDeadlock):
            if not again():
                raise
    return work()


class Handle:
    """What a process may do with a database."""

    def __init__(self, process: str, name: str, engine: Engine, private: bool = False) -> None:
        self.process, self.name, self.private = process, name, private
        self.engine = engine.execution_options(process=process)
        self._idle: list[Connection] = []

    def rows(self, statement: Executable, values: dict[str, Any]) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of a prepared query: a read that needs no objects."""
        with self.begin() as connection:
            return connection.execute(statement, values).all()

    def write(self, statement: Executable, values: Values = None) -> int:
        """One statement in a transaction of its own: a change that needs no objects; how many rows it changed."""

        def once() -> int:
            with self.begin() as connection:
                return connection.execute(statement, values).rowcount

        return retry(once)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that needs no objects: committed at the end, rolled back if the body raises."""
        connection = self._idle.pop() if self._idle else self.engine.connect()
        try:
            with connection.begin():
                yield connection
        finally:  # one that leads into memory is kept: to make it costs as much as a query
            self._idle.append(connection) if self.private else connection.close()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The same with objects."""
        with self.begin() as connection, Session(connection, expire_on_commit=False) as session, session.begin():
            yield session
