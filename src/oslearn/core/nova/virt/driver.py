"""The hypervisor seam: what nova-compute asks of a host's hypervisor.

Interface: `ComputeDriver`.
Upstream: nova/virt/driver.py.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from oslearn.core.nova.network.model import VIF

NOSTATE, RUNNING, PAUSED, SHUTDOWN, CRASHED, SUSPENDED = 0, 1, 3, 4, 6, 7
"""Power states. Upstream: nova/compute/power_state.py."""


class ComputeDriver(ABC):
    """A hypervisor. `uuid` is an instance's; memory is in MiB, disk in GiB."""

    @abstractmethod
    def get_available_resource(self) -> dict[str, Any]:
        """The host's capacity: vcpus, memory_mb, local_gb, hypervisor_type, supported_instances."""

    @abstractmethod
    def update_provider_tree(self) -> dict[str, Any]:
        """What the host offers in Placement: `inventories` and `traits`."""

    @abstractmethod
    def get_volume_connector(self, instance: dict[str, Any]) -> dict[str, Any]:
        """How the host presents itself to a storage backend."""

    @abstractmethod
    def spawn(self, instance: dict[str, Any], image: dict[str, Any], network_info: Any, block_devices: Any) -> None:
        """Create and start the domain. Raises HypervisorError."""

    @abstractmethod
    def destroy(self, uuid: str) -> None:
        """Stop and remove the domain, if it is there."""

    @abstractmethod
    def list_instance_uuids(self) -> list[str]:
        """The domains that exist."""

    @abstractmethod
    def get_info(self, uuid: str) -> int:
        """A domain's power state."""

    @abstractmethod
    def power_on(self, instance: dict[str, Any], image: dict[str, Any], network_info: Any, block_devices: Any) -> None:
        """Start the domain, or make it if it is not there; one whose memory is on the disk goes on where it was."""

    @abstractmethod
    def power_off(self, instance: dict[str, Any]) -> None:
        """Stop the domain, and keep it."""

    @abstractmethod
    def reboot(
        self,
        instance: dict[str, Any],
        image: dict[str, Any],
        network_info: Any,
        block_devices: Any,
        *,
        reboot_type: str,
    ) -> None:
        """SOFT: ask the guest. HARD: make the domain anew."""

    @abstractmethod
    def rescue(self, instance: dict[str, Any], image: dict[str, Any], network_info: Any, block_devices: Any) -> None:
        """Start the domain from another image."""

    @abstractmethod
    def pause(self, instance: dict[str, Any]) -> None:
        """Keep the vCPUs from running."""

    @abstractmethod
    def unpause(self, instance: dict[str, Any]) -> None:
        """Let them run."""

    @abstractmethod
    def suspend(self, instance: dict[str, Any]) -> None:
        """Write the memory to the disk."""

    @abstractmethod
    def attach_volume(self, connection_info: dict[str, Any], instance: dict[str, Any], device: dict[str, Any]) -> None:
        """Plug a volume in."""

    @abstractmethod
    def detach_volume(self, instance: dict[str, Any], volume_id: str) -> None:
        """Pull a volume out, if it is in."""

    @abstractmethod
    def attach_interface(self, instance: dict[str, Any], vif: VIF) -> None:
        """Plug a port in."""

    @abstractmethod
    def detach_interface(self, instance: dict[str, Any], vif: VIF) -> None:
        """Pull a port out, if it is in."""

    @abstractmethod
    def snapshot(self, instance: dict[str, Any]) -> bytes:
        """The disk as it is now."""

    @abstractmethod
    def set_admin_password(self, instance: dict[str, Any], password: str) -> None:
        """Have the guest's agent change it."""

    @abstractmethod
    def trigger_crash_dump(self, instance: dict[str, Any]) -> None:
        """Send an interrupt that cannot be masked."""

    @abstractmethod
    def get_console_output(self, instance: dict[str, Any]) -> str:
        """What the guest wrote to its serial port."""

    @abstractmethod
    def get_host_uptime(self) -> str:
        """How long the host runs, as its own command says it."""

    @abstractmethod
    def get_diagnostics(self, instance: dict[str, Any]) -> dict[str, Any]:
        """What the hypervisor counts of a domain."""

    @abstractmethod
    def get_instance_diagnostics(self, instance: dict[str, Any]) -> dict[str, Any]:
        """The same in words that all hypervisors share."""
