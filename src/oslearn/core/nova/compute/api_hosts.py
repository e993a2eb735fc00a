"""Whether a compute host can be told something. Upstream: nova/servicegroup/api.py, `service_is_up`."""

from __future__ import annotations

from collections.abc import Callable

from oslearn.core.nova.db.api import NovaDB


class HostAPI:
    """Says which processes serve."""

    def __init__(self, db: NovaDB, serves: Callable[[str, str], bool]) -> None:
        """`serves` says of a topic and a host whether that process answers."""
        self.db, self.serves = db, serves

    def is_up(self, host: str) -> bool:
        """Its nova-compute serves, and no operator has forced it down."""
        return self.serves("compute", host) and not self.db.services.forced_down(host)
