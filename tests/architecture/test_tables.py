"""What the tables must be so that a seeded cloud does the same twice."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import DeclarativeBase
from tests.flows.everything import Everything

import oslearn

QUERIES_OF_ITS_OWN = {"selectin", "subquery", "immediate"}


def below(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


for module in pkgutil.walk_packages(oslearn.__path__, "oslearn."):
    if not module.name.endswith("__main__"):
        import_module(module.name)
TABLES = [kind for kind in below(DeclarativeBase) if hasattr(kind, "__tablename__")]


def test_tables_are_found() -> None:
    assert len(TABLES) > 60


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: f"{kind.__module__.split('.')[2]}.{kind.__name__}")
def test_one_thing_at_most_is_loaded_with_a_row_by_a_query_of_its_own(kind: type[DeclarativeBase]) -> None:
    """SQLAlchemy sends those of several in the order of a set."""
    loaded = [one.key for one in kind.__mapper__.relationships if one.lazy in QUERIES_OF_ITS_OWN]
    assert len(loaded) <= 1, loaded


def test_what_changes_rows_returns_one_column_at_most() -> None:
    """SQLAlchemy asks for the keys of rows that it changes in the order of a set, unless it is told not to look."""
    seen: list[str] = []

    def before(connection: object, cursor: object, sql: str, *rest: object) -> None:
        if "RETURNING" in sql and not sql.startswith("INSERT"):
            seen.append(sql.partition("RETURNING")[2])

    event.listen(Engine, "before_cursor_execute", before)
    try:
        made = Everything.make()
        demo, admin = made.users["member"], made.users["admin"]
        for server in demo.compute.get("/servers").json()["servers"]:
            demo.compute.delete(f"/servers/{server['id']}")
        for router in demo.network.get("/routers").json()["routers"]:
            demo.network.delete(f"/routers/{router['id']}", raise_exc=False)
        admin.identity.delete(f"/projects/{demo.project_id}")
    finally:
        event.remove(Engine, "before_cursor_execute", before)
    assert [columns for columns in seen if "," in columns] == []
