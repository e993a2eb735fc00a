"""nova-api: flavors, the sizes that a server can have.

Upstream: nova/api/openstack/compute/flavors.py, flavor_manage.py.
"""

from __future__ import annotations

from typing import Any

from oslearn.nova.api import schemas, views
from oslearn.nova.api.base import Controller
from oslearn.nova.exception import FlavorNotFound
from oslearn.oslo import policy
from oslearn.oslo.schema import check
from oslearn.oslo.wsgi import Reply, Request, Route

ROUTES: list[Route] = [
    ("GET", "/v2.1/flavors", "list_flavors"),
    ("GET", "/v2.1/flavors/detail", "list_flavors_detail"),
    ("POST", "/v2.1/flavors", "create_flavor"),
    ("GET", "/v2.1/flavors/{flavor_id}", "show_flavor"),
    ("DELETE", "/v2.1/flavors/{flavor_id}", "delete_flavor"),
]
RULES: dict[str, policy.Rule] = {
    "os_compute_api:os-flavor-manage:create": policy.admin,
    "os_compute_api:os-flavor-manage:delete": policy.admin,
}


class Flavors(Controller):
    """Handlers."""

    def list_flavors(self, req: Request) -> dict[str, Any]:
        """Flavors, short. 200, 401."""
        keys = ("id", "name", "links") + (("description",) if req.microversion >= (2, 55) else ())
        return {"flavors": [{k: f[k] for k in keys} for f in self.list_flavors_detail(req)["flavors"]]}

    def list_flavors_detail(self, req: Request) -> dict[str, Any]:
        """Flavors, whole. 200, 401."""
        rows = [row for row in self.db.flavor_get_all() if row.is_public or req.caller.is_admin]
        return {"flavors": [views.flavor(req, row) for row in rows]}

    def show_flavor(self, req: Request, flavor_id: str) -> dict[str, Any]:
        """One flavor. 200, 401, 404."""
        flavor = self.db.flavor_get_by_flavor_id(flavor_id)
        if not flavor.is_public and not req.caller.is_admin:
            raise FlavorNotFound(flavor_id=flavor_id)
        return {"flavor": views.flavor(req, flavor)}

    def create_flavor(self, req: Request) -> dict[str, Any]:
        """A new flavor. 200, 400, 401, 403, 409."""
        self.policy.enforce(req.caller, "os_compute_api:os-flavor-manage:create")
        given = check(req.json_body(), schemas.CREATE_FLAVOR)["flavor"]
        values = {
            "flavorid": self.ids.uuid() if given.get("id") in (None, "auto") else given["id"],
            "name": given["name"],
            "memory_mb": given["ram"],
            "vcpus": given["vcpus"],
            "root_gb": given["disk"],
            "swap": given.get("swap", 0),
            "ephemeral_gb": given.get("OS-FLV-EXT-DATA:ephemeral", 0),
            "is_public": given.get("os-flavor-access:is_public", True),
            "description": given.get("description"),
        }
        return {"flavor": views.flavor(req, self.db.flavor_create(values))}

    def delete_flavor(self, req: Request, flavor_id: str) -> Reply:
        """Delete a flavor. 202, 401, 403, 404."""
        self.policy.enforce(req.caller, "os_compute_api:os-flavor-manage:delete")
        self.db.flavor_destroy(flavor_id)
        return Reply(202)
