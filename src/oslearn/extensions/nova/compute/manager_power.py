"""nova-compute: a guest that is stopped, started, paused, suspended, rescued or rebooted where it is.

Interface: the RPC endpoint `PowerActions`.
Upstream: nova/compute/manager.py: `stop_instance`, `start_instance`, `pause_instance`, `reboot_instance` and others.
"""

from __future__ import annotations

from collections.abc import Callable

from oslearn.core.nova.compute.events import InfoCache
from oslearn.core.nova.compute.manager import Journal
from oslearn.core.nova.objects import Instance
from oslearn.core.nova.virt.libvirt import RUNNING
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.compute.attempts import Attempts, Guests
from oslearn.extensions.nova.virt.libvirt import LibvirtOperations


class PowerActions:
    """The endpoint that keeps instances where they are."""

    def __init__(
        self,
        journal: Journal,
        attempts: Attempts,
        guests: Guests,
        info_cache: InfoCache,
        virt: LibvirtOperations,
    ) -> None:
        self.journal, self.attempts, self.guests = journal, attempts, guests
        self.info_cache, self.driver, self.virt = info_cache, virt.driver, virt

    def _change(
        self, context: RPCContext, instance: Instance, name: str, act: Callable[[], None], vm_state: str, **more: object
    ) -> None:
        with self.attempts.begin(context, instance, name):
            act()
            power_state = self.virt.get_info(instance["uuid"])
            self.journal.save(context, instance, power_state=power_state, vm_state=vm_state, task_state=None, **more)

    def stop_instance(self, context: RPCContext, instance: Instance, clean_shutdown: bool = True) -> None:
        """Take its power."""
        self._change(context, instance, "stop_instance", lambda: self.virt.power_off(instance), "stopped")

    def start_instance(self, context: RPCContext, instance: Instance) -> None:
        """Give it power."""
        self._change(context, instance, "start_instance", lambda: self.guests.power_on(context, instance), "active")

    def restore_instance(self, context: RPCContext, instance: Instance) -> None:
        """Start it again, for it is not to be deleted after all."""
        self._change(context, instance, "restore_instance", lambda: self.guests.power_on(context, instance), "active")

    def pause_instance(self, context: RPCContext, instance: Instance) -> None:
        """Keep its vCPUs from running."""
        self._change(context, instance, "pause_instance", lambda: self.virt.pause(instance), "paused")

    def unpause_instance(self, context: RPCContext, instance: Instance) -> None:
        """Let them run."""
        self._change(context, instance, "unpause_instance", lambda: self.virt.unpause(instance), "active")

    def suspend_instance(self, context: RPCContext, instance: Instance) -> None:
        """Write its memory to the disk."""
        self._change(context, instance, "suspend_instance", lambda: self.virt.suspend(instance), "suspended")

    def resume_instance(self, context: RPCContext, instance: Instance) -> None:
        """Read it back."""
        self._change(context, instance, "resume_instance", lambda: self.guests.power_on(context, instance), "active")

    def rescue_instance(
        self, context: RPCContext, instance: Instance, rescue_password: str, rescue_image_ref: str | None
    ) -> None:
        """Boot it from another image."""

        def act() -> None:
            image, vifs, volumes = self.guests.find(context, instance)
            self.virt.rescue(instance, {"id": rescue_image_ref or image.get("id", "")}, vifs, volumes)

        self._change(
            context, instance, "rescue_instance", act, "rescued", launched_at=self.journal.clock.now().isoformat()
        )

    def unrescue_instance(self, context: RPCContext, instance: Instance) -> None:
        """Boot it from its own disk."""

        def act() -> None:
            self.driver.destroy(instance["uuid"])
            self.guests.power_on(context, instance)

        self._change(context, instance, "unrescue_instance", act, "active")

    def reboot_instance(
        self, context: RPCContext, instance: Instance, reboot_type: str, block_device_info: object = None
    ) -> None:
        """SOFT asks the guest; HARD takes its power and builds the domain anew."""
        suffix = "" if reboot_type == "SOFT" and instance["vm_state"] == "active" else "_hard"
        with self.attempts.begin(context, instance, "reboot_instance"):
            guest = self.guests.find(context, instance, check=True)
            self.info_cache.refresh(context, instance)
            self.journal.save(context, instance, task_state=f"reboot_pending{suffix}", power_state=RUNNING)
            self.journal.save(context, instance, task_state=f"reboot_started{suffix}")
            self.virt.reboot(instance, *guest, reboot_type="HARD" if suffix else "SOFT")
            self.journal.save(context, instance, power_state=RUNNING, vm_state="active", task_state=None)
