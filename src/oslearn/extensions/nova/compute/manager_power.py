"""nova-compute: a guest where it is: stopped, paused, rescued, rebooted; asked, told, and kept as an image.

Interface: the RPC endpoints `PowerActions`, `Snapshots`, `Consoles` and `HostSwitch`; `Uploads.fill`.
Upstream: nova/compute/manager.py: `stop_instance`, `start_instance`, `pause_instance`, `reboot_instance` and others;
`snapshot_instance`, `backup_instance`; `get_console_output`, `get_vnc_console`, `get_diagnostics`, `set_host_enabled`.
"""

from __future__ import annotations

import uuid as uuidlib
from collections.abc import Callable

from oslearn.core.nova.compute.events import InfoCache
from oslearn.core.nova.compute.manager import Journal
from oslearn.core.nova.objects import Instance, Node, Values
from oslearn.core.nova.scheduler.report import DISABLED
from oslearn.core.nova.virt.libvirt import RUNNING
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.compute.attempts import Attempts, Guests
from oslearn.extensions.nova.image.glance import ExtendedImageAPI
from oslearn.extensions.nova.scheduler.report import ExtendedReportClient
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


class Uploads:
    """Disks that become images."""

    def __init__(self, journal: Journal, image_api: ExtendedImageAPI, virt: LibvirtOperations) -> None:
        self.journal, self.image_api, self.virt = journal, image_api, virt

    def fill(self, context: RPCContext, instance: Instance, image_id: str) -> None:
        """Upload the disk; an image that cannot be filled is deleted."""
        self.journal.save(context, instance, task_state="image_snapshot")
        try:
            data = self.virt.snapshot(instance)
            self.journal.save(context, instance, task_state="image_uploading")
            self.image_api.update(context, image_id, {"disk_format": "raw", "container_format": "bare"})
            self.image_api.upload(context, image_id, data)
        except Exception:
            self.image_api.delete(context, image_id)
            raise


class Snapshots:
    """The endpoint that keeps disks."""

    def __init__(self, journal: Journal, attempts: Attempts, uploads: Uploads, image_api: ExtendedImageAPI) -> None:
        self.journal, self.attempts, self.uploads, self.image_api = journal, attempts, uploads, image_api

    def snapshot_instance(self, context: RPCContext, instance: Instance, image_id: str) -> None:
        """Fill an image with the disk."""
        with self.attempts.begin(context, instance, "snapshot_instance"):
            self.uploads.fill(context, instance, image_id)
            self.journal.save(context, instance, task_state=None)

    def backup_instance(
        self, context: RPCContext, instance: Instance, image_id: str, backup_type: str, rotation: int
    ) -> None:
        """Fill an image, and delete the oldest ones of its kind."""
        with self.attempts.begin(context, instance, "backup_instance"):
            self.uploads.fill(context, instance, image_id)
            for old in self.image_api.list_backups(context, instance["uuid"], backup_type)[rotation:]:
                self.image_api.delete(context, old)
            self.journal.save(context, instance, task_state=None)


class Consoles:
    """The endpoint that asks the hypervisor."""

    def __init__(self, journal: Journal, attempts: Attempts, virt: LibvirtOperations, novncproxy_base_url: str) -> None:
        self.journal, self.attempts, self.virt = journal, attempts, virt
        self.novncproxy_base_url = novncproxy_base_url

    def set_admin_password(self, context: RPCContext, instance: Instance, new_pass: str) -> None:
        """Ask the guest to change it."""
        with self.attempts.begin(context, instance, "set_admin_password"):
            self.virt.set_admin_password(instance, new_pass)
            self.journal.save(context, instance, task_state=None)

    def trigger_crash_dump(self, context: RPCContext, instance: Instance) -> None:
        """Send the guest an interrupt that it cannot ignore."""
        with self.attempts.begin(context, instance, "trigger_crash_dump"):
            self.virt.trigger_crash_dump(instance)

    def inject_network_info(self, context: RPCContext, instance: Instance) -> None:
        """Nothing: no driver has injected anything since Xen's left."""

    def get_console_output(self, context: RPCContext, instance: Instance, tail_length: int | None) -> str:
        """The last lines that the guest wrote to its serial port."""
        lines = self.virt.get_console_output(instance).split("\n")
        return "\n".join(lines if tail_length in (None, -1) else lines[len(lines) - min(tail_length, len(lines)) :])

    def get_vnc_console(self, context: RPCContext, instance: Instance, console_type: str) -> Values:
        """Where a browser can see the screen; the token in the address lets it in. Raises BadRequest."""
        if console_type != "novnc":
            raise BadRequest(f"Unavailable console type {console_type}.")
        token = uuidlib.uuid5(uuidlib.UUID(instance["uuid"]), context.request_id)
        url = f"{self.novncproxy_base_url}?path=%3Ftoken%3D{token}"
        return {"token": str(token), "access_url": url, "host": self.journal.host}

    def get_diagnostics(self, context: RPCContext, instance: Instance) -> Values:
        """What the hypervisor counts, in its own names."""
        return self.virt.get_diagnostics(instance)

    def get_instance_diagnostics(self, context: RPCContext, instance: Instance) -> Values:
        """The same in names that every hypervisor shares."""
        return self.virt.get_instance_diagnostics(instance)

    def get_host_uptime(self, context: RPCContext) -> str:
        """How long this host runs."""
        return self.virt.get_host_uptime()


class HostSwitch:
    """The endpoint by which an operator takes a host out of use."""

    def __init__(self, node: Node, placement: ExtendedReportClient | None) -> None:
        """In 2013 there is no `placement`: its scheduler asks the database."""
        self.node, self.placement = node, placement

    def set_host_enabled(self, context: RPCContext, enabled: bool) -> None:
        """An operator took this host out of use, or back: have Placement offer it, or not. Raises TransportError."""
        if self.placement:
            self.placement.set_trait(self.node["uuid"], DISABLED, not enabled)
