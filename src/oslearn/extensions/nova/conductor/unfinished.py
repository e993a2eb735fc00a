"""nova-conductor: instances that nobody works on any more come to rest: after a start, and from time to time.

Interface: `Unfinished`: `init_host` and `periodic_tasks`; `ClassicBuilds` gives a build up as 2013 has it.
Invariants: an instance is at work as long as a message waits about it; no other is left in BUILD or in a task_state.
What its rows say then is what `audit` makes true. Whatever fails for one instance keeps no other from its own.
Upstream: nova/compute/manager.py: `_init_instance`, `_check_instance_build_time`, `_cleanup_incomplete_migrations`, on
each host. Left out: their intervals: here a message that waits can be seen, so nobody has to guess by time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from oslearn.core.config import Config
from oslearn.core.nova.conductor.tasks import Builds, Holdings
from oslearn.core.nova.db.cells import CELL0, CELL1
from oslearn.core.nova.exception import BuildAbortException, as_fault
from oslearn.core.nova.objects import Instance, Values
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import try_each
from oslearn.extensions.nova.conductor.audit import Audit
from oslearn.extensions.nova.conductor.moves import sizes
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.image.glance import ExtendedImageAPI
from oslearn.extensions.nova.objects import Migration
from oslearn.extensions.nova.scheduler.report import ExtendedReportClient

LOG = logging.getLogger(__name__)
LOST = "Nobody is building it any more."
TIMED_OUT = "Instance build timed out."
REPEATED: dict[str, tuple[str, Values]] = {
    "deleting": ("terminate_instance", {}),
    "powering-off": ("stop_instance", {}),
    "powering-on": ("start_instance", {}),
    **dict.fromkeys(("rebooting", "reboot_pending", "reboot_started"), ("reboot_instance", {"reboot_type": "SOFT"})),
    **dict.fromkeys(
        ("rebooting_hard", "reboot_pending_hard", "reboot_started_hard"), ("reboot_instance", {"reboot_type": "HARD"})
    ),
}
"""By task_state: the message that was lost, which its host can have again."""


class ClassicBuilds:
    """Builds of 2013, which have a row from the beginning, and nothing claimed."""

    def __init__(self, db: ExtendedDB, holdings: Holdings) -> None:
        self.db, self.holdings = db, holdings

    def give_up(self, context: RequestContext, instance: Instance, error: Exception) -> None:
        """End in ERROR."""
        self.holdings.give_back(instance["uuid"])
        self.db.instances.fail(instance["uuid"], as_fault(error))


class Unfinished:
    """What is half done, and how it ends."""

    def __init__(
        self,
        db: ExtendedDB,
        builds: Builds | ClassicBuilds,
        placement: ExtendedReportClient,
        image_api: ExtendedImageAPI,
        audit: Audit,
        config: Config,
    ) -> None:
        self.db, self.builds, self.placement, self.image_api = db, builds, placement, image_api
        self.audit, self.compute, self.holdings, self.bus = audit, audit.compute, audit.holdings, audit.bus
        self.volume_api, self.config = audit.volume_api, config

    def init_host(self, context: RequestContext) -> None:
        """Nothing is at work yet, so all that is not at rest is half done."""
        self._settle(context, start=True)

    def periodic_tasks(self, context: RequestContext) -> None:
        """What no message is about any more."""
        self._settle(context, start=False)

    def _settle(self, context: RequestContext, start: bool) -> None:
        context = replace(context, project_id=self.volume_api.service_project)
        settled: set[str] = set()
        for request in self.db.remains.build_requests():
            if not self.bus.concerns(request["uuid"]):
                self._try(settled, request, partial(self._lost_request, context, request))
        moves = {move["instance_uuid"]: move for move in self.db.remains.migrations()}
        unfinished = {instance["uuid"]: instance for instance in self.db.remains.busy()}
        for uuid in moves.keys() - unfinished.keys():
            self._rest_of_move(unfinished, moves, uuid)
        for uuid, instance in unfinished.items():
            if start and instance["host"] and not moves.get(uuid) and self._message(instance):
                continue  # the host has to have its domains first
            if self._overdue(instance) or not self.bus.concerns(uuid):
                finish = partial(self._finish, context, instance, moves.get(uuid))
                self._try(settled, instance, finish)
        self._forget_unfilled(context)
        self.audit.run(context, settled, start)

    def _try(self, settled: set[str], instance: Instance, part: Callable[[], None]) -> None:
        if try_each([part], f"Instance {instance['uuid']} stays unfinished"):
            settled.add(instance["uuid"])

    def _overdue(self, instance: Instance) -> bool:
        limit = timedelta(seconds=self.config.instance_build_timeout)
        begun = datetime.fromisoformat(instance["created_at"])
        return bool(limit) and instance["vm_state"] == "building" and self.db.databases.clock.now() - begun > limit

    def _rest_of_move(self, unfinished: dict[str, Instance], moves: dict[str, Migration], uuid: str) -> None:
        """A move of an instance that is at rest: it waits for the user's word, is being confirmed, or is over."""
        move, instance = moves[uuid], self.db.instances.find(uuid)
        if instance is None:
            self.db.migrations.update(move["uuid"], {"status": "error"})
        elif move["status"] != "finished" or instance["vm_state"] != "resized":
            unfinished[uuid] = instance

    def _lost_request(self, context: RequestContext, request: Instance) -> None:
        self.builds.give_up(context, request, BuildAbortException(instance_uuid=request["uuid"], reason=LOST))

    def _finish(self, context: RequestContext, instance: Instance, move: Migration | None) -> None:
        task, state, host = instance["task_state"] or "", instance["vm_state"], instance["host"]
        if state == "building":
            self._end_build(context, instance)
        elif task == "deleting" or state == "deleted":
            self._delete(context, instance)
        elif move:
            self._end_move(instance, move)
        elif host and (message := self._message(instance)):
            self.compute.cast(context, host, message[0], instance=instance, **message[1])
        elif task.startswith("rebuild"):
            self._save(instance, vm_state="error", task_state=None)
        elif task == "shelving_offloading" and state == "shelved":
            self._off_the_host(instance, vm_state="shelved_offloaded", power_state=0)
        elif task in ("unshelving", "spawning") and state == "shelved_offloaded":
            self._off_the_host(instance)
        else:
            self._forget_images(context, instance)
            self._save(instance, task_state=None)

    def _message(self, instance: Instance) -> tuple[str, Values] | None:
        """What its host was told last, and can be told again."""
        if instance["vm_state"] == "shelved_offloaded" and instance["task_state"] == "spawning":
            return "unshelve_instance", {"image_id": instance["system_metadata"].get("shelved_image_id")}
        task = "deleting" if instance["vm_state"] == "deleted" else instance["task_state"]
        return REPEATED.get(task or "") if instance["vm_state"] != "building" else None

    def _end_build(self, context: RequestContext, instance: Instance) -> None:
        """In ERROR, with nothing; who has no request any more was deleted by its user, or is in cell 0 already."""
        uuid, databases = instance["uuid"], self.db.databases
        devices = self.db.devices.get(uuid)
        if databases.several and (not self.db.specs.get(uuid) or databases.name_of(uuid) == CELL0):
            self.holdings.give_back(uuid)
            self.db.instances.forget_vifs(uuid)
            self.db.instances.destroy(uuid)
        else:
            reason = TIMED_OUT if self._overdue(instance) else LOST
            self.builds.give_up(context, instance, BuildAbortException(instance_uuid=uuid, reason=reason))
        self.volume_api.delete_terminated(context, devices)

    def _delete(self, context: RequestContext, instance: Instance) -> None:
        """Have the host delete it, or do it here."""
        uuid = instance["uuid"]
        if instance["host"]:
            self.compute.cast(context, instance["host"], "terminate_instance", instance=instance)
            return
        cell = self.db.target_cell(self.db.databases.name_of(uuid) or CELL1) if self.db.databases.several else self.db
        self.holdings.give_back(uuid)
        self.volume_api.delete_terminated(context, cell.devices.get(uuid))
        self.db.instances.forget_vifs(uuid)
        cell.instances.destroy(uuid)
        self.db.specs.destroy(uuid)

    def _end_move(self, instance: Instance, move: Migration) -> None:
        """Where the instance is, it stays; a resize that was not through goes back, one that was confirmed is over."""
        kind, arrived = move["migration_type"], instance["host"] == move["dest_compute"]
        changes: Values = {"task_state": None}
        if kind == "evacuation":
            status, changes = "error", changes | {"vm_state": "error"}
        elif kind == "live-migration":
            status = "completed" if arrived else "error"
            if not arrived:
                self._claims_back(instance, move)
        elif move["status"] == "confirming":
            status, changes = "confirmed", changes | self._as_before(instance)
        elif move["status"] == "finished":
            status, changes = "finished", changes | {"vm_state": "resized"}
        else:
            status = "reverted" if move["status"] == "reverting" else "error"
            self._claims_back(instance, move)
            changes |= self._home(instance, move) | self._as_before(instance)
        if status != "finished":
            self.placement.delete_allocation_for_instance(move["uuid"])
        self._save(instance, **changes)
        self.db.migrations.update(move["uuid"], {"status": status})

    def _claims_back(self, instance: Instance, move: Migration) -> None:
        """What the move kept for the way back is the instance's again."""
        if self.placement.get_allocs_for_consumer(move["uuid"])["allocations"]:
            self.placement.delete_allocation_for_instance(instance["uuid"])
            self.placement.move_allocations(move["uuid"], instance["uuid"])

    def _home(self, instance: Instance, move: Migration) -> Values:
        """On its source, with its old flavor."""
        source, flavor = move["source_compute"], instance["old_flavor"] or instance["flavor"]
        if spec := self.db.specs.get(instance["uuid"]):
            self.db.specs.save(instance["uuid"], {**spec, **sizes(flavor)})
        size = {"memory_mb": flavor["memory_mb"], "vcpus": flavor["vcpus"], "root_gb": flavor["root_gb"]}
        zone = self.db.hosts.zones().get(source, self.config.availability_zone)
        return {"host": source, "node": source, "availability_zone": zone, "flavor": flavor} | size

    def _as_before(self, instance: Instance) -> Values:
        off = instance["system_metadata"].get("old_vm_state") == "stopped" or instance["vm_state"] == "stopped"
        return {"vm_state": "stopped" if off else "active", "old_flavor": None, "new_flavor": None}

    def _off_the_host(self, instance: Instance, **changes: Any) -> None:
        self._save(instance, host=None, node=None, task_state=None, **changes)
        self.placement.delete_allocation_for_instance(instance["uuid"])

    def _forget_images(self, context: RequestContext, instance: Instance) -> None:
        """The image of a shelving that was not through."""
        kept = instance["system_metadata"].get("shelved_image_id")
        if (instance["task_state"] or "").startswith("shelving"):
            for image in self.image_api.list_snapshots(context, instance_uuid=instance["uuid"]):
                if image["name"] == f"{instance['display_name']}-shelved" and image["id"] != kept:
                    self.image_api.delete(context, image["id"])

    def _forget_unfilled(self, context: RequestContext) -> None:
        """Images of instances that no host is going to fill."""
        try:
            for kind in ("snapshot", "backup"):
                for image in self.image_api.list_snapshots(context, status="queued", image_type=kind):
                    if not self.bus.concerns(image["id"]) and self.db.remains.known([image.get("instance_uuid", "")]):
                        self.image_api.delete(context, image["id"])
        except Exception as error:
            LOG.warning("Images without data are not all looked at, it is tried again: %s", error)

    def _save(self, instance: Instance, **changes: Any) -> None:
        self.db.instances.update(instance["uuid"], changes)
        cast("Values", instance).update(changes)
