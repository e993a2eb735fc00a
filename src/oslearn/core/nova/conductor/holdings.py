"""What is held elsewhere for an instance: its claim in Placement, its ports in Neutron, its attachments in Cinder.

Interface: `Holdings.give_back(uuid)`.
Invariants: a port that the user made stays; what cannot be given back now is found again by who looks after a failure.
Upstream: nova/conductor/manager.py, `_cleanup_allocated_networks`, `_cleanup_when_reschedule_fails`.
"""

from __future__ import annotations

from collections.abc import Callable

from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.attempts import try_each


class Holdings:
    """Gives back what was taken for instances."""

    def __init__(
        self, db: NovaDB, placement: SchedulerReportClient | None, network_api: NetworkAPI, volume_api: VolumeAPI
    ) -> None:
        """`placement` is None where nobody claims anything, as in 2013."""
        self.db, self.placement, self.network_api, self.volume_api = db, placement, network_api, volume_api

    def give_back(self, uuid: str) -> None:
        """Each part is tried, whatever became of the others."""
        parts: list[Callable[[], object]] = [
            lambda: self.network_api.deallocate_for_instance(uuid, self.users_ports(uuid)),
            lambda: self.volume_api.detach_all(uuid),
        ]
        if placement := self.placement:
            parts.insert(0, lambda: placement.delete_allocation_for_instance(uuid))
        try_each(parts, f"Clean-up of instance {uuid} is not complete")

    def users_ports(self, uuid: str) -> list[str]:
        """The ports that the user made and named in the boot: they stay."""
        return self.db.specs.get(uuid).get("requested_ports", [])
