"""nova-api: servers, flavors, hosts and services over HTTP.

Interface: `build(...)` → the application.
Invariants: another project's server is not found, and nobody learns that it exists.
Upstream: nova/api/openstack/compute/servers.py, flavors.py, hypervisors.py, services.py. Left out: server actions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.exc import IntegrityError

from oslearn.config import Config
from oslearn.nova.api import schemas, views
from oslearn.nova.compute.api import API
from oslearn.nova.db.api import NovaDB
from oslearn.nova.exception import FlavorNotFound
from oslearn.oslo import policy
from oslearn.oslo.clock import Ids
from oslearn.oslo.exception import BadRequest, Conflict, NotFound
from oslearn.oslo.microversion import Microversions
from oslearn.oslo.schema import check
from oslearn.oslo.wsgi import Application, Reply, Request, Route

MAX_LIMIT = 1000
ROUTES: list[Route] = [
    ("GET", "/", "list_versions"),
    ("GET", "/v2.1", "show_version"),
    ("POST", "/v2.1/servers", "create_server"),
    ("GET", "/v2.1/servers", "list_servers"),
    ("GET", "/v2.1/servers/detail", "list_servers_detail"),
    ("GET", "/v2.1/servers/{server_id}", "show_server"),
    ("DELETE", "/v2.1/servers/{server_id}", "delete_server"),
    ("GET", "/v2.1/flavors", "list_flavors"),
    ("GET", "/v2.1/flavors/detail", "list_flavors_detail"),
    ("POST", "/v2.1/flavors", "create_flavor"),
    ("GET", "/v2.1/flavors/{flavor_id}", "show_flavor"),
    ("DELETE", "/v2.1/flavors/{flavor_id}", "delete_flavor"),
    ("GET", "/v2.1/os-hypervisors", "list_hypervisors"),
    ("GET", "/v2.1/os-hypervisors/detail", "list_hypervisors"),
    ("GET", "/v2.1/os-services", "list_services"),
    ("PUT", "/v2.1/os-services/{service_id}", "update_service"),
]
RULES: dict[str, policy.Rule] = {
    "os_compute_api:servers:create": policy.project_member,
    "os_compute_api:servers:delete": policy.project_member,
    "os_compute_api:servers:show": policy.project_reader,
    "os_compute_api:servers:index": policy.project_reader,
    "os_compute_api:servers:index:get_all_tenants": policy.admin,
    "os_compute_api:os-flavor-manage:create": policy.admin,
    "os_compute_api:os-flavor-manage:delete": policy.admin,
    "os_compute_api:os-hypervisors:list": policy.admin,
    "os_compute_api:os-services:list": policy.admin,
    "os_compute_api:os-services:update": policy.admin,
}
LEGACY = "X-OpenStack-Nova-API-Version"
UNEXPECTED = (
    "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if "
    "possible.\n{}"
)
MICROVERSIONS = Microversions("compute", (2, 1), (2, 100), LEGACY)


class Api:
    """Handlers."""

    def __init__(self, db: NovaDB, compute: API, is_up: Callable[[str, str], bool], ids: Ids, config: Config) -> None:
        self.db, self.compute, self.is_up, self.ids, self.config = db, compute, is_up, ids, config
        self.policy = policy.Enforcer(RULES)

    def list_versions(self, req: Request) -> dict[str, Any]:
        """The versions there are. 200."""
        return {"versions": [self._version(req)]}

    def show_version(self, req: Request) -> dict[str, Any]:
        """This version. 200."""
        media = {"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}
        return {"version": self._version(req) | {"media-types": [media]}}

    def create_server(self, req: Request) -> Reply:
        """Accept a new server. 202, 400, 401, 403, 409."""
        self.policy.enforce(req.caller, "os_compute_api:servers:create")
        server = check(req.json_body(), schemas.CREATE_SERVER)["server"]
        if server.get("min_count", 1) > server.get("max_count", server.get("min_count", 1)):
            raise BadRequest("min_count must be <= max_count")
        password = server.get("adminPass") or self.ids.password()
        instance = self.compute.create(req.caller, server)[0]
        links = views.links(req, "servers", instance["uuid"])
        groups = [{"name": g["name"]} for g in server.get("security_groups", [{"name": "default"}])]
        body = {
            "id": instance["uuid"],
            "links": links,
            "OS-DCF:diskConfig": "MANUAL",
            "security_groups": groups,
            "adminPass": password,
        }
        return Reply(202, {"server": body}, {"Location": links[0]["href"]})

    def list_servers(self, req: Request) -> dict[str, Any]:
        """Servers, short. 200, 400, 401, 403."""
        return self._page(req, lambda instance: views.basic(req, instance))

    def list_servers_detail(self, req: Request) -> dict[str, Any]:
        """Servers, whole. 200, 400, 401, 403."""
        return self._page(req, lambda instance: without(self._view(req, instance), "server_groups"))

    def show_server(self, req: Request, server_id: str) -> dict[str, Any]:
        """One server. 200, 401, 403, 404."""
        return {"server": self._view(req, self._instance(req, server_id, "show"))}

    def delete_server(self, req: Request, server_id: str) -> None:
        """Delete a server. 204, 401, 403, 404."""
        self.compute.delete(req.caller, self._instance(req, server_id, "delete"))

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
        try:
            return {"flavor": views.flavor(req, self.db.flavor_create(values))}
        except IntegrityError:
            taken = any(row.flavorid == values["flavorid"] for row in self.db.flavor_get_all())
            raise Conflict(
                f"Flavor with {'ID' if taken else 'name'} {values['flavorid' if taken else 'name']} already exists."
            ) from None

    def delete_flavor(self, req: Request, flavor_id: str) -> Reply:
        """Delete a flavor. 202, 401, 403, 404."""
        self.policy.enforce(req.caller, "os_compute_api:os-flavor-manage:delete")
        self.db.flavor_destroy(flavor_id)
        return Reply(202)

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

    def _version(self, req: Request) -> dict[str, Any]:
        return {
            "id": "v2.1",
            "status": "CURRENT",
            "version": "2.100",
            "min_version": "2.1",
            "updated": "2013-07-23T11:33:21Z",
            "links": [
                {"rel": "self", "href": f"{req.prefix}/v2.1/"},
                {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"},
            ],
        }

    def _instance(self, req: Request, uuid: str, verb: str) -> dict[str, Any]:
        instance = self.db.instance_get_by_uuid(uuid, None if req.caller.is_admin else req.caller.project_id)
        self.policy.enforce(req.caller, f"os_compute_api:servers:{verb}", instance)
        return instance

    def _view(self, req: Request, instance: dict[str, Any]) -> dict[str, Any]:
        fault = self.db.instance_fault_get(instance["uuid"]) if instance["vm_state"] == "error" else None
        return views.server(req, instance, fault, self.db.block_device_mapping_get_all(instance["uuid"]))

    def _page(self, req: Request, view: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        """The servers that the query asks for, from `marker` on, `limit` of them."""
        self.policy.enforce(req.caller, "os_compute_api:servers:index")
        query = req.query
        everyone = query.get("all_tenants", "0").lower() in ("1", "true", "")
        if everyone:
            self.policy.enforce(req.caller, "os_compute_api:servers:index:get_all_tenants")
        rows = self.db.instance_get_all(None if everyone else req.caller.project_id)
        rows = [
            row
            for row in rows
            if query.get("name", "") in row["display_name"]
            and query.get("status", views.STATUS[row["vm_state"]]).upper() == views.STATUS[row["vm_state"]]
        ]
        shown = after_marker(rows, query)
        page: dict[str, Any] = {"servers": [view(row) for row in shown]}
        if shown and len(shown) == int(query.get("limit", MAX_LIMIT)):
            href = f"{req.prefix}{req.path}?{urlencode(query | {'marker': shown[-1]['uuid']})}"
            page["servers_links"] = [{"rel": "next", "href": href}]
        return page


def without(shown: dict[str, Any], key: str) -> dict[str, Any]:
    """A view without one field, which only a single server shows."""
    return {k: v for k, v in shown.items() if k != key}


def after_marker(rows: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
    """The rows behind `marker`, at most `limit`. Raises BadRequest."""
    limit, marker = query.get("limit", str(MAX_LIMIT)), query.get("marker")
    if not re.fullmatch("[0-9]+", limit):
        raise BadRequest(
            f"Invalid input for query parameters limit. Value: {limit}. '{limit}' does not match '^[0-9]*$'"
        )
    if marker is not None:
        place = next((n for n, row in enumerate(rows) if row["uuid"] == marker), None)
        if place is None:
            raise BadRequest(f"marker [{marker}] not found")
        rows = rows[place + 1 :]
    return rows[: min(int(limit), MAX_LIMIT)]


def build(
    db: NovaDB, compute: API, is_up: Callable[[str, str], bool], ids: Ids, config: Config, middleware: list[Any]
) -> Application:
    """nova-api's application."""
    fault = views.fault(f"{config.endpoint('identity')}/v3")
    api, layers = Api(db, compute, is_up, ids, config), [MICROVERSIONS, *middleware]
    return Application(api, ROUTES, fault, ids, layers, unexpected=UNEXPECTED)
