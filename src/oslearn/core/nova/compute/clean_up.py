"""What an instance has on its host and for it: a domain, ports, attachments.

Interface: `CleanUp`.
Upstream: nova/compute/manager.py, `_shutdown_instance`, `_cleanup_allocated_networks`, `_cleanup_volumes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.virt.driver import ComputeDriver
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.attempts import try_each


class CleanUp:
    """Takes away what a build may have made."""

    def __init__(self, driver: ComputeDriver, network_api: NetworkAPI, volume_api: VolumeAPI) -> None:
        self.driver, self.network_api, self.volume_api = driver, network_api, volume_api

    def __call__(self, uuid: str, kept: Iterable[str] = (), *then: Callable[[], object]) -> None:
        """Each part is tried, and then what else is to be done; the ports that are `kept` are the user's."""
        parts: list[Callable[[], object]] = [
            lambda: self.driver.destroy(uuid),  # first, for a guest must not write to what it no longer has
            lambda: self.volume_api.detach_all(uuid),
            lambda: self.network_api.deallocate_for_instance(uuid, kept),
        ]
        try_each([*parts, *then], left(uuid))


def left(uuid: str) -> str:
    """What the log says when a part fails; the conductor finds what is left."""
    return f"Clean-up of instance {uuid} is not complete"
