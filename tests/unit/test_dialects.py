"""What is kept and found is the same in each database that a cloud may have: `make test DATABASE=postgresql`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import JSON, ForeignKey, ForeignKeyConstraint, String, func, insert, select, update
from sqlalchemy.dialects import registry
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import CreateIndex, CreateTable

from oslearn.apart.sync import TABLES
from oslearn.core.config import Config
from oslearn.core.oslo.db import Handle
from oslearn.extensions.oslo.database import open_database
from oslearn.extensions.oslo.dialects import LONGEST_KEY, NUL, key_bytes
from oslearn.extensions.oslo.listing import paged

ALL = {(name.partition("_")[0], table.name): table
       for name, bases in TABLES.items() for base in bases for table in base.metadata.sorted_tables}  # fmt: skip
LONGEST_NAME = 63
"""Letters of a name in PostgreSQL."""


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    word: Mapped[str | None] = mapped_column(String(255, collation="NOCASE"), unique=True)
    text: Mapped[str | None]
    size: Mapped[int | None]
    ratio: Mapped[float | None]
    on: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime | None]
    body: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Part(Base):
    __tablename__ = "parts"
    path: Mapped[str] = mapped_column(String(600), primary_key=True)
    name: Mapped[str] = mapped_column(String(600), primary_key=True)
    thing: Mapped[int | None] = mapped_column(ForeignKey("things.id"))


@pytest.fixture
def handle() -> Handle:
    return open_database("keystone", Config()).create(Base).handle("test")


def made(dialect: str, table: Any) -> str:
    """The statements that make a table."""
    own = registry.load(f"{dialect}.served")()
    made: list[Any] = [CreateTable(table), *(CreateIndex(index) for index in table.indexes)]
    return "\n".join(str(one.compile(dialect=own)) for one in made)


@pytest.mark.parametrize("table", ALL.values(), ids=[".".join(key) for key in ALL])
def test_each_table_can_be_made_anywhere(table: Any) -> None:
    assert re.findall(r"VARCHAR(?!\()|\bINTEGER\b|DATETIME(?!\()|\bFLOAT\b", made("mariadb", table)) == []
    assert re.findall(r"\bINTEGER\b", made("postgresql", table)) == []
    names = [table.name, *(column.name for column in table.columns), *(str(index.name) for index in table.indexes)]
    assert [name for name in names if len(name) > LONGEST_NAME] == []
    keys = [key for key in table.constraints if isinstance(key, ForeignKeyConstraint)]
    assert [key for key in (*keys, *table.indexes) if key_bytes(key) > LONGEST_KEY] == []


def test_a_key_that_is_too_long_is_one_all_the_same(handle: Handle) -> None:
    assert "key_hash" in made("mariadb", Part.__table__)
    rows = [("a" * 600, "b" * 600), ("a" * 600, "b" * 599 + "B"), ("a", "b"), ("a", "b ")]
    for path, name in rows:
        handle.write(insert(Part), {"path": path, "name": name})
    with pytest.raises(IntegrityError):
        handle.write(insert(Part), {"path": "a" * 600, "name": "b" * 600})
    assert len(handle.rows(select(Part), {})) == len(rows)


VALUES = [
    {"text": "x" * 100_000}, {"text": "Ä é \U0001f600 '\" \\ % _ \n"}, {"text": "end "}, {"size": 2**53}, {"size": -1},
    {"ratio": 1.1}, {"ratio": 1234567.891}, {"on": True}, {"at": datetime(2026, 11, 30, 14, 2, 3, 123456)},  # noqa: DTZ001
    {"body": {"é": ["\U0001f600", "\0", None, 1.5, {"a": False}]}},
]  # fmt: skip


@pytest.mark.parametrize("values", VALUES, ids=lambda values: next(iter(values)))
def test_what_is_kept_comes_back(handle: Handle, values: dict[str, Any]) -> None:
    handle.write(insert(Thing), {"id": 1, "name": "a", **values})
    with handle.session() as session:
        row = session.get(Thing, 1)
        assert {name: getattr(row, name) for name in values} == values


def test_a_text_with_a_nul_finds_nothing_and_is_kept(handle: Handle) -> None:
    assert handle.rows(select(Thing.id).where(Thing.name == "a\0"), {}) == []
    handle.write(insert(Thing), {"id": 1, "name": "a", "text": "b\0c"})
    assert handle.rows(select(Thing.text), {})[0][0].replace("\0", NUL) == f"b{NUL}c"


NAMES = ["B", "a", "b", "ä", "a ", "_", "é", "z", "A"]


@pytest.fixture
def things(handle: Handle) -> Handle:
    for number, name in enumerate(NAMES, 1):
        size = None if number % 3 == 0 else number
        handle.write(insert(Thing), {"id": number, "name": name, "size": size, "body": {name: "x", "n": {"m": "y"}}})
    return handle


def found(handle: Handle, *where: Any) -> list[str]:
    return [row.name for row in handle.rows(select(Thing.name).where(*where).order_by(Thing.id), {})]


def test_letters_are_told_apart_and_in_the_order_of_their_numbers(things: Handle) -> None:
    assert [row.name for row in things.rows(select(Thing.name).order_by(Thing.name), {})] == sorted(NAMES)
    assert [found(things, Thing.name == name) for name in NAMES] == [[name] for name in NAMES]
    assert found(things, Thing.name > "b") == ["ä", "é", "z"]


def test_a_part_of_a_name_is_found_in_big_and_small(things: Handle) -> None:
    assert found(things, Thing.name.contains("B", autoescape=True)) == ["B", "b"]
    assert found(things, Thing.name.startswith("a", autoescape=True)) == ["a", "a ", "A"]
    assert found(things, Thing.name.contains("_", autoescape=True)) == ["_"]


def test_a_word_that_is_the_same_in_big_and_small_is_one_key(things: Handle) -> None:
    things.write(insert(Thing), {"id": 20, "name": "new", "word": "Demo"})
    assert found(things, Thing.word == "dEMO") == ["new"]
    with pytest.raises(IntegrityError):
        things.write(insert(Thing), {"id": 21, "name": "newer", "word": "DEMO"})


@pytest.mark.parametrize("descends", [False, True])
def test_nothing_comes_before_everything(things: Handle, descends: bool) -> None:
    sizes = [None if number % 3 == 0 else number for number in range(1, len(NAMES) + 1)]
    wanted = sorted(sizes, key=lambda size: (size is not None, size or 0), reverse=descends)
    order = [(Thing.size, descends), (Thing.id, False)]
    assert [row.size for row in things.rows(paged(select(Thing.size), order, None, None), {})] == wanted
    plain = select(Thing.size).order_by(Thing.size.desc() if descends else Thing.size)
    assert [row.size for row in things.rows(plain, {})] == wanted


def test_sums_and_places_are_numbers(things: Handle) -> None:
    (row,) = things.rows(select(func.sum(Thing.size), func.count(), func.coalesce(func.sum(Thing.size), 0)), {})
    assert [*row] == [1 + 2 + 4 + 5 + 7 + 8, 9, 27]
    assert [type(value) for value in row] == [int] * 3
    (row,) = things.rows(select(func.length(Thing.name), func.instr(Thing.name, " "), func.substr(Thing.name, 2))
                         .where(Thing.name == "a "), {})  # fmt: skip
    assert [*row] == [2, 2, " "]
    (row,) = things.rows(select(func.length(Thing.name)).where(Thing.name == "é"), {})
    assert row[0] == 1
    assert things.rows(select(Thing.id).where(Thing.size < 10**17, Thing.size % 5 == 0), {}) == [(5,)]


def test_what_lies_in_json_is_found(things: Handle) -> None:
    assert found(things, Thing.body["B"].as_string() == "x") == ["B"]
    assert found(things, Thing.body["\\u00e9"].as_string() == "x") == ["é"]
    assert found(things, Thing.body["none"].as_string() == "x") == []


def test_two_who_insert_what_is_there_already_insert_nothing(things: Handle) -> None:
    things.write(insert(Thing).prefix_with("OR IGNORE"), {"id": 2, "name": "other"})
    assert found(things, Thing.id == 2) == ["a"]


def test_a_change_tells_how_many_rows_it_found(things: Handle) -> None:
    """Also if they are as they were: a generation is compared by it."""
    same = update(Thing).where(Thing.id == 2).values(name="a")
    assert [things.write(same), things.write(same)] == [1, 1]


def test_a_unique_key_may_be_nothing_more_than_once(things: Handle) -> None:
    assert len(found(things, Thing.word.is_(None))) == len(NAMES)
