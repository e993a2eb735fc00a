"""What a client's words mean: a truth value, a number, what a column is to equal.

Interface: `bool_from_string(subject)`; `whole(text)`; `meant(column, *texts)`, what a filter of a list compares with.
Order and pages, which no boot asks for, are `oslearn.extensions.oslo.listing`'s.
Upstream: oslo_utils/strutils.py; what an API refuses it says in words of its own.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Integer
from sqlalchemy.orm import InstrumentedAttribute

Column = InstrumentedAttribute[Any] | ColumnElement[Any]
TRUE = ("1", "t", "true", "on", "y", "yes")


def bool_from_string(subject: object) -> bool:
    """Whether a word of a client means yes.

    >>> bool_from_string(" Yes "), bool_from_string(0)
    (True, False)
    """
    return str(subject).strip().lower() in TRUE


def meant(column: Column, *texts: str) -> list[object]:
    """Words as the column's type reads them; one that is no number means none."""
    if isinstance(column.type, Boolean):
        return [bool_from_string(text) for text in texts]
    if isinstance(column.type, Integer):
        return [number for number in map(whole, texts) if number is not None]
    return list(texts)


def whole(text: str) -> int | None:
    """A whole number of at most 18 digits, which every database can hold; None for what is none."""
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else None
