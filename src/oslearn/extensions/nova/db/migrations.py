"""Instances on their way from one host to another.

Interface: `Migrations`, a part of a process's queries.
Upstream: nova/objects/migration.py; nova/db/main/api.py, `migration_*`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import select, update

from oslearn.core.nova import objects
from oslearn.core.nova.db.databases import Databases
from oslearn.core.nova.db.models import Instance, as_dict
from oslearn.core.oslo.context import RequestContext
from oslearn.extensions.nova import objects as more_objects
from oslearn.extensions.nova.db.models import Migration
from oslearn.extensions.nova.exception import MarkerNotFound
from oslearn.extensions.oslo.listing import paged


class Migrations:
    """Rows of cell 1, which has the hosts."""

    def __init__(self, databases: Databases) -> None:
        self.databases, self.handle, self.clock = databases, databases.cell, databases.clock

    def create(self, context: RequestContext, values: objects.Values) -> more_objects.Migration:
        """An instance starts to move."""
        own = {"user_id": context.user_id, "project_id": context.project_id, "created_at": self.clock.now()}
        row = Migration(uuid=self.databases.ids.uuid(), **own, **values)
        with self.handle.session() as session:
            session.add(row)
        return cast("more_objects.Migration", as_dict(row))

    def update(self, uuid: str, values: objects.Values) -> None:
        """How far it is."""
        changed = values | {"updated_at": self.clock.now()}
        with self.handle.session() as session:
            session.execute(update(Migration).where(Migration.uuid == uuid).values(changed))

    def of_instance(self, uuid: str, *statuses: str) -> list[more_objects.Migration]:
        """The moves of an instance, newest first; only those in one of the states, if given."""
        query = select(Migration).where(Migration.instance_uuid == uuid).order_by(Migration.id.desc())
        if statuses:
            query = query.where(Migration.status.in_(statuses))
        with self.handle.session() as session:
            return [cast("more_objects.Migration", as_dict(row)) for row in session.scalars(query)]

    def evacuated_from(self, host: str) -> list[more_objects.Migration]:
        """The moves of instances that were built anew elsewhere while this host was down."""
        here = Migration.source_compute == host, Migration.migration_type == "evacuation", Migration.status == "done"
        with self.handle.session() as session:
            return [
                cast("more_objects.Migration", as_dict(row)) for row in session.scalars(select(Migration).where(*here))
            ]

    def page(self, where: Sequence[Any], limit: int | None, marker: str | None) -> list[more_objects.Migration]:
        """Migrations of instances that are there, newest first or (without a limit) oldest. Raises MarkerNotFound."""
        there = select(Instance.uuid).where(~Instance.deleted)
        query, last = select(Migration).where(*where, Migration.instance_uuid.in_(there)), None
        with self.handle.session() as session:
            if marker is not None:
                last = session.scalars(select(Migration.id).where(Migration.uuid == marker)).first()
                if last is None:
                    raise MarkerNotFound(marker=marker)
            query = paged(query, [(Migration.id, limit is not None)], None if last is None else [last], limit)
            return [cast("more_objects.Migration", as_dict(row)) for row in session.scalars(query)]
