"""nova-api: what may be done with an instance in which state, and who is told to do it.

Interface: `Action`, a row of the table of actions; `ActionRunner`: `check`, `begin`, `perform`; `InstanceActions`, what
needs no other service; `HostCalls`, what a host is asked and waited for.
Invariants: nothing is cast before the state was checked and the task_state set, so a second request finds the first
one's; what is asked is recorded with the request's id before it begins.
Upstream: nova/compute/api.py: `check_instance_state`, `check_instance_lock`, `check_instance_host`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.objects import Instance, Values
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import Conflict
from oslearn.extensions.nova.compute.boot import ExtendedBootChecks
from oslearn.extensions.nova.compute.deletion import HostAPI, check_instance_lock
from oslearn.extensions.nova.conductor.rpcapi import MoveTaskAPI
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.exception import ComputeServiceUnavailable, InstanceInvalidState, InstanceNotReady

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


class ActionRunner:
    """The way of every action: look at the state, note that it begins, tell the host."""

    def __init__(self, db: ExtendedDB, compute: ComputeAPI, conductor: MoveTaskAPI) -> None:
        self.db, self.compute, self.conductor = db, compute, conductor

    def check(self, context: RequestContext, instance: Instance, action: Action) -> None:
        """Whether it may be done now. Raises InstanceIsLocked, InstanceNotReady, InstanceInvalidState."""
        if not action.ignores_lock:
            check_instance_lock(context, instance)
        if action.needs_host and not instance["host"]:
            raise InstanceNotReady(instance_id=instance["uuid"])
        vm_state, task_state = instance["vm_state"], instance["task_state"]
        for attr, state, allowed in (
            ("vm_state", vm_state, action.vm_state or (vm_state,)),
            ("task_state", task_state, action.task_state),
        ):
            if allowed is not None and state not in allowed:
                raise InstanceInvalidState(method=action.word, instance_uuid=instance["uuid"], attr=attr, state=state)
        if action.launched and not instance["launched_at"]:
            raise InstanceInvalidState(f"Instance {instance['uuid']} is in an invalid state for '{action.word}'")

    def begin(self, context: RequestContext, instance: Instance, action: Action, **changes: object) -> Instance:
        """Set the task_state, record the action; the instance as it is then."""
        changes = changes | ({"task_state": action.during} if action.during else {})
        # The task_state before the record: it is what keeps a second request out.
        if changes:
            self.db.instances.update(instance["uuid"], changes)
        if action.record:
            self.db.actions.start(context, instance["uuid"], action.record)
        return cast(Instance, {**instance, **changes})

    def perform(self, context: RequestContext, instance: Instance, action: Action, **args: object) -> None:
        """Check, begin, and have the host do it. Raises as `check` does."""
        self.check(context, instance, action)
        if not instance["host"]:
            raise InstanceNotReady(instance_id=instance["uuid"])
        begun = self.begin(context, instance, action)
        assert action.cast
        told: Values = {"instance": begun, **args}
        self.compute.cast(context, instance["host"], action.cast, **told)


class InstanceActions:
    """What is done with an instance where it is, by its host or by nova-api itself."""

    def __init__(self, runner: ActionRunner, checks: ExtendedBootChecks) -> None:
        self.db, self.runner, self.compute, self.checks = runner.db, runner, runner.compute, checks

    def reboot(self, context: RequestContext, instance: Instance, kind: str) -> None:
        """SOFT asks the guest, HARD takes its power."""
        action = SOFT if kind == "SOFT" else HARD
        self.runner.perform(context, instance, action, block_device_info=None, reboot_type=kind)

    def lock(self, context: RequestContext, instance: Instance, reason: str | None) -> None:
        """Keep everybody but an admin from changing it; an owner does not take an admin's lock over."""
        owner = instance["project_id"] == context.project_id
        if instance["locked_by"] and owner:
            return
        system_metadata = instance["system_metadata"] | ({"locked_reason": reason} if reason else {})
        changes = {"locked_by": "owner" if owner else "admin", "system_metadata": system_metadata}
        self._done_here(context, instance, "lock", changes)

    def unlock(self, context: RequestContext, instance: Instance) -> None:
        """Let everybody change it again who may."""
        system_metadata = {k: v for k, v in instance["system_metadata"].items() if k != "locked_reason"}
        self._done_here(context, instance, "unlock", {"locked_by": None, "system_metadata": system_metadata})

    def is_expected_locked_by(self, context: RequestContext, instance: Instance) -> bool:
        """Whether it was the caller's side that locked it."""
        expected = "owner" if instance["project_id"] == context.project_id else "admin"
        return instance["locked_by"] in (None, expected)

    def reset_state(self, context: RequestContext, instance: Instance, state: str) -> None:
        """An admin says what state it is in."""
        self.db.actions.start(context, instance["uuid"], "resetState")
        self.db.instances.update(instance["uuid"], {"vm_state": state, "task_state": None})

    def restore(self, context: RequestContext, instance: Instance) -> None:
        """Take it back out of the waste basket. Raises InstanceInvalidState."""
        self.runner.check(context, instance, RESTORE)
        self.runner.begin(context, instance, RESTORE, deleted_at=None)
        if instance["host"]:
            self.compute.cast(context, instance["host"], "restore_instance", instance=instance)
        else:
            self.db.instances.update(instance["uuid"], {"vm_state": "active", "task_state": None})

    def update_metadata(self, context: RequestContext, instance: Instance, metadata: dict[str, str], word: str) -> None:
        """Replace what the user noted. Raises InstanceIsLocked, InstanceInvalidState, OverQuota."""
        self.runner.check(context, instance, Action(word, vm_state=CHANGE_METADATA, task_state=None))
        self.checks.check_metadata(context, metadata)
        self.db.instances.update(instance["uuid"], {"metadata": metadata})

    def _done_here(self, context: RequestContext, instance: Instance, name: str, changes: Values) -> None:
        """An action that nova-api does itself: its event begins and ends here."""
        self.db.actions.start(context, instance["uuid"], name)
        self.db.actions.event_start(context, instance["uuid"], f"api_{name}")
        self.db.instances.update(instance["uuid"], changes)
        self.db.actions.event_finish(context, instance["uuid"], f"api_{name}")


class HostCalls:
    """Questions that only a host can answer."""

    def __init__(self, hosts: HostAPI, compute: ComputeAPI) -> None:
        self.hosts, self.compute = hosts, compute

    def check(self, instance: Instance) -> str:
        """The instance's host, which serves. Raises InstanceNotReady, Conflict if the host is down."""
        host = instance["host"]
        if not host:
            raise InstanceNotReady(instance_id=instance["uuid"])
        if not self.hosts.is_up(host):
            raise Conflict("Service is unavailable at this time.")
        return host

    def ask(self, context: RequestContext, instance: Instance, method: str, **args: object) -> Any:
        """Ask the instance's host and wait. Raises InstanceNotReady, Conflict."""
        return self.compute.call(context, self.check(instance), method, instance=instance, **args)

    def uptime(self, context: RequestContext, host: str) -> str:
        """Ask a host how long it runs. Raises ComputeServiceUnavailable."""
        if not self.hosts.is_up(host):
            raise ComputeServiceUnavailable(host=host)
        return str(self.compute.call(context, host, "get_host_uptime"))
