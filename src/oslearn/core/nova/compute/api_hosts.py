"""What nova-api asks about compute hosts. Upstream: nova/compute/api.py, `HostAPI`; nova/availability_zones.py."""

from __future__ import annotations

from collections.abc import Callable

from oslearn.core.nova.db.api import NovaDB
from oslearn.core.oslo.exception import BadRequest


class HostAPI:
    """Which hosts there are, and which of them serve."""

    def __init__(self, db: NovaDB, serves: Callable[[str, str], bool], default_zone: str) -> None:
        """`serves` says of a topic and a host whether that process answers; `default_zone` has who is in no other."""
        self.db, self.serves, self.default_zone = db, serves, default_zone

    def is_up(self, host: str) -> bool:
        """Its nova-compute serves, and no operator has forced it down."""
        return self.serves("compute", host) and not self.db.services.forced_down(host)

    def check(self, host: str) -> None:
        """Raises BadRequest if there is no such compute host."""
        if host not in {node.host for node in self.db.hosts.get_all()}:
            raise BadRequest(f"Compute host {host} could not be found.")

    def zones(self) -> set[str]:
        """The availability zones that have hosts."""
        zones = self.db.hosts.zones()
        return {zones.get(node.host, self.default_zone) for node in self.db.hosts.get_all()}
