"""nova-api: the zones that hosts are in.

Upstream: nova/api/openstack/compute/availability_zone.py; nova/availability_zones.py.
"""

from __future__ import annotations

from oslearn.core.nova.api.views import micro
from oslearn.core.nova.objects import Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request
from oslearn.extensions.nova.api.services import INTERNAL, ServiceStates
from oslearn.extensions.nova.db.api import ExtendedDB

RULES: dict[str, policy.Rule] = {"os_compute_api:os-availability-zone:detail": policy.admin}


class AvailabilityZones:
    """Zones, by what runs in them."""

    def __init__(self, db: ExtendedDB, states: ServiceStates) -> None:
        self.db, self.states = db, states

    def index(self, req: Request) -> Body:
        """The zones that a server can be put into. 200, 401."""
        return {
            "availabilityZoneInfo": [zone | {"hosts": None} for zone in self._zones() if zone["zoneName"] != INTERNAL]
        }

    def detail(self, req: Request) -> Body:
        """All zones with their hosts. 200, 401, 403."""
        return {"availabilityZoneInfo": self._zones()}

    def _zones(self) -> list[Values]:
        """The zones by name; those in which everything is disabled come last, without hosts."""
        zones, found = self.db.hosts.zones(), dict[str, Values]()
        for row in self.db.services.get():
            hosts = found.setdefault(self.states.zone(row, zones), {})
            if not row.disabled:
                state = {
                    "available": self.states.alive(row),
                    "active": True,
                    "updated_at": micro(row.created_at.isoformat()),
                }
                hosts.setdefault(row.host, {})[row.binary] = state
        return [
            {"zoneName": zone, "zoneState": {"available": bool(hosts)}, "hosts": hosts or None}
            for zone, hosts in sorted(found.items(), key=lambda item: (not item[1], item[0]))
        ]
