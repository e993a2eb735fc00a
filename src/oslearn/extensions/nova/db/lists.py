"""Lists of instances, filtered, sorted and paged in SQL; and those that ran at some time.

Interface: `ServerLists`, a part of a process's queries.
Invariants: a page costs a fixed number of queries, however many instances there are; a marker may be deleted since.
Upstream: nova/db/main/api.py, `instance_get_all_by_filters_sort`, `instance_get_active_by_window_joined`;
nova/compute/multi_cell_list.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from typing import cast as typed

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from oslearn.core.nova import objects
from oslearn.core.nova.db.cells import Databases
from oslearn.core.nova.db.models import BuildRequest, Instance, as_dict
from oslearn.core.oslo.db import Handle
from oslearn.extensions.nova.db.models import Tag
from oslearn.extensions.nova.exception import MarkerNotFound
from oslearn.extensions.oslo.listing import paged
from oslearn.extensions.oslo.timeutils import compare

EXACT = {"project_id", "user_id", "image_ref", "vm_state", "uuid", "host", "task_state"}
"""Filters that match whole values; the others are regular expressions."""
Row = Instance | BuildRequest


class ServerLists:
    """Instances of all cells and build requests."""

    def __init__(self, databases: Databases) -> None:
        self.databases = databases

    def page(
        self, filters: dict[str, Any], sort: Sequence[tuple[str, str]], limit: int | None, marker: str | None = None
    ) -> list[objects.Instance]:
        """A page of instances behind `marker`, of all cells and of build requests. Raises MarkerNotFound."""
        order = [*sort, ("created_at", "desc"), ("uuid", "desc")]
        # Requests before cells: one that becomes a row in between is found twice, and not missed.
        places: list[tuple[Handle, Any]] = [(handle, Instance) for handle in self.databases.cells.values()]
        if self.databases.several and not any("tags" in name for name in filters):
            places.insert(0, (self.databases.api, BuildRequest))
        last = self._marker(marker, filters.get("project_id"), order, places) if marker is not None else None
        found: list[tuple[Row, list[Any]]] = []
        for handle, table in places:
            keys = [_column(table, key) for key, _ in order]
            match = and_(true(), *_conditions(table, filters))
            ways = [(key, way == "desc") for key, (_, way) in zip(keys, order, strict=True)]
            query = paged(select(table, *keys).where(match), ways, last, limit)
            with handle.session() as session:
                found += [(row[0], list(row[1:])) for row in session.execute(query)]
        if len(places) > 1:
            found = list({row.uuid: (row, keys) for row, keys in found}.values())
            for n, (_, way) in reversed(list(enumerate(order))):
                found.sort(key=lambda one: (one[1][n] is not None, one[1][n]), reverse=way == "desc")
        return [typed("objects.Instance", as_dict(row)) for row, _ in found[:limit]]

    def ran(
        self, begin: datetime, end: datetime, project_id: str | None, limit: int, marker: str | None
    ) -> list[objects.Instance]:
        """Instances that ran at some time between, deleted or not, by project and uuid. Raises MarkerNotFound."""
        key = Instance.project_id, Instance.uuid
        ran = Instance.launched_at < end, Instance.terminated_at.is_(None) | (Instance.terminated_at > begin)
        query, at = select(Instance).where(*ran), None
        if project_id is not None:
            query = query.where(Instance.project_id == project_id)
        with self.databases.cell.session() as session:
            if marker is not None:
                last = session.execute(select(*key).where(Instance.uuid == marker)).first()
                if last is None:
                    raise MarkerNotFound(marker=marker)
                at = tuple(last)
            query = paged(query, [(column, False) for column in key], at, limit)
            return [typed("objects.Instance", as_dict(row)) for row in session.scalars(query)]

    def _marker(self, uuid: str, project_id: str | None, order: Sequence[tuple[str, str]], places: Any) -> list[Any]:
        """What the marker's row is sorted by. Raises MarkerNotFound."""
        for handle, table in places:
            query = select(*(_column(table, key) for key, _ in order)).where(table.uuid == uuid)
            if project_id is not None:
                query = query.where(table.project_id == project_id)
            with handle.session() as session:
                row = session.execute(query).first()
            if row is not None:
                return list(row)
        raise MarkerNotFound(marker=uuid)


def _column(table: Any, key: str) -> Any:
    """What to sort by; a few keys are not the name of a column."""
    if key == "instance_type_id":
        return table.flavor["id"].as_integer()
    return table.locked_by.is_not(None) if key == "locked" else getattr(table, key)


def _conditions(table: Any, filters: dict[str, Any]) -> list[ColumnElement[bool]]:
    """SQL for what is asked; a name that is no column asks for nothing."""
    found = []
    for name, value in filters.items():
        column: Any = getattr(table, name, None)
        if name in SPECIAL:
            found.append(SPECIAL[name](table, value))
        elif name in EXACT:
            found.append(column.in_(value) if isinstance(value, list) else column == value)
        elif isinstance(column, InstrumentedAttribute):
            found.append(cast(column, String).regexp_match(value))
    return found


def _tagged(table: Any, tags: list[str]) -> ColumnElement[bool]:
    """Has every one of the tags."""
    has = select(Tag.resource_id).where(Tag.tag.in_(tags)).group_by(Tag.resource_id)
    all_of_them: ColumnElement[bool] = table.uuid.in_(has.having(func.count() == len(set(tags))))
    return all_of_them


def _tagged_any(table: Any, tags: list[str]) -> ColumnElement[bool]:
    """Has one of the tags."""
    one_of_them: ColumnElement[bool] = table.uuid.in_(select(Tag.resource_id).where(Tag.tag.in_(tags)))
    return one_of_them


def _deleted(table: Any, wanted: bool) -> ColumnElement[bool]:
    """Gone, or waiting to be; or neither."""
    gone = or_(table.deleted, table.vm_state == "soft-delete")
    return gone if wanted else ~gone


SPECIAL: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "deleted": _deleted,
    "locked": lambda table, wanted: table.locked_by.is_not(None) if wanted else table.locked_by.is_(None),
    "flavor": lambda table, flavor_id: table.flavor["flavorid"].as_string() == flavor_id,
    "changes-since": lambda table, moment: compare(table.updated_at, "ge", moment),
    "changes-before": lambda table, moment: compare(table.updated_at, "le", moment),
    "tags": _tagged,
    "tags-any": _tagged_any,
    "not-tags": lambda table, tags: ~_tagged(table, tags),
    "not-tags-any": lambda table, tags: ~_tagged_any(table, tags),
}
"""Filters that are neither a value nor a pattern of one column."""
