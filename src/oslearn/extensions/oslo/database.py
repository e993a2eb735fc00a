"""Databases that outlive the process: in files, or on a server.

Interface: `open_database(name, config)`; `KeptDatabase(name, place)`, `ServedDatabase(name, url)`; `FRESH`.
Invariants: a file is readable by its owner only; tables that another version made are not touched; a killed process
loses nothing that it has committed.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from sqlalchemy import URL, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase

from oslearn.core.config import Config
from oslearn.core.oslo.db import OPTIONS, SHARED, Database, tables

FRESH: list[Callable[[str], Database]] = [lambda name: Database(f"{name}-db")]
"""Where a database comes from that nobody keeps: the last makes it, here in memory. Who tests with another server adds
to it (`make test DATABASE=postgresql`)."""


def open_database(name: str, config: Config) -> Database:
    """The database `name` where the configuration says, else in memory.

    A file is no URL: a folder's name may hold what has a meaning there.
    """
    if name in config.databases:
        place = make_url(config.databases[name])
    else:
        place = URL.create(SHARED, database=config.database_dir and f"{config.database_dir}/{name}.sqlite")
    in_memory = place.get_backend_name() == "sqlite" and not place.database  # a server may name a database itself
    return FRESH[-1](name) if in_memory else KeptDatabase(f"{name}-db", place)


class KeptDatabase(Database):
    """A database that another process has used before, or may use after this one."""

    private = False

    def __init__(self, name: str, place: URL) -> None:
        if place.get_backend_name() == "sqlite":  # SQLite gives its other files the mode of this one
            os.close(os.open(str(place.database), os.O_RDWR | os.O_CREAT, 0o600))
            super().__init__(name, create_engine(place, **OPTIONS))
            event.listen(self.engine, "connect", keep)
        else:
            from oslearn.extensions.oslo.dialects import serve  # a page's Python has SQLite only

            super().__init__(name, serve(place))

    def _make(self, base: type[DeclarativeBase]) -> None:
        """All tables or none, so that a start that was cut short leaves none of another shape.

        Raises OtherVersionError.
        """
        if self.engine.dialect.name != "sqlite":
            from oslearn.extensions.oslo.dialects import create_all

            create_all(self.engine, base.metadata)
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


class ServedDatabase(Database):
    """A database of a server, which several processes use; its tables are there."""

    private = False

    def __init__(self, name: str, url: str) -> None:
        """Connections that broke are made again: the server may have been started anew."""
        from oslearn.extensions.oslo.dialects import serve

        super().__init__(name, serve(url, pool_pre_ping=True))

    def _make(self, base: type[DeclarativeBase]) -> None:
        """Nothing: who starts the cloud makes all tables before."""


class OtherVersionError(Exception):
    """The tables of a file are not those that this version makes; the words are for the folder's owner."""


def described(statement: str) -> str:
    """The name of the table or index that a statement makes.

    >>> described("CREATE UNIQUE INDEX ix_a ON b (c)"), described('CREATE TABLE "user" (')
    ('ix_a', 'user')
    """
    words = statement.split(maxsplit=4)
    return words[words.index("INDEX" if "INDEX" in words[:3] else "TABLE") + 1].strip('"')


def keep(connection: DBAPIConnection, record: object) -> None:
    """Have SQLite write so that a killed process loses nothing it has committed."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
