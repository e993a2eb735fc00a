"""Instances on their way from one host to another; and what a process that ended in the middle may have left.

Interface: `Migrations` and `Remains`, parts of a process's queries.
Invariants: remains are asked for when Nova starts and from time to time, and never while a request is served.
Upstream: nova/objects/migration.py; nova/db/main/api.py, `migration_*`; what nova/compute/manager.py's `init_host` and
periodic tasks ask; `nova-manage placement audit`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, cast

from sqlalchemy import delete, or_, select, update

from oslearn.core.nova import objects
from oslearn.core.nova.db.cells import Databases
from oslearn.core.nova.db.models import BuildRequest, Instance, InstanceMapping, RequestSpec, VirtualInterface, as_dict
from oslearn.core.oslo.context import RequestContext
from oslearn.extensions.nova import objects as more_objects
from oslearn.extensions.nova.db.models import InstanceGroupMember, Migration, read
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
        return read(self.handle, query)

    def evacuated_from(self, host: str) -> list[more_objects.Migration]:
        """The moves of instances that were built anew elsewhere while this host was down."""
        here = Migration.source_compute == host, Migration.migration_type == "evacuation", Migration.status == "done"
        return read(self.handle, select(Migration).where(*here))

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


ENDED = ("finished", "confirmed", "reverted", "completed", "done", "error", "failed", "cancelled")
"""How a migration may rest. One that is finished rests only while its instance waits for the user's word."""


class Remains:
    """What is left in the API database and in every cell."""

    def __init__(self, databases: Databases) -> None:
        self.api, self.handle, self.cells = databases.api, databases.cell, databases.cells

    def build_requests(self) -> list[objects.BuildRequest]:
        """Every instance that is asked for and in no cell yet."""
        return read(self.api, select(BuildRequest).order_by(BuildRequest.id))

    def instances(self, *where: Any) -> list[objects.Instance]:
        """Instances that are there, of every cell."""
        query = select(Instance).where(~Instance.deleted, *where).order_by(Instance.id)
        return [instance for cell in self.cells.values() for instance in read(cell, query)]

    def busy(self) -> list[objects.Instance]:
        """Those that are being built, or that something is being done with."""
        return self.instances(or_(Instance.task_state.is_not(None), Instance.vm_state.in_(("building", "deleted"))))

    def migrations(self) -> list[more_objects.Migration]:
        """The moves that have not come to rest, and those that wait for a word."""
        query = select(Migration).where(or_(Migration.status.not_in(ENDED), Migration.status == "finished"))
        return read(self.handle, query.order_by(Migration.id))

    def known(self, uuids: Iterable[str]) -> set[str]:
        """Those of the ids that are, or were, an instance's or a migration's."""
        wanted = sorted(set(uuids))
        queries = [(self.api, InstanceMapping.instance_uuid), (self.handle, Migration.uuid)]
        queries += [(cell, Instance.uuid) for cell in self.cells.values()]
        found: set[str] = set()
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            for handle, column in queries:
                with handle.session() as session:
                    found |= set(session.scalars(select(column).where(column.in_(part))))
        return found

    def request_specs(self) -> list[str]:
        """Whose specs are kept."""
        with self.api.session() as session:
            return list(session.scalars(select(RequestSpec.instance_uuid)))

    def forget_all_but(self, live: Collection[str]) -> None:
        """Forget what is written down about instances that are not there: neither in a cell nor asked for."""
        mapped = InstanceMapping.cell_id.is_(None)
        for handle, column, where in (
            (self.api, RequestSpec.instance_uuid, RequestSpec.instance_uuid.is_not(None)),
            (self.api, InstanceGroupMember.instance_uuid, InstanceGroupMember.instance_uuid.is_not(None)),
            (self.api, InstanceMapping.instance_uuid, mapped),
            (self.handle, VirtualInterface.instance_uuid, VirtualInterface.instance_uuid.is_not(None)),
        ):
            with handle.session() as session:
                gone = sorted(set(session.scalars(select(column).where(where))) - set(live))
                for start in range(0, len(gone), 500):
                    session.execute(delete(column.class_).where(column.in_(gone[start : start + 500]), where))
