"""The compute hosts that there are, and their zones.

Upstream: nova/compute/api.py, `HostAPI`; nova/availability_zones.py.
"""

from __future__ import annotations

from oslearn.core.oslo.exception import BadRequest
from oslearn.extensions.nova.db.api import ExtendedDB


class Places:
    """Where an instance can be asked to go."""

    def __init__(self, db: ExtendedDB, default_zone: str) -> None:
        """`default_zone` has who is in no other."""
        self.db, self.default_zone = db, default_zone

    def check_host(self, host: str) -> None:
        """Raises BadRequest if there is no such compute host."""
        if host not in {node.host for node in self.db.hosts.get_all()}:
            raise BadRequest(f"Compute host {host} could not be found.")

    def zone(self, host: str) -> str:
        """The zone of a host."""
        return self.db.hosts.zones().get(host, self.default_zone)

    def zones(self) -> set[str]:
        """The availability zones that have hosts."""
        zones = self.db.hosts.zones()
        return {zones.get(node.host, self.default_zone) for node in self.db.hosts.get_all()}
