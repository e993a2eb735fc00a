"""trove-taskmanager: database servers and backups whose task was lost, after a start and from time to time.

Interface: `Cleanup`: `init_host` and `periodic_tasks`.
Invariants: what no message is about comes to rest: a build fails and knows what it made, so that deleting it leaves
nothing; a deletion goes on; a change ends with what Nova and Cinder say; a backup, or its deletion, fails.
Upstream: trove/taskmanager/manager.py and trove/instance/models.py, which give up by time (`usage_timeout`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import select

from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.db import Handle
from oslearn.extensions.trove.clients import Services
from oslearn.extensions.trove.models import Backup, Instance
from oslearn.extensions.trove.rpcapi import TaskManagerAPI
from oslearn.extensions.trove.taskmanager import Tasks

LOG = logging.getLogger(__name__)
LOST = "Nobody works on it any more."


@dataclass
class Cleanup:
    """With Trove's own token, for no user asks. `concerns(id)` tells whether a message waits."""

    handle: Handle
    api: TaskManagerAPI
    tasks: Tasks
    services: Services
    concerns: Callable[[str], bool]

    def init_host(self, context: RequestContext) -> None:
        """Each is tried, whatever became of the others."""
        with self.handle.session() as session:
            busy = select(Instance).where(Instance.status.not_in(("ACTIVE", "ERROR")))
            open_backups = select(Backup).where(Backup.state.not_in(("COMPLETED", "FAILED", "DELETE_FAILED")))
            rows: list[Backup | Instance] = [*session.scalars(open_backups), *session.scalars(busy)]
        rows = [row for row in rows if not self.concerns(row.id)]
        if not rows:
            return
        context = replace(context, project_id=str(self.services.cinder.session.get_project_id()))
        for row in rows:
            try:
                self._backup(row) if isinstance(row, Backup) else self._instance(context, row)
            except Exception as error:
                LOG.warning("%s %s stays unfinished, it is tried again: %s", type(row).__name__, row.id, error)

    def periodic_tasks(self, context: RequestContext) -> None:
        """The same: a task is lost as well when a message is."""
        self.init_host(context)

    def _backup(self, backup: Backup) -> None:
        """Its object is the user's, and only the user's token reaches it: who deletes it again, deletes it."""
        with self.handle.session() as session:
            session.get_one(Backup, backup.id).state = "DELETE_FAILED" if backup.state == "DELETED" else "FAILED"

    def _instance(self, context: RequestContext, instance: Instance) -> None:
        if instance.status == "BUILD":
            found = {"volume_id": instance.volume_id or self._volume(context, instance)}
            found["server_id"] = instance.server_id or self._server(context, instance)
            self.tasks.save(instance.id, status="ERROR", fault=LOST, **found)
        elif instance.status == "SHUTDOWN":
            self.api.run(context, "delete_instance", instance.id)
        else:
            self._settle(context, instance)

    def _settle(self, context: RequestContext, instance: Instance) -> None:
        """What the server and the volume have become."""
        nova, cinder = self.services.nova, self.services.cinder
        server = nova.request("GET", f"/v2.1/servers/{instance.server_id}", context).json()["server"]
        url = f"/v3/{context.project_id}/volumes/{instance.volume_id}"
        size = cinder.request("GET", url, context).json()["volume"]["size"]
        self.tasks.save(instance.id, flavor_id=server["flavor"]["id"], volume_size=size)
        if server["status"] == "VERIFY_RESIZE":
            nova.request("POST", f"/v2.1/servers/{server['id']}/action", context, {"confirmResize": None})
        self.api.run(context, "finish", instance.id)

    def _volume(self, context: RequestContext, instance: Instance) -> str | None:
        """A volume that was made and not written down."""
        query = {"all_tenants": "1", "name": f"trove-{instance.id}"}
        found = self.services.cinder.request("GET", f"/v3/{context.project_id}/volumes", context, params=query).json()
        return next((str(volume["id"]) for volume in found["volumes"]), None)

    def _server(self, context: RequestContext, instance: Instance) -> str | None:
        """A server that was made and not written down."""
        found = self.services.nova.request("GET", "/v2.1/servers/detail", context, params={"all_tenants": "1"}).json()
        own = (one["id"] for one in found["servers"] if one["metadata"].get("trove_instance_id") == instance.id)
        return next(own, None)
