"""Lists, as far as they are alike in every API: their order and their pages.

Interface: `Order`; `paged(statement, order, at, limit)` cuts a page behind a marker; `link(req, marker)` leads
to the next page; `equals(column, text)` is a filter.
Invariants: an order that ends with a unique column makes pages that neither overlap nor miss a row, also when rows come
and go in between; the database sorts and cuts. Null is the least, as in SQLite and MariaDB.
Upstream: oslo_db/sqlalchemy/utils.py (`paginate_query`); each API has words of its own for what it refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, and_, false, or_

from oslearn.core.oslo.http import Request
from oslearn.core.oslo.strutils import Column, meant

Statement = TypeVar("Statement", bound=Select[Any])

Order = Sequence[tuple[Column, bool]]
"""Columns, and whether each descends."""


def paged(
    statement: Statement, order: Order, at: Sequence[object] | None, limit: int | None, offset: int | None = None
) -> Statement:
    """A page: the rows behind the one that has the values `at` in the columns of the order."""
    if at is not None:
        statement = statement.where(behind(order, at))
    by = [column.desc() if descends else column.asc() for column, descends in order]
    return statement.order_by(*by).limit(limit).offset(offset)


def behind(order: Order, at: Sequence[object]) -> ColumnElement[bool]:
    """What comes after a row with these values: beyond it in one column, level with it in those before."""
    found: list[ColumnElement[bool]] = []
    level: list[ColumnElement[bool]] = []
    for (column, descends), value in zip(order, at, strict=True):
        if value is not None:
            beyond = or_(column < value, column.is_(None)) if descends else column > value
            found.append(and_(*level, beyond))
        elif not descends:
            found.append(and_(*level, column.is_not(None)))
        level.append(column.is_(None) if value is None else column == value)
    return or_(false(), *found)


def equals(column: Column, text: str) -> ColumnElement[bool]:
    """The filter `?column=text`, as the column's type reads it."""
    values = meant(column, text)
    return and_(column == values[0]) if values else false()


def link(req: Request, marker: str | None, path: str | None = None, **changed: str | None) -> str:
    """Where the page behind `marker` is: this request with another marker. `path` replaces the request's own, None in
    `changed` takes a parameter away."""
    query = {name: value for name, value in req.params.items() if name not in ("marker", *changed)}
    query |= {name: value for name, value in changed.items() if value is not None}
    query |= {} if marker is None else {"marker": marker}
    return f"{req.prefix}{path or req.path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
