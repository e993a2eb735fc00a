"""Moments that a client asks for, compared with those that a database keeps.

Interface: `compare(column, operator, moment)`.
Upstream: oslo_utils/timeutils.py; the databases of real clouds keep whole seconds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, not_
from sqlalchemy.orm import InstrumentedAttribute

SECOND = timedelta(seconds=1)
LAST = datetime.fromisoformat("9999-12-31T23:59:58")


def compare(column: InstrumentedAttribute[Any], operator: str, moment: datetime) -> ColumnElement[bool]:
    """A column's time, without what is behind its second, compared with a moment: `eq`, `ne`, `ge`, `gt`, `le`, `lt`.

    Upstream's databases keep whole seconds: what happened in a second is found by that second.
    """
    moment = min(moment, LAST)
    this = moment.replace(microsecond=0)
    following, least = this + SECOND, this if this == moment else this + SECOND
    found: dict[str, ColumnElement[bool]] = {
        "ge": column >= least,
        "gt": column >= following,
        "le": column < following,
        "lt": column < least,
        "eq": and_(column >= least, column < following),
    }
    return not_(found["eq"]) if operator == "ne" else found[operator]
