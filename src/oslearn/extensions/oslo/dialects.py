"""What PostgreSQL and MariaDB are told otherwise than SQLite: types, keys, order.

Interface: `serve(url)` makes an engine for a server's database; `creation(kind, name)` is the statement that makes one.
Invariants: what SQLite is told stays the same, and so does what a reader finds: a column keeps a text of any length,
each letter as it is, a time with its microseconds, a number of 64 bits; nothing comes before everything.
Upstream: the types in each service's migrations (`MediumText`, `DATETIME(fsp=6)`), oslo_db/sqlalchemy/engines.py.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import JSON, URL, Engine, MetaData, String, UniqueConstraint, create_engine, event, func, make_url, text
from sqlalchemy.dialects import mysql, postgresql, registry
from sqlalchemy.dialects.mysql import pymysql
from sqlalchemy.dialects.mysql.base import MySQLDDLCompiler
from sqlalchemy.dialects.mysql.mysqldb import MySQLCompiler_mysqldb
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.schema import Column, ForeignKeyConstraint
from sqlalchemy.sql import operators

from oslearn.core.oslo.db import OPTIONS, DBDeadlock

LONGEST_KEY = 3072
"""Bytes of a key of InnoDB; a letter has up to four."""
DEADLOCKS = {"40001", "40P01", 1205, 1213}
"""What PostgreSQL and MariaDB call it when two transactions stand in each other's way."""
KEY_LENGTH = 255
"""Letters of a key's text whose length nobody has said."""
ORDER, CASELESS, NOCASE = "utf8mb4_nopad_bin", "utf8mb4_general_nopad_ci", "NOCASE"
"""The order of letters in MariaDB, and the one in which big and small ones are alike; this is SQLite's word for it."""
NUL = "\N{SYMBOL FOR NULL}"
"""PostgreSQL takes no text with a NUL, where a client may send one: nothing is found by it, or it is shown as this."""


def serve(place: str | URL, **options: Any) -> Engine:
    """An engine for a server's database. A statement sees what others have committed before it, as upstream's do."""
    url = make_url(place)
    url = url.set(drivername=f"{url.get_backend_name()}+served")
    # SQLAlchemy's MySQL does not see how joins of joins hang together, and warns of them.
    own = {"isolation_level": "READ COMMITTED", "enable_from_linting": False}
    engine = create_engine(url, **OPTIONS | own | options)
    event.listen(engine, "handle_error", give_up)
    return engine


def give_up(context: ExceptionContext) -> None:
    """Raise DBDeadlock for what may be tried again."""
    error = context.original_exception
    if DEADLOCKS & {getattr(error, "sqlstate", None), *error.args[:1]}:
        raise DBDeadlock() from error


def creation(kind: str, name: str) -> str:
    """The statement that makes a database: letters are told apart and sorted as SQLite does it."""
    if kind == "postgresql":
        return f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
    return f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE {ORDER}"


def create_all(engine: Engine, metadata: MetaData, **options: Any) -> None:
    """Make tables, and what they need of the server before."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS citext"))
    metadata.create_all(engine, **options)


def number(text: str) -> int | float:
    """
    >>> number("12"), number("0.5")
    (12, 0.5)
    """
    return float(text) if "." in text else int(text)


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


class PostgreSQLStatements(PGCompiler_psycopg):
    def order_by_clause(self, select: Any, **options: Any) -> str:
        """Nothing comes before everything."""
        clauses = [self.process(clause, **options) + nulls(clause) for clause in select._order_by_clauses]
        return f" ORDER BY {', '.join(clauses)}" if clauses else ""

    def visit_insert(self, *args: Any, **options: Any) -> str:
        """What is there already stays as it is."""
        statement = str(super().visit_insert(*args, **options))
        return statement.replace("INSERT OR IGNORE", "INSERT") + " ON CONFLICT DO NOTHING" * ("OR IGNORE" in statement)

    def visit_like_op_binary(self, binary: Any, operator: Any, **options: Any) -> str:
        """Big and small letters are alike."""
        return str(self.visit_ilike_op_binary(binary, operator, **options))

    def render_bind_cast(self, type_: Any, dbapi_type: Any, sqltext: str) -> str:
        """What is compared with a name is one."""
        if getattr(type_, "collation", None) == NOCASE:
            return f"{sqltext}::CITEXT"
        return str(super().render_bind_cast(type_, dbapi_type, sqltext))

    def visit_instr_func(self, function: Any, **options: Any) -> str:
        return f"strpos{self.function_argspec(function, **options)}"

    def visit_substr_func(self, function: Any, **options: Any) -> str:
        """Positions are numbers of 32 bits there."""
        text, *numbers = (self.process(clause, **options) for clause in function.clauses)
        return f"substr({', '.join([text, *(f'({number})::INTEGER' for number in numbers)])})"


def nulls(clause: Any) -> str:
    """What an order says of rows without a value, if there may be any."""
    inner: list[Any] = [clause]
    while hasattr(inner[-1], "element"):
        inner.append(inner[-1].element)
    if not getattr(inner[-1], "nullable", False):
        return ""
    return " NULLS LAST" if operators.desc_op in [getattr(one, "modifier", None) for one in inner] else " NULLS FIRST"


class PostgreSQLTypes(postgresql.base.PGTypeCompiler):
    def visit_integer(self, type_: Any, **options: Any) -> str:
        """As SQLite's: clients ask for more than there are numbers of 32 bits."""
        return "BIGINT"

    def visit_string(self, type_: Any, **options: Any) -> str:
        return "CITEXT" if type_.collation == NOCASE else str(super().visit_string(type_, **options))


class Key(psycopg._PGJSONStrIndexType):
    def bind_processor(self, dialect: Any) -> Any:
        """It comes as SQLite wants it: as JSON writes it."""
        return lambda key: json.loads(f'"{key}"')


class PostgreSQL(psycopg.dialect):
    """PostgreSQL by psycopg. Any other is its equal, as with SQLite."""

    supports_statement_cache = True
    statement_compiler, type_compiler_cls = PostgreSQLStatements, PostgreSQLTypes
    colspecs = psycopg.dialect.colspecs | {JSON.JSONStrIndexType: Key}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PostgreSQL)

    def __hash__(self) -> int:
        return hash(PostgreSQL)

    def on_connect(self) -> Any:
        """Sums of integers are integers; a text may have a NUL."""
        before = super().on_connect()

        def adapt(connection: Any) -> None:
            if before:
                before(connection)
            connection.adapters.register_loader("numeric", Number)
            connection.adapters.register_dumper(str, Text)

        from psycopg.types.numeric import NumericLoader
        from psycopg.types.string import StrDumper

        class Number(NumericLoader):
            def load(self, data: Any) -> Any:
                return number(bytes(data).decode())

        class Text(StrDumper):
            def dump(self, text: str) -> Any:
                return super().dump(text.replace("\0", NUL))

        return adapt


# --- MariaDB ----------------------------------------------------------------------------------------------------------


class MariaDBStatements(MySQLCompiler_mysqldb):
    def visit_insert(self, *args: Any, **options: Any) -> str:
        return str(super().visit_insert(*args, **options)).replace("INSERT OR IGNORE", "INSERT IGNORE")

    def visit_length_func(self, function: Any, **options: Any) -> str:
        """LENGTH counts bytes there."""
        return f"CHAR_LENGTH{self.function_argspec(function, **options)}"

    def visit_like_op_binary(self, binary: Any, operator: Any, **options: Any) -> str:
        """Big and small letters are alike."""
        copy = binary._clone()
        copy.left, copy.right = func.lower(binary.left), func.lower(binary.right)
        return str(super().visit_like_op_binary(copy, operator, **options))


class MariaDBTypes(mysql.base.MySQLTypeCompiler):
    def visit_integer(self, type_: Any, **options: Any) -> str:
        return "BIGINT"

    def visit_datetime(self, type_: Any, **options: Any) -> str:
        return "DATETIME(6)"

    def visit_float(self, type_: Any, **options: Any) -> str:
        """FLOAT keeps six digits."""
        return "DOUBLE"

    def visit_string(self, type_: Any, **options: Any) -> str:
        """Where nobody has said how long a text may be: a key must have a length, anything else may be of any."""
        column = options.get("type_expression")
        if type_.collation == NOCASE:
            return f"VARCHAR({type_.length}) COLLATE {CASELESS}"
        if type_.length or not isinstance(column, Column):
            return str(super().visit_string(type_, **options))
        return f"VARCHAR({KEY_LENGTH})" if is_key(column) else "MEDIUMTEXT"


class MariaDBTables(MySQLDDLCompiler):
    def visit_primary_key_constraint(self, constraint: Any, **kw: Any) -> str:
        """A key that is too long is known by its hash, which the table makes itself."""
        made = super().visit_primary_key_constraint(constraint, **kw)
        return made if key_bytes(constraint) <= LONGEST_KEY else self.hashed(constraint, "key_hash")

    def visit_unique_constraint(self, constraint: Any, **kw: Any) -> str:
        made = super().visit_unique_constraint(constraint, **kw)
        return str(made) if key_bytes(constraint) <= LONGEST_KEY else self.hashed(constraint, "unique_hash")

    def hashed(self, constraint: Any, name: str) -> str:
        """A column and a key of it."""
        names = ", ".join(self.preparer.quote(column.name) for column in constraint.columns)
        return f"{name} BINARY(32) AS (UNHEX(SHA2(CONCAT_WS(CHAR(0), {names}), 256))) PERSISTENT, UNIQUE ({name})"


def key_bytes(key: Any) -> int:
    """How long a key or an index may be."""
    texts = [column.type for column in key.columns if isinstance(column.type, String)]
    return sum(4 * (text.length or KEY_LENGTH) for text in texts)


def is_key(column: Column[Any]) -> bool:
    """Whether a column is a part of a key or an index."""
    keys = [key for key in column.table.constraints if isinstance(key, UniqueConstraint | ForeignKeyConstraint)]
    return column.primary_key or any(column.name in one.columns for one in [*keys, *column.table.indexes])


class MariaDB(pymysql.dialect):
    """MariaDB by PyMySQL. Any other is its equal, as with SQLite."""

    supports_statement_cache = True
    statement_compiler = MariaDBStatements
    type_compiler_cls, ddl_compiler = MariaDBTypes, MariaDBTables

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MariaDB)

    def __hash__(self) -> int:
        return hash(MariaDB)

    def create_connect_args(self, url: URL, _translate_args: dict[str, Any] | None = None) -> Any:
        """The sum of integers is a DECIMAL there."""
        from pymysql.constants import FIELD_TYPE
        from pymysql.converters import conversions

        known = conversions | {FIELD_TYPE.NEWDECIMAL: number, FIELD_TYPE.DECIMAL: number}
        args, given = super().create_connect_args(url, _translate_args)
        return args, {"conv": known, **given}

    def on_connect(self) -> Any:
        """What no column says of letters is as the columns are."""
        before = super().on_connect()

        def adapt(connection: Any) -> None:
            before(connection)
            with connection.cursor() as cursor:
                cursor.execute("SET NAMES utf8mb4 COLLATE utf8mb4_bin")  # as what lies in JSON

        return adapt


for backend, dialect in (("postgresql", PostgreSQL), ("mysql", MariaDB), ("mariadb", MariaDB)):
    registry.register(f"{backend}.served", __name__, dialect.__name__)
