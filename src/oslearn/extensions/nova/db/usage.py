"""Who used what, when.

Interface: `Usage`, a part of a process's queries.
Upstream: nova/db/main/api.py, `instance_get_active_by_window_joined`.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import select

from oslearn.core.nova import objects
from oslearn.core.nova.db.databases import Databases
from oslearn.core.nova.db.models import Instance, as_dict
from oslearn.extensions.nova.exception import MarkerNotFound
from oslearn.extensions.oslo.listing import paged


class Usage:
    """Instances by the time at which they ran."""

    def __init__(self, databases: Databases) -> None:
        self.handle = databases.cell

    def get(
        self, begin: datetime, end: datetime, project_id: str | None, limit: int, marker: str | None
    ) -> list[objects.Instance]:
        """Instances that ran at some time between, deleted or not, by project and uuid. Raises MarkerNotFound."""
        key = Instance.project_id, Instance.uuid
        ran = Instance.launched_at < end, Instance.terminated_at.is_(None) | (Instance.terminated_at > begin)
        query, at = select(Instance).where(*ran), None
        if project_id is not None:
            query = query.where(Instance.project_id == project_id)
        with self.handle.session() as session:
            if marker is not None:
                last = session.execute(select(*key).where(Instance.uuid == marker)).first()
                if last is None:
                    raise MarkerNotFound(marker=marker)
                at = tuple(last)
            query = paged(query, [(column, False) for column in key], at, limit)
            return [cast("objects.Instance", as_dict(row)) for row in session.scalars(query)]
