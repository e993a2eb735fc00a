"""nova-api: compute hosts and Nova's processes, for operators.

Upstream: nova/api/openstack/compute/hypervisors.py, services.py.
"""

from __future__ import annotations

from typing import Any

from oslearn.nova.api import schemas, views
from oslearn.nova.api.base import Controller
from oslearn.oslo import policy
from oslearn.oslo.exception import NotFound
from oslearn.oslo.schema import check
from oslearn.oslo.wsgi import Request, Route

ROUTES: list[Route] = [
    ("GET", "/v2.1/os-hypervisors", "list_hypervisors"),
    ("GET", "/v2.1/os-hypervisors/detail", "list_hypervisors"),
    ("GET", "/v2.1/os-services", "list_services"),
    ("PUT", "/v2.1/os-services/{service_id}", "update_service"),
]
RULES: dict[str, policy.Rule] = {
    "os_compute_api:os-hypervisors:list": policy.admin,
    "os_compute_api:os-services:list": policy.admin,
    "os_compute_api:os-services:update": policy.admin,
}


class Hosts(Controller):
    """Handlers."""

    def list_hypervisors(self, req: Request) -> dict[str, Any]:
        """Hosts with their capacity. 200, 401, 403."""
        self.policy.enforce(req.caller, "os_compute_api:os-hypervisors:list")
        services = {s.host: s for s in self.db.service_get_all() if s.binary == "nova-compute"}
        rows = [
            views.hypervisor(row, services[row.host], self.is_up("compute", row.host))
            for row in self.db.compute_node_get_all()
        ]
        if not req.path.endswith("/detail"):
            rows = [{k: row[k] for k in ("id", "hypervisor_hostname", "state", "status")} for row in rows]
        return {"hypervisors": rows}

    def list_services(self, req: Request) -> dict[str, Any]:
        """Nova's processes. 200, 401, 403."""
        self.policy.enforce(req.caller, "os_compute_api:os-services:list")
        return {"services": [self._service(row) for row in self.db.service_get_all()]}

    def update_service(self, req: Request, service_id: str) -> dict[str, Any]:
        """Enable or disable a process. 200, 400, 401, 403, 404."""
        self.policy.enforce(req.caller, "os_compute_api:os-services:update")
        given = check(req.json_body(), schemas.UPDATE_SERVICE)
        values = {"disabled": given.get("status") == "disabled", "disabled_reason": given.get("disabled_reason")}
        service = self.db.service_update(service_id, values)
        if service is None:
            raise NotFound(f"Service {service_id} could not be found.")
        return {"service": self._service(service)}

    def _service(self, row: Any) -> dict[str, Any]:
        zone = self.config.availability_zone if row.binary == "nova-compute" else "internal"
        return views.service(row, zone, self.is_up(row.topic, row.host))
