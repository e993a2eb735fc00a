"""The hypervisor seam: what nova-compute asks of a host's hypervisor.

Interface: `ComputeDriver`; `Disk`, what it needs to know of a volume; the power states.
Upstream: nova/virt/driver.py, nova/compute/power_state.py.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TypedDict

from oslearn.core.nova.network.model import VIF
from oslearn.core.nova.objects import ImageMeta, Instance, Values

NOSTATE, RUNNING, PAUSED, SHUTDOWN, CRASHED, SUSPENDED = 0, 1, 3, 4, 6, 7


class Disk(TypedDict):
    """A volume that is connected to the host: where it is, and where the guest is to see it."""

    volume_id: str | None
    device_name: str | None
    connection_info: Values | None


class ComputeDriver(ABC):
    """A hypervisor. `uuid` is an instance's; memory is in MiB, disk in GiB."""

    @abstractmethod
    def get_available_resource(self) -> Values:
        """The host's capacity: vcpus, memory_mb, local_gb, hypervisor_type, supported_instances."""

    @abstractmethod
    def update_provider_tree(self) -> Values:
        """What the host offers in Placement: `inventories` and `traits`."""

    @abstractmethod
    def get_volume_connector(self, instance: Instance) -> Values:
        """How the host presents itself to a storage backend."""

    @abstractmethod
    def spawn(
        self, instance: Instance, image: ImageMeta, network_info: Iterable[VIF], block_devices: Iterable[Disk]
    ) -> None:
        """Create and start the domain. Raises HypervisorError."""

    @abstractmethod
    def destroy(self, uuid: str) -> None:
        """Stop and remove the domain, if it is there."""

    @abstractmethod
    def list_instance_uuids(self) -> list[str]:
        """The domains that exist."""
