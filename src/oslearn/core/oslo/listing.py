"""Of a list what its query asks for: the rows that a filter lets pass, and the fields of each.

Interface: `equals(column, text)` is a filter, `whole(text)` a number; `chosen(shown, names)` are the fields. Order and
pages, which no boot asks for, are `oslearn.extensions.oslo.listing`'s.
Upstream: each API's `index`; what it refuses it says in words of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Integer, and_, false
from sqlalchemy.orm import InstrumentedAttribute

from oslearn.core.oslo.context import Body
from oslearn.core.oslo.strutils import bool_from_string

Column = InstrumentedAttribute[Any] | ColumnElement[Any]


def equals(column: Column, *texts: str) -> ColumnElement[bool]:
    """The filter `?column=text`, or one of several texts, as the column's type reads them; a word that is no number
    equals none."""
    if isinstance(column.type, Boolean):
        values: list[object] = [bool_from_string(text) for text in texts]
    elif isinstance(column.type, Integer):
        values = [number for number in map(whole, texts) if number is not None]
    else:
        values = list(texts)
    return and_(column == values[0]) if len(values) == 1 else column.in_(values) if values else false()


def whole(text: str) -> int | None:
    """A whole number of at most 18 digits, which every database can hold; None for what is none."""
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else None


def chosen(shown: Body, names: Collection[str]) -> Body:
    """Of what a reply would show, what `fields=` names; all if it names nothing."""
    return {name: value for name, value in shown.items() if name in names} if names else shown
