"""nova-api: flavors, the sizes that a server can have; their extra specs, and the projects that may use a hidden one.

Upstream: nova/api/openstack/compute/{flavors,flavors_extraspecs,flavor_access}.py.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.nova.api.base import Controller
from oslearn.core.nova.api.listing import is_true
from oslearn.core.nova.api.paging import PAGING, limit, links, many, query, within
from oslearn.core.nova.api.schemas import BOOLEAN, DESCRIPTION, NAME
from oslearn.core.nova.api.validation import V, check_body, check_query, strict
from oslearn.core.nova.api.views import links as own_links
from oslearn.core.nova.db.api_models import Flavor
from oslearn.core.oslo import policy
from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.route import Entry
from oslearn.extensions.nova.api import extra_specs

FLAVOR = "/v2.1/flavors/{flavor_id}"
ROUTES: list[Entry] = [
    ("GET", "/v2.1/flavors", "list_flavors"),
    ("GET", "/v2.1/flavors/detail", "list_flavors_detail"),
    ("POST", "/v2.1/flavors", "create_flavor"),
    ("GET", FLAVOR, "show_flavor"),
    ("PUT", FLAVOR, "update_flavor"),
    ("DELETE", FLAVOR, "delete_flavor"),
    ("POST", f"{FLAVOR}/action", "act_on_flavor"),
    ("GET", f"{FLAVOR}/os-flavor-access", "list_flavor_access"),
    ("GET", f"{FLAVOR}/os-extra_specs", "list_extra_specs"),
    ("POST", f"{FLAVOR}/os-extra_specs", "create_extra_specs"),
    ("GET", f"{FLAVOR}/os-extra_specs/{{key}}", "show_extra_spec"),
    ("PUT", f"{FLAVOR}/os-extra_specs/{{key}}", "update_extra_spec"),
    ("DELETE", f"{FLAVOR}/os-extra_specs/{{key}}", "delete_extra_spec"),
]
RULES: dict[str, policy.Rule] = dict.fromkeys(
    [f"os_compute_api:os-flavor-extra-specs:{verb}" for verb in ("index", "show")], policy.project_reader
)
RULES |= dict.fromkeys(
    [
        f"os_compute_api:os-flavor-{name}"
        for name in (
            "manage:create", "manage:update", "manage:delete", "access", "access:add_tenant_access",
            "access:remove_tenant_access", "extra-specs:create", "extra-specs:update", "extra-specs:delete",
        )
    ],
    policy.admin,
)  # fmt: skip
AMOUNT = {"type": ["integer", "string"], "pattern": "^[0-9]+$", "maximum": 2**31 - 1, "minLength": 1}
POSITIVE, WHOLE = AMOUNT | {"minimum": 1}, AMOUNT | {"minimum": 0}
COLUMNS = {
    "id": "flavorid", "name": "name", "ram": "memory_mb", "vcpus": "vcpus", "disk": "root_gb", "swap": "swap",
    "OS-FLV-EXT-DATA:ephemeral": "ephemeral_gb", "rxtx_factor": "rxtx_factor",
    "os-flavor-access:is_public": "is_public", "description": "description",
}  # fmt: skip
AMOUNTS = ("memory_mb", "vcpus", "root_gb", "swap", "ephemeral_gb")
FIELDS = {
    "id": {"type": ["string", "number", "null"], "minLength": 1, "maxLength": 255,
           "pattern": "^(?! )[a-zA-Z0-9. _-]+(?<! )$"},
    "name": NAME,
    **dict.fromkeys(("ram", "vcpus"), POSITIVE),
    **dict.fromkeys(("disk", "swap", "OS-FLV-EXT-DATA:ephemeral"), WHOLE),
    "rxtx_factor": {"type": ["number", "string"], "pattern": r"^[0-9]+(\.[0-9]+)?$", "exclusiveMinimum": 0,
                    "maximum": 3.40282e38},
    "os-flavor-access:is_public": BOOLEAN,
    "description": V(DESCRIPTION | {"maxLength": 65535}, 55),
}  # fmt: skip
CREATE = strict({"flavor": strict(FIELDS, ["name", "ram", "vcpus", "disk"])}, ["flavor"])
UPDATE = strict({"flavor": strict({"description": FIELDS["description"]}, ["description"])}, ["flavor"])
LIST_QUERY = query(PAGING | dict.fromkeys(("is_public", "minRam", "minDisk", "sort_key", "sort_dir"), many()))
SPEC = {"type": ["string", "number"], "maxLength": 255}
SPECS = {"type": "object", "patternProperties": {"^[a-zA-Z0-9-_:.]{1,255}$": SPEC}, "additionalProperties": False}
CREATE_SPECS = strict({"extra_specs": SPECS}, ["extra_specs"])
UPDATE_SPEC = SPECS | {"minProperties": 1, "maxProperties": 1}
PROJECT_ID = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9-]*$"}
ACCESS = {
    action: (rule, strict({action: strict({"tenant": PROJECT_ID}, ["tenant"])}, [action]))
    for action, rule in (("addTenantAccess", "add_tenant_access"), ("removeTenantAccess", "remove_tenant_access"))
}
"""Rule and body of each action."""


class Flavors(Controller):
    """Handlers."""

    def list_flavors(self, req: Request) -> dict[str, Any]:
        """Flavors, short. 200, 400, 401."""
        keys = ("id", "name", "links") + (("description",) if req.microversion >= (2, 55) else ())
        page = self.list_flavors_detail(req)
        return page | {"flavors": [{k: f[k] for k in keys} for f in page["flavors"]]}

    def list_flavors_detail(self, req: Request) -> dict[str, Any]:
        """Flavors, whole. 200, 400, 401."""
        check_query(req, LIST_QUERY)
        asked, admin = req.query, req.caller.is_admin
        try:
            rows = self.db.flavors.page(
                None if admin else req.caller.project_id or "",
                is_public(asked.get("is_public")) if admin else None,
                {column: floor(asked, name) for name, column in (("minRam", "memory_mb"), ("minDisk", "root_gb"))},
                (asked.get("sort_key") or "flavorid", asked.get("sort_dir") or "asc"),
                limit(req),
                asked.get("marker"),
            )
        except KeyError:
            raise BadRequest("Sort key supplied was not valid.") from None
        page = {"flavors": [view(req, row) for row in rows]}
        return page | links(req, "flavors", [row.flavorid for row in rows])

    def show_flavor(self, req: Request, flavor_id: str) -> dict[str, Any]:
        """One flavor. 200, 401, 404."""
        return {"flavor": view(req, self._flavor(req, flavor_id))}

    def create_flavor(self, req: Request) -> dict[str, Any]:
        """A new flavor. 200, 400, 401, 403, 409."""
        self.allow(req, "os-flavor-manage:create")
        given = check_body(req, CREATE)["flavor"]
        values = {column: given[key] for key, column in COLUMNS.items() if given.get(key) is not None}
        values |= {name: int(values[name]) for name in AMOUNTS if name in values}
        values["flavorid"] = str(values.get("flavorid") or self.ids.uuid())
        values["rxtx_factor"] = float(values.get("rxtx_factor", 1.0))
        values["is_public"] = is_true(values.get("is_public", True))
        return {"flavor": view(req, self.db.flavors.create(values))}

    def update_flavor(self, req: Request, flavor_id: str) -> dict[str, Any]:
        """Change the description. 200, 400, 401, 403, 404."""
        within(req, 55)
        self.allow(req, "os-flavor-manage:update")
        given = check_body(req, UPDATE)["flavor"]
        return {"flavor": view(req, self.db.flavors.update(flavor_id, given))}

    def delete_flavor(self, req: Request, flavor_id: str) -> Reply:
        """Delete a flavor. 202, 401, 403, 404."""
        self.allow(req, "os-flavor-manage:delete")
        self.db.flavors.destroy(flavor_id)
        return Reply(202)

    def list_flavor_access(self, req: Request, flavor_id: str) -> dict[str, Any]:
        """The projects that may use a hidden flavor. 200, 401, 403, 404."""
        self.allow(req, "os-flavor-access")
        flavor = self._flavor(req, flavor_id)
        if flavor.is_public:
            raise NotFound("Access list not available for public flavors.")
        return self._flavor_access(flavor)

    def act_on_flavor(self, req: Request, flavor_id: str) -> dict[str, Any]:
        """Let a project use a hidden flavor, or no longer. 200, 400, 401, 403, 404, 409."""
        body = req.json_body()
        action = next((name for name in ACCESS if name in body), None)
        if action is None:
            raise BadRequest(f"There is no such action: {next(iter(body), None)}")
        rule, schema = ACCESS[action]
        self.allow(req, f"os-flavor-access:{rule}")
        project_id = check_body(req, schema, body)[action]["tenant"]
        self.check_project(req, project_id)
        flavor = self._flavor(req, flavor_id)
        if action == "addTenantAccess":
            if flavor.is_public and req.microversion >= (2, 7):
                raise Conflict("Can not add access to a public flavor.")
            self.db.flavors.add_project(flavor, project_id)
        else:
            self.db.flavors.remove_project(flavor, project_id)
        return self._flavor_access(flavor)

    def list_extra_specs(self, req: Request, flavor_id: str) -> dict[str, Any]:
        """The extra specs. 200, 401, 403, 404."""
        self.allow(req, "os-flavor-extra-specs:index")
        return {"extra_specs": self._flavor(req, flavor_id).extra_specs}

    def create_extra_specs(self, req: Request, flavor_id: str) -> dict[str, Any]:
        """Set some. 200, 400, 401, 403, 404."""
        self.allow(req, "os-flavor-extra-specs:create")
        body: dict[str, Any] = check_body(req, CREATE_SPECS)
        self._set_specs(req, flavor_id, body["extra_specs"])
        return body

    def show_extra_spec(self, req: Request, flavor_id: str, key: str) -> dict[str, Any]:
        """One extra spec. 200, 401, 403, 404."""
        self.allow(req, "os-flavor-extra-specs:show")
        return {key: self._spec(self._flavor(req, flavor_id), key)}

    def update_extra_spec(self, req: Request, flavor_id: str, key: str) -> dict[str, Any]:
        """Set one. 200, 400, 401, 403, 404."""
        self.allow(req, "os-flavor-extra-specs:update")
        body: dict[str, Any] = check_body(req, UPDATE_SPEC)
        if key not in body:
            raise BadRequest("Request body and URI mismatch")
        self._set_specs(req, flavor_id, body)
        return body

    def delete_extra_spec(self, req: Request, flavor_id: str, key: str) -> Reply:
        """Take one away. 200, 401, 403, 404."""
        self.allow(req, "os-flavor-extra-specs:delete")
        flavor = self._flavor(req, flavor_id)
        self._spec(flavor, key)
        self.db.flavors.delete_extra_spec(flavor, key)
        return Reply(200)

    def _flavor(self, req: Request, flavor_id: str) -> Flavor:
        """A flavor that the caller may see; a hidden one is not there for others."""
        return self.db.flavors.get(flavor_id, None if req.caller.is_admin else req.caller.project_id or "")

    def _flavor_access(self, flavor: Flavor) -> dict[str, Any]:
        projects = self.db.flavors.projects(flavor)
        return {"flavor_access": [{"flavor_id": flavor.flavorid, "tenant_id": project} for project in projects]}

    def _set_specs(self, req: Request, flavor_id: str, specs: dict[str, Any]) -> None:
        for key, value in specs.items():
            size = len(str(value))
            if size > 255:
                raise BadRequest(f"Invalid input received: extra_specs value has {size} characters, more than 255.")
            if req.microversion >= (2, 86):
                extra_specs.validate(key, str(value))
        self.db.flavors.set_extra_specs(self._flavor(req, flavor_id), {k: str(v) for k, v in specs.items()})

    def _spec(self, flavor: Flavor, key: str) -> str:
        if key not in flavor.extra_specs:
            raise NotFound(f"Flavor {flavor.flavorid} has no extra specs with key {key}.")
        return flavor.extra_specs[key]


def view(req: Request, row: Flavor) -> dict[str, Any]:
    """A flavor: memory and swap in MiB, disks in GiB."""
    shown = {
        "id": row.flavorid,
        "name": row.name,
        "ram": row.memory_mb,
        "disk": row.root_gb,
        "swap": row.swap or ("" if req.microversion < (2, 75) else 0),
        "OS-FLV-EXT-DATA:ephemeral": row.ephemeral_gb,
        "OS-FLV-DISABLED:disabled": row.disabled,
        "vcpus": row.vcpus,
        "os-flavor-access:is_public": row.is_public,
        "rxtx_factor": row.rxtx_factor,
        "links": own_links(req, "flavors", row.flavorid),
    }
    shown |= {"description": row.description} if req.microversion >= (2, 55) else {}
    return shown | ({"extra_specs": row.extra_specs} if req.microversion >= (2, 61) else {})


def is_public(text: str | None) -> bool | None:
    """Public flavors, hidden ones, or (None) both. Raises BadRequest."""
    if text is not None and text.lower() == "none":
        return None
    try:
        return text is None or is_true(text, strict=True)
    except BadRequest:
        raise BadRequest(f"Invalid is_public filter [{text}]") from None


def floor(asked: dict[str, str], name: str) -> int:
    """What a flavor has at least. Raises BadRequest."""
    try:
        return int(asked.get(name, 0))
    except ValueError:
        raise BadRequest(f"Invalid {name} filter [{asked[name]}]") from None
