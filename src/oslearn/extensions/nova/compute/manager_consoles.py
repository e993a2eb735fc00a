"""nova-compute: what a host tells of itself and of its guests, and what it tells a guest.

Interface: the RPC endpoints `Consoles` and `HostSwitch`.
Upstream: nova/compute/manager.py: `get_console_output`, `get_vnc_console`, `get_diagnostics`, `set_host_enabled`.
"""

from __future__ import annotations

import uuid as uuidlib

from oslearn.core.nova.compute.manager import Journal
from oslearn.core.nova.objects import Instance, Node, Values
from oslearn.core.nova.scheduler.report import DISABLED
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.compute.attempts import Attempts
from oslearn.extensions.nova.scheduler.report import ExtendedReportClient
from oslearn.extensions.nova.virt.libvirt import LibvirtOperations


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
