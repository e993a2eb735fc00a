"""The hypervisor seam: what nova-compute asks of a host's hypervisor.

Interface: `ComputeDriver`.
Upstream: nova/virt/driver.py.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

NOSTATE, RUNNING = 0, 1
"""Power states. Upstream: nova/compute/power_state.py."""


class ComputeDriver(ABC):
    """A hypervisor. `uuid` is an instance's; memory is in MiB, disk in GiB."""

    @abstractmethod
    def get_available_resource(self) -> dict[str, Any]:
        """The host's capacity: vcpus, memory_mb, local_gb, hypervisor_type, supported_instances."""

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
