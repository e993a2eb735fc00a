"""nova-compute: what a host does with an instance that it has.

Interface: `Actions`, a part of the RPC endpoint `ComputeManager`.
Invariants: whatever fails, the task_state is taken back, so the instance can be asked for something again; the event of
the action says Success or Error.
Upstream: nova/compute/manager.py; `wrap_instance_event`, `reverts_task_state` and `wrap_instance_fault`.
"""

from __future__ import annotations

import logging
import uuid as uuidlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from oslearn.core.nova.compute.build import Builder
from oslearn.core.nova.fault import as_fault
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.virt.driver import RUNNING
from oslearn.core.oslo.adapter import TransportError
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.messaging import RPCContext

LOG = logging.getLogger(__name__)
Instance = dict[str, Any]


class Actions(Builder):
    """The part of the manager that keeps the instance where it is."""

    image_api: ImageAPI

    @contextmanager
    def event(
        self, context: RPCContext, instance: Instance, name: str, *, fails_to: str | None = None
    ) -> Iterator[None]:
        """What is done inside is the event `compute_<name>`; `fails_to` is the vm_state after an error."""
        uuid, event = instance["uuid"], f"compute_{name}"
        self.conductor.action_event_start(context, uuid, event, self.host)
        try:
            yield
        except Exception as error:
            LOG.warning("%s of instance %s failed: %s", name, uuid, error)
            self.save(context, instance, task_state=None, **({"vm_state": fails_to} if fails_to else {}))
            self.conductor.instance_fault_create(context, uuid, as_fault(error))
            self.conductor.action_event_finish(context, uuid, event, str(error))
        else:
            self.conductor.action_event_finish(context, uuid, event)

    def save(self, context: RPCContext, instance: Instance, **changes: Any) -> None:
        """Change an instance."""
        self.conductor.instance_update(context, instance["uuid"], **changes)
        instance.update(changes)

    def guest(self, context: RPCContext, instance: Instance, check: bool = False) -> tuple[Any, Any, Any]:
        """What the driver needs to start it again: image, ports, volumes. `check` asks Cinder about the volumes."""
        devices = self.conductor.block_device_mapping_get_all(context, instance["uuid"])
        if check:
            devices = self._delete_dangling_bdms(context, instance, devices)
        volumes = [device for device in devices if device["volume_id"] and device["connection_info"]]
        return {"id": instance["image_ref"]}, instance["network_info"], volumes

    def _delete_dangling_bdms(self, context: RPCContext, instance: Instance, devices: list[Any]) -> list[Any]:
        """The devices, without volumes that Cinder does not attach; what only Cinder attaches is detached there."""
        known = {device["attachment_id"]: device for device in devices if device["attachment_id"]}
        try:
            gone = [each for each in known if not self.volume_api.has_attachment(context, each)]
            for attachment_id in sorted(self.volume_api.attachment_get_all(context, instance["uuid"]) - known.keys()):
                self.volume_api.attachment_delete(context, attachment_id)
        except TransportError:
            return devices  # there may be no Cinder
        for each in gone:
            self.conductor.block_device_mapping_destroy(context, instance["uuid"], known[each]["volume_id"])
        return [device for device in devices if device["attachment_id"] not in gone]

    def _change(
        self, context: RPCContext, instance: Instance, name: str, act: Callable[[], None], vm_state: str, **more: Any
    ) -> None:
        with self.event(context, instance, name):
            act()
            power_state = self.driver.get_info(instance["uuid"])
            self.save(context, instance, power_state=power_state, vm_state=vm_state, task_state=None, **more)

    def stop_instance(self, context: RPCContext, instance: Instance, clean_shutdown: bool = True) -> None:
        """Take its power."""
        self._change(context, instance, "stop_instance", lambda: self.driver.power_off(instance), "stopped")

    def start_instance(self, context: RPCContext, instance: Instance) -> None:
        """Give it power."""
        self._change(context, instance, "start_instance", lambda: self._power_on(context, instance), "active")

    def restore_instance(self, context: RPCContext, instance: Instance) -> None:
        """Start it again, for it is not to be deleted after all."""
        self._change(context, instance, "restore_instance", lambda: self._power_on(context, instance), "active")

    def pause_instance(self, context: RPCContext, instance: Instance) -> None:
        """Keep its vCPUs from running."""
        self._change(context, instance, "pause_instance", lambda: self.driver.pause(instance), "paused")

    def unpause_instance(self, context: RPCContext, instance: Instance) -> None:
        """Let them run."""
        self._change(context, instance, "unpause_instance", lambda: self.driver.unpause(instance), "active")

    def suspend_instance(self, context: RPCContext, instance: Instance) -> None:
        """Write its memory to the disk."""
        self._change(context, instance, "suspend_instance", lambda: self.driver.suspend(instance), "suspended")

    def resume_instance(self, context: RPCContext, instance: Instance) -> None:
        """Read it back."""
        self._change(context, instance, "resume_instance", lambda: self._power_on(context, instance), "active")

    def rescue_instance(
        self, context: RPCContext, instance: Instance, rescue_password: str, rescue_image_ref: str | None
    ) -> None:
        """Boot it from another image."""

        def act() -> None:
            image, vifs, volumes = self.guest(context, instance)
            self.driver.rescue(instance, {"id": rescue_image_ref or image.get("id", "")}, vifs, volumes)

        self._change(context, instance, "rescue_instance", act, "rescued", launched_at=self.clock.now().isoformat())

    def unrescue_instance(self, context: RPCContext, instance: Instance) -> None:
        """Boot it from its own disk."""

        def act() -> None:
            self.driver.destroy(instance["uuid"])
            self._power_on(context, instance)

        self._change(context, instance, "unrescue_instance", act, "active")

    def reboot_instance(
        self, context: RPCContext, instance: Instance, reboot_type: str, block_device_info: Any = None
    ) -> None:
        """SOFT asks the guest; HARD takes its power and builds the domain anew."""
        suffix = "" if reboot_type == "SOFT" and instance["vm_state"] == "active" else "_hard"
        with self.event(context, instance, "reboot_instance"):
            guest = self.guest(context, instance, check=True)
            self.refresh_network_info(context, instance)
            self.save(context, instance, task_state=f"reboot_pending{suffix}", power_state=RUNNING)
            self.save(context, instance, task_state=f"reboot_started{suffix}")
            self.driver.reboot(instance, *guest, reboot_type="HARD" if suffix else "SOFT")
            self.save(context, instance, power_state=RUNNING, vm_state="active", task_state=None)

    def set_admin_password(self, context: RPCContext, instance: Instance, new_pass: str) -> None:
        """Ask the guest to change it."""
        with self.event(context, instance, "set_admin_password"):
            self.driver.set_admin_password(instance, new_pass)
            self.save(context, instance, task_state=None)

    def trigger_crash_dump(self, context: RPCContext, instance: Instance) -> None:
        """Send the guest an interrupt that it cannot ignore."""
        with self.event(context, instance, "trigger_crash_dump"):
            self.driver.trigger_crash_dump(instance)

    def inject_network_info(self, context: RPCContext, instance: Instance) -> None:
        """Nothing: no driver has injected anything since Xen's left."""

    def snapshot_instance(self, context: RPCContext, instance: Instance, image_id: str) -> None:
        """Fill an image with the disk."""
        with self.event(context, instance, "snapshot_instance"):
            self.snapshot(context, instance, image_id)
            self.save(context, instance, task_state=None)

    def backup_instance(
        self, context: RPCContext, instance: Instance, image_id: str, backup_type: str, rotation: int
    ) -> None:
        """Fill an image, and delete the oldest ones of its kind."""
        with self.event(context, instance, "backup_instance"):
            self.snapshot(context, instance, image_id)
            for old in self.image_api.list_backups(context, instance["uuid"], backup_type)[rotation:]:
                self.image_api.delete(context, old)
            self.save(context, instance, task_state=None)

    def snapshot(self, context: RPCContext, instance: Instance, image_id: str) -> None:
        """Upload the disk; an image that cannot be filled is deleted."""
        self.save(context, instance, task_state="image_snapshot")
        try:
            data = self.driver.snapshot(instance)
            self.save(context, instance, task_state="image_uploading")
            self.image_api.update(context, image_id, {"disk_format": "raw", "container_format": "bare"})
            self.image_api.upload(context, image_id, data)
        except Exception:
            self.image_api.delete(context, image_id)
            raise

    def get_console_output(self, context: RPCContext, instance: Instance, tail_length: int | None) -> str:
        """The last lines that the guest wrote to its serial port."""
        lines = self.driver.get_console_output(instance).split("\n")
        return "\n".join(lines if tail_length in (None, -1) else lines[len(lines) - min(tail_length, len(lines)) :])

    def get_host_uptime(self, context: RPCContext) -> str:
        """How long this host runs."""
        return self.driver.get_host_uptime()

    def get_vnc_console(self, context: RPCContext, instance: Instance, console_type: str) -> dict[str, Any]:
        """Where a browser can see the screen; the token in the address lets it in. Raises BadRequest."""
        if console_type != "novnc":
            raise BadRequest(f"Unavailable console type {console_type}.")
        token = uuidlib.uuid5(uuidlib.UUID(instance["uuid"]), context.request_id)
        url = f"{self.config.novncproxy_base_url}?path=%3Ftoken%3D{token}"
        return {"token": str(token), "access_url": url, "host": self.host}

    def get_diagnostics(self, context: RPCContext, instance: Instance) -> dict[str, Any]:
        """What the hypervisor counts, in its own names."""
        return self.driver.get_diagnostics(instance)

    def get_instance_diagnostics(self, context: RPCContext, instance: Instance) -> dict[str, Any]:
        """The same in names that every hypervisor shares."""
        return self.driver.get_instance_diagnostics(instance)

    def _power_on(self, context: RPCContext, instance: Instance) -> None:
        self.driver.power_on(instance, *self.guest(context, instance))
