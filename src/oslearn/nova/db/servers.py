"""Lists of instances, filtered, sorted and paged in SQL; and what belongs to the instances of a page.

Interface: `ServerQueries`, a part of `NovaDB`.
Invariants: a page costs a fixed number of queries, however many instances there are; a marker may be deleted since.
Upstream: nova/db/main/api.py, `instance_get_all_by_filters_sort`. Left out: cells to gather from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from oslearn.nova.db.models import BlockDeviceMapping, Instance, InstanceFault, Tag, as_dict
from oslearn.nova.exception import MarkerNotFound
from oslearn.oslo.db import Handle

EXACT = {"project_id", "user_id", "image_ref", "vm_state", "uuid", "host", "task_state"}
"""Filters that match whole values; the others are regular expressions."""


class ServerQueries:
    """Queries over the cell's database."""

    handle: Handle

    def instance_get_all_by_filters(
        self, filters: dict[str, Any], sort: Sequence[tuple[str, str]], limit: int | None, marker: str | None = None
    ) -> list[dict[str, Any]]:
        """A page of instances behind `marker`. Raises MarkerNotFound."""
        order = [_column(key).asc() if way == "asc" else _column(key).desc() for key, way in (*sort, ("id", "desc"))]
        match = and_(true(), *_conditions(filters))
        query = select(Instance).where(match).order_by(*order).limit(limit)
        with self.handle.session() as session:
            if marker is not None:
                known = session.scalar(select(Instance.id).where(Instance.uuid == marker))
                if known is None:
                    raise MarkerNotFound(marker=marker)
                place = func.row_number().over(order_by=order).label("place")
                places = select(Instance.id, place).where(or_(match, Instance.id == known)).subquery()
                last = select(places.c.place).where(places.c.id == known).scalar_subquery()
                query = query.join(places, places.c.id == Instance.id).where(places.c.place > last)
            return [as_dict(row) for row in session.scalars(query)]

    def tags_get(self, uuids: Sequence[str]) -> dict[str, list[str]]:
        """The tags of each instance that has some, in order."""
        query = select(Tag.resource_id, Tag.tag).where(Tag.resource_id.in_(uuids)).order_by(Tag.tag)
        found: dict[str, list[str]] = {}
        with self.handle.session() as session:
            for uuid, tag in session.execute(query):
                found.setdefault(uuid, []).append(tag)
        return found

    def tags_set(self, uuid: str, tags: Sequence[str]) -> None:
        """Replace an instance's tags."""
        with self.handle.session() as session:
            for row in session.scalars(select(Tag).where(Tag.resource_id == uuid)):
                session.delete(row)
            session.flush()
            session.add_all(Tag(resource_id=uuid, tag=tag) for tag in dict.fromkeys(tags))

    def instance_faults_get(self, uuids: Sequence[str]) -> dict[str, InstanceFault]:
        """The newest fault of each instance that has one."""
        query = select(InstanceFault).where(InstanceFault.instance_uuid.in_(uuids)).order_by(InstanceFault.id)
        with self.handle.session() as session:
            return {fault.instance_uuid: fault for fault in session.scalars(query)}

    def block_device_mappings_get(self, uuids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """The block devices of each instance that has some."""
        query = select(BlockDeviceMapping).where(BlockDeviceMapping.instance_uuid.in_(uuids))
        found: dict[str, list[dict[str, Any]]] = {}
        with self.handle.session() as session:
            for row in session.scalars(query.order_by(BlockDeviceMapping.id)):
                found.setdefault(row.instance_uuid, []).append(as_dict(row))
        return found


def _column(key: str) -> Any:
    """What to sort by; a few keys are not the name of a column."""
    if key == "instance_type_id":
        return Instance.flavor["id"].as_integer()
    return Instance.locked_by.is_not(None) if key == "locked" else getattr(Instance, key)


def _conditions(filters: dict[str, Any]) -> list[ColumnElement[bool]]:
    """SQL for what is asked; a name that is no column asks for nothing."""
    found = []
    for name, value in filters.items():
        column: Any = getattr(Instance, name, None)
        if name in SPECIAL:
            found.append(SPECIAL[name](value))
        elif name in EXACT:
            found.append(column.in_(value) if isinstance(value, list) else column == value)
        elif isinstance(column, InstrumentedAttribute):
            found.append(cast(column, String).regexp_match(value))
    return found


def _tagged(tags: list[str]) -> ColumnElement[bool]:
    """Has every one of the tags."""
    has = select(Tag.resource_id).where(Tag.tag.in_(tags)).group_by(Tag.resource_id)
    return Instance.uuid.in_(has.having(func.count() == len(set(tags))))


def _tagged_any(tags: list[str]) -> ColumnElement[bool]:
    """Has one of the tags."""
    return Instance.uuid.in_(select(Tag.resource_id).where(Tag.tag.in_(tags)))


def _deleted(wanted: bool) -> ColumnElement[bool]:
    """Gone, or waiting to be; or neither."""
    gone = or_(Instance.deleted, Instance.vm_state == "soft-delete")
    return gone if wanted else ~gone


SPECIAL: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "deleted": _deleted,
    "locked": lambda wanted: Instance.locked_by.is_not(None) if wanted else Instance.locked_by.is_(None),
    "flavor": lambda flavor_id: Instance.flavor["flavorid"].as_string() == flavor_id,
    "changes-since": lambda moment: Instance.updated_at >= moment,
    "changes-before": lambda moment: Instance.updated_at <= moment,
    "tags": _tagged,
    "tags-any": _tagged_any,
    "not-tags": lambda tags: ~_tagged(tags),
    "not-tags-any": lambda tags: ~_tagged_any(tags),
}
"""Filters that are neither a value nor a pattern of one column."""
