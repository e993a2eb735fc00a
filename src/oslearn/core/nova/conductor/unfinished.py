"""nova-conductor: instances that nobody works on any more come to rest: after a start, and from time to time.

Interface: `Unfinished(tasks, ...)`: `init_host` and `periodic_tasks`.
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
from typing import Any

from oslearn.core.nova.conductor.audit import Audit
from oslearn.core.nova.conductor.tasks import ComputeTaskManager
from oslearn.core.nova.db.databases import CELL1
from oslearn.core.nova.exception import BuildAbortException
from oslearn.core.nova.fault import as_fault
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.oslo.bus import Bus
from oslearn.core.oslo.context import RequestContext

LOG = logging.getLogger(__name__)
Instance = dict[str, Any]
Migration = dict[str, Any]
LOST = "Nobody is building it any more."
TIMED_OUT = "Instance build timed out."
REPEATED: dict[str, tuple[str, dict[str, Any]]] = {
    "deleting": ("terminate_instance", {}),
    "powering-off": ("stop_instance", {}),
    "powering-on": ("start_instance", {}),
    **dict.fromkeys(("rebooting", "reboot_pending", "reboot_started"), ("reboot_instance", {"reboot_type": "SOFT"})),
    **dict.fromkeys(
        ("rebooting_hard", "reboot_pending_hard", "reboot_started_hard"), ("reboot_instance", {"reboot_type": "HARD"})
    ),
}
"""By task_state: the message that was lost, which its host can have again."""


class Unfinished:
    """What is half done, and how it ends."""

    def __init__(self, tasks: ComputeTaskManager, image_api: ImageAPI, bus: Bus, now: Callable[[], datetime]) -> None:
        self.tasks, self.db, self.config, self.image_api = tasks, tasks.db, tasks.config, image_api
        self.bus, self.now = bus, now
        self.audit = Audit(tasks, bus)

    def init_host(self, context: RequestContext) -> None:
        """Nothing is at work yet, so all that is not at rest is half done."""
        self._settle(context, start=True)

    def periodic_tasks(self, context: RequestContext) -> None:
        """What no message is about any more."""
        self._settle(context, start=False)

    def _settle(self, context: RequestContext, start: bool) -> None:
        context = replace(context, project_id=self.tasks.volume_api.service_project)
        settled: set[str] = set()
        for request in self.db.remains.build_requests():
            if not self.bus.concerns(request["uuid"]):
                self._try(settled, request, self._lost_request, context, request)
        moves = {move["instance_uuid"]: move for move in self.db.remains.migrations()}
        unfinished = {instance["uuid"]: instance for instance in self.db.remains.busy()}
        for uuid in moves.keys() - unfinished.keys():
            self._rest_of_move(unfinished, moves, uuid)
        for uuid, instance in unfinished.items():
            if start and instance["host"] and not moves.get(uuid) and self._message(instance):
                continue  # the host has to have its domains first
            if self._overdue(instance) or not self.bus.concerns(uuid):
                self._try(settled, instance, self._finish, context, instance, moves.get(uuid))
        self._forget_unfilled(context)
        self.audit.run(context, settled, start)

    def _try(self, settled: set[str], instance: Instance, part: Callable[..., None], *args: Any) -> None:
        try:
            part(*args)
            settled.add(instance["uuid"])
        except Exception as error:
            LOG.warning("Instance %s stays unfinished, it is tried again: %s", instance["uuid"], error)

    def _overdue(self, instance: Instance) -> bool:
        limit = timedelta(seconds=self.config.instance_build_timeout)
        begun = datetime.fromisoformat(instance["created_at"])
        return bool(limit) and instance["vm_state"] == "building" and self.now() - begun > limit

    def _rest_of_move(self, unfinished: dict[str, Instance], moves: dict[str, Migration], uuid: str) -> None:
        """A move of an instance that is at rest: it waits for the user's word, is being confirmed, or is over."""
        move, instance = moves[uuid], self.db.instances.find(uuid)
        if instance is None:
            self.db.migrations.update(move["uuid"], {"status": "error"})
        elif move["status"] != "finished" or instance["vm_state"] != "resized":
            unfinished[uuid] = instance

    def _lost_request(self, context: Any, request: Instance) -> None:
        self.tasks.give_up(context, request, BuildAbortException(instance_uuid=request["uuid"], reason=LOST))

    def _finish(self, context: Any, instance: Instance, move: Migration | None) -> None:
        task, state, host = instance["task_state"] or "", instance["vm_state"], instance["host"]
        if state == "building":
            self._end_build(context, instance)
        elif task == "deleting" or state == "deleted":
            self._delete(context, instance)
        elif move:
            self._end_move(instance, move)
        elif host and (message := self._message(instance)):
            self.tasks.compute.cast(context, host, message[0], instance=instance, **message[1])
        elif task.startswith("rebuild"):
            self._save(instance, vm_state="error", task_state=None)
        elif task == "shelving_offloading" and state == "shelved":
            self._off_the_host(instance, vm_state="shelved_offloaded", power_state=0)
        elif task in ("unshelving", "spawning") and state == "shelved_offloaded":
            self._off_the_host(instance)
        else:
            self._forget_images(context, instance)
            self._save(instance, task_state=None)

    def _message(self, instance: Instance) -> tuple[str, dict[str, Any]] | None:
        """What its host was told last, and can be told again."""
        if instance["vm_state"] == "shelved_offloaded" and instance["task_state"] == "spawning":
            return "unshelve_instance", {"image_id": instance["system_metadata"].get("shelved_image_id")}
        task = "deleting" if instance["vm_state"] == "deleted" else instance["task_state"]
        return REPEATED.get(task) if instance["vm_state"] != "building" else None

    def _end_build(self, context: Any, instance: Instance) -> None:
        """In ERROR, with nothing; one whose request is forgotten was deleted by its user."""
        uuid = instance["uuid"]
        devices = self.db.devices.get(uuid)
        if self.config.flow != "classic" and not self.db.specs.get(uuid):
            self.tasks.undo(context, uuid)
            self.db.instances.forget_vifs(uuid)
            self.db.instances.destroy(uuid)
        else:
            reason = TIMED_OUT if self._overdue(instance) else LOST
            error = BuildAbortException(instance_uuid=uuid, reason=reason)
            if self.config.flow == "classic":
                self.tasks.undo(context, uuid)
                self.db.instances.fail(uuid, as_fault(error))
            else:
                self.tasks.give_up(context, instance, error)
        self.tasks.volume_api.delete_terminated(context, devices)

    def _delete(self, context: Any, instance: Instance) -> None:
        """Have the host delete it, or do it here."""
        uuid = instance["uuid"]
        if instance["host"]:
            self.tasks.compute.terminate_instance(context, instance["host"], instance)
            return
        cell = self.db.target_cell(self.db.cells.of_instance(uuid) or CELL1) if self.db.databases.several else self.db
        self.tasks.undo(context, uuid)
        self.tasks.volume_api.delete_terminated(context, cell.devices.get(uuid))
        self.db.instances.forget_vifs(uuid)
        cell.instances.destroy(uuid)
        self.db.specs.destroy(uuid)

    def _end_move(self, instance: Instance, move: Migration) -> None:
        """Where the instance is, it stays; a resize that was not through goes back, one that was confirmed is over."""
        kind, arrived = move["migration_type"], instance["host"] == move["dest_compute"]
        placement = self.tasks.placement
        changes: dict[str, Any] = {"task_state": None}
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
            placement.delete_allocation_for_instance(move["uuid"])
        self._save(instance, **changes)
        self.db.migrations.update(move["uuid"], {"status": status})

    def _claims_back(self, instance: Instance, move: Migration) -> None:
        """What the move kept for the way back is the instance's again."""
        if self.tasks.placement.get_allocs_for_consumer(move["uuid"])["allocations"]:
            self.tasks.placement.delete_allocation_for_instance(instance["uuid"])
            self.tasks.placement.move_allocations(move["uuid"], instance["uuid"])

    def _home(self, instance: Instance, move: Migration) -> dict[str, Any]:
        """On its source, with its old flavor."""
        source, flavor = move["source_compute"], instance["old_flavor"] or instance["flavor"]
        if spec := self.db.specs.get(instance["uuid"]):
            old = {key: flavor[key] for key in spec.keys() & flavor.keys()}
            self.db.specs.save(instance["uuid"], spec | old)
        sizes = {key: flavor[key] for key in ("memory_mb", "vcpus", "root_gb")}
        zone = self.db.hosts.zones().get(source, self.config.availability_zone)
        return {"host": source, "node": source, "availability_zone": zone, "flavor": flavor} | sizes

    def _as_before(self, instance: Instance) -> dict[str, Any]:
        off = instance["system_metadata"].get("old_vm_state") == "stopped" or instance["vm_state"] == "stopped"
        return {"vm_state": "stopped" if off else "active", "old_flavor": None, "new_flavor": None}

    def _off_the_host(self, instance: Instance, **changes: Any) -> None:
        self._save(instance, host=None, node=None, task_state=None, **changes)
        self.tasks.placement.delete_allocation_for_instance(instance["uuid"])

    def _forget_images(self, context: Any, instance: Instance) -> None:
        """The image of a shelving that was not through."""
        kept = instance["system_metadata"].get("shelved_image_id")
        if (instance["task_state"] or "").startswith("shelving"):
            for image in self.image_api.list_snapshots(context, instance_uuid=instance["uuid"]):
                if image["name"] == f"{instance['display_name']}-shelved" and image["id"] != kept:
                    self.image_api.delete(context, image["id"])

    def _forget_unfilled(self, context: Any) -> None:
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
        instance.update(changes)
