"""What a process that ended in the middle may have left: asked for when Nova starts, and from time to time.

Interface: `Remains`, a part of a process's queries.
Invariants: nothing here is asked while a request is served.
Upstream: what nova/compute/manager.py's `init_host` and periodic tasks ask; `nova-manage placement audit`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, cast

from sqlalchemy import delete, or_, select

from oslearn.core.nova import objects
from oslearn.core.nova.db.databases import Databases
from oslearn.core.nova.db.models import BuildRequest, Instance, InstanceMapping, RequestSpec, VirtualInterface, as_dict
from oslearn.extensions.nova import objects as more_objects
from oslearn.extensions.nova.db.models import InstanceGroupMember, Migration

ENDED = ("finished", "confirmed", "reverted", "completed", "done", "error", "failed", "cancelled")
"""How a migration may rest. One that is finished rests only while its instance waits for the user's word."""


class Remains:
    """What is left in the API database and in every cell."""

    def __init__(self, databases: Databases) -> None:
        self.api, self.handle, self.cells = databases.api, databases.cell, databases.cells

    def build_requests(self) -> list[objects.BuildRequest]:
        """Every instance that is asked for and in no cell yet."""
        with self.api.session() as session:
            rows = session.scalars(select(BuildRequest).order_by(BuildRequest.id))
            return [cast("objects.BuildRequest", as_dict(row)) for row in rows]

    def instances(self, *where: Any) -> list[objects.Instance]:
        """Instances that are there, of every cell."""
        query = select(Instance).where(~Instance.deleted, *where).order_by(Instance.id)
        found: list[objects.Instance] = []
        for cell in self.cells.values():
            with cell.session() as session:
                found += [cast("objects.Instance", as_dict(row)) for row in session.scalars(query)]
        return found

    def busy(self) -> list[objects.Instance]:
        """Those that are being built, or that something is being done with."""
        return self.instances(or_(Instance.task_state.is_not(None), Instance.vm_state.in_(("building", "deleted"))))

    def migrations(self) -> list[more_objects.Migration]:
        """The moves that have not come to rest, and those that wait for a word."""
        query = select(Migration).where(or_(Migration.status.not_in(ENDED), Migration.status == "finished"))
        with self.handle.session() as session:
            return [
                cast("more_objects.Migration", as_dict(row)) for row in session.scalars(query.order_by(Migration.id))
            ]

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
