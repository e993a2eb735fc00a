"""nova-api: what may be done with an instance in which state, and who is told to do it.

Interface: `Action`, a row of the table of actions; `Actions`, a part of `API`: `check`, `begin`, `perform` and what is
done without a host.
Invariants: nothing is cast before the state was checked and the task_state set, so a second request finds the first
one's; what is asked is recorded with the request's id before it begins.
Upstream: nova/compute/api.py: `check_instance_state`, `check_instance_lock`, `check_instance_host`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oslearn.core.config import Config
from oslearn.core.nova import exception
from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.compute.rpcapi import target as compute_target
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.bus import Bus
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import Conflict, OverQuota

REBOOT_TASKS = (
    None, "rebooting", "reboot_pending", "reboot_started", "rebooting_hard", "resuming", "unpausing", "pausing",
    "suspending",
)  # fmt: skip


@dataclass(frozen=True)
class Action:
    """`vm_state`: in which it may be done, any if none is named; `during`: the task_state until it is done; `cast`: the
    method of nova-compute."""

    word: str
    record: str | None = None
    vm_state: tuple[str, ...] = ()
    during: str | None = None
    cast: str | None = None
    task_state: tuple[str | None, ...] | None = (None,)
    ignores_lock: bool = False
    needs_host: bool = False
    launched: bool = True


SOFT = Action("reboot", "reboot", ("active",), "rebooting", "reboot_instance")
HARD = Action(
    "reboot", "reboot", ("active", "stopped", "paused", "suspended", "error"), "rebooting_hard", "reboot_instance",
    task_state=REBOOT_TASKS,
)  # fmt: skip
RESTORE = Action("restore", "restore", ("soft-delete",), "restoring")
CHANGE_METADATA = ("active", "paused", "suspended", "stopped")


class Actions:
    """The part of `API` that needs no other service."""

    db: Any
    compute: ComputeAPI
    image_api: ImageAPI
    network_api: NetworkAPI
    volume_api: VolumeAPI
    bus: Bus
    config: Config

    def check_lock(self, context: RequestContext, instance: dict[str, Any]) -> None:
        """Raises InstanceIsLocked."""
        if instance["locked_by"] and not context.is_admin:
            raise exception.InstanceIsLocked(instance_uuid=instance["uuid"])

    def check(self, context: RequestContext, instance: dict[str, Any], action: Action) -> None:
        """Whether it may be done now. Raises InstanceIsLocked, InstanceNotReady, InstanceInvalidState."""
        if not action.ignores_lock:
            self.check_lock(context, instance)
        if action.needs_host and not instance["host"]:
            raise exception.InstanceNotReady(instance_id=instance["uuid"])
        allowed = {"vm_state": action.vm_state or (instance["vm_state"],), "task_state": action.task_state}
        for attr, states in allowed.items():
            if states is not None and instance[attr] not in states:
                raise exception.InstanceInvalidState(
                    method=action.word, instance_uuid=instance["uuid"], attr=attr, state=instance[attr]
                )
        if action.launched and not instance["launched_at"]:
            raise exception.InstanceInvalidState(
                f"Instance {instance['uuid']} is in an invalid state for '{action.word}'"
            )

    def begin(
        self, context: RequestContext, instance: dict[str, Any], action: Action, **changes: Any
    ) -> dict[str, Any]:
        """Set the task_state, record the action; the instance as it is then."""
        changes = changes | ({"task_state": action.during} if action.during else {})
        if changes:
            self.db.instances.update(instance["uuid"], changes)
        if action.record:
            self.db.actions.start(context, instance["uuid"], action.record)
        return instance | changes

    def perform(self, context: RequestContext, instance: dict[str, Any], action: Action, **args: Any) -> None:
        """Check, begin, and have the host do it."""
        self.check(context, instance, action)
        if not instance["host"]:
            raise exception.InstanceNotReady(instance_id=instance["uuid"])
        begun = self.begin(context, instance, action)
        assert action.cast
        self.compute.cast(context, instance["host"], action.cast, instance=begun, **args)

    def reboot(self, context: RequestContext, instance: dict[str, Any], kind: str) -> None:
        """SOFT asks the guest, HARD takes its power."""
        action = SOFT if kind == "SOFT" else HARD
        self.perform(context, instance, action, block_device_info=None, reboot_type=kind)

    def lock(self, context: RequestContext, instance: dict[str, Any], reason: str | None) -> None:
        """Keep everybody but an admin from changing it; an owner does not take an admin's lock over."""
        owner = instance["project_id"] == context.project_id
        if instance["locked_by"] and owner:
            return
        system_metadata = instance["system_metadata"] | ({"locked_reason": reason} if reason else {})
        changes = {"locked_by": "owner" if owner else "admin", "system_metadata": system_metadata}
        self._done_here(context, instance, "lock", changes)

    def unlock(self, context: RequestContext, instance: dict[str, Any]) -> None:
        """Undo it."""
        system_metadata = {k: v for k, v in instance["system_metadata"].items() if k != "locked_reason"}
        self._done_here(context, instance, "unlock", {"locked_by": None, "system_metadata": system_metadata})

    def is_expected_locked_by(self, context: RequestContext, instance: dict[str, Any]) -> bool:
        """Whether it was the caller's side that locked it."""
        expected = "owner" if instance["project_id"] == context.project_id else "admin"
        return instance["locked_by"] in (None, expected)

    def reset_state(self, context: RequestContext, instance: dict[str, Any], state: str) -> None:
        """An admin says what state it is in."""
        self.db.actions.start(context, instance["uuid"], "resetState")
        self.db.instances.update(instance["uuid"], {"vm_state": state, "task_state": None})

    def restore(self, context: RequestContext, instance: dict[str, Any]) -> None:
        """Take it back out of the waste basket."""
        self.check(context, instance, RESTORE)
        self.begin(context, instance, RESTORE, deleted_at=None)
        if instance["host"]:
            self.compute.cast(context, instance["host"], "restore_instance", instance=instance)
        else:
            self.db.instances.update(instance["uuid"], {"vm_state": "active", "task_state": None})

    def host_is_up(self, host: str) -> bool:
        """Its nova-compute serves, and no operator has forced it down."""
        return self.bus.is_up(compute_target(host)) and not self.db.services.forced_down(host)

    def host_call(self, context: RequestContext, instance: dict[str, Any], method: str, **args: Any) -> Any:
        """Ask the instance's host and wait. Raises InstanceNotReady, Conflict if the host is down."""
        host = instance["host"]
        if not host:
            raise exception.InstanceNotReady(instance_id=instance["uuid"])
        if not self.host_is_up(host):
            raise Conflict("Service is unavailable at this time.")
        return self.compute.call(context, host, method, instance=instance, **args)

    def host_uptime(self, context: RequestContext, host: str) -> str:
        """Ask a host how long it runs. Raises ComputeServiceUnavailable."""
        if not self.host_is_up(host):
            raise exception.ComputeServiceUnavailable(host=host)
        return str(self.compute.call(context, host, "get_host_uptime"))

    def update_metadata(
        self, context: RequestContext, instance: dict[str, Any], metadata: dict[str, str], word: str
    ) -> None:
        """Replace what the user noted. Raises InstanceIsLocked, InstanceInvalidState, OverQuota."""
        self.check(context, instance, Action(word, vm_state=CHANGE_METADATA, task_state=None))
        self.check_metadata(context, metadata)
        self.db.instances.update(instance["uuid"], {"metadata": metadata})

    def check_metadata(self, context: RequestContext, metadata: dict[str, str]) -> None:
        """Raises OverQuota."""
        most = self.db.quotas.limits(context.project_id)["metadata_items"] if metadata else -1
        if 0 <= most < len(metadata):
            raise OverQuota(f"Maximum number of metadata items exceeds {most}")

    def _done_here(self, context: RequestContext, instance: dict[str, Any], name: str, changes: dict[str, Any]) -> None:
        """An action that nova-api does itself: its event begins and ends here."""
        self.db.actions.start(context, instance["uuid"], name)
        self.db.actions.event_start(context, instance["uuid"], f"api_{name}")
        self.db.instances.update(instance["uuid"], changes)
        self.db.actions.event_finish(context, instance["uuid"], f"api_{name}")
