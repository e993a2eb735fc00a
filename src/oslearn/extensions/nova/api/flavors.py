"""nova-api: flavors, the sizes that a server can have; their extra specs, and the projects that may use a hidden one.

Upstream: nova/api/openstack/compute/{flavors,flavors_extraspecs,flavor_access}.py.
"""

from __future__ import annotations

from oslearn.core.nova.api.servers import NAME, ServerAccess
from oslearn.core.nova.api.validation import V, check_body, strict
from oslearn.core.nova.api.views import links as own_links
from oslearn.core.nova.db.flavors import Flavor
from oslearn.core.nova.objects import Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.strutils import bool_from_string
from oslearn.extensions.nova.api import extra_specs
from oslearn.extensions.nova.api.common import PAGING, Projects, limit, links, many, query
from oslearn.extensions.nova.api.schemas import BOOLEAN, DESCRIPTION
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.db.flavors import specs_of
from oslearn.extensions.oslo.strutils import strict_bool

RULES: dict[str, policy.Rule] = {
    f"os_compute_api:os-flavor-{name}": rule
    for rule, names in {
        policy.admin: (
            "manage:create", "manage:update", "manage:delete", "access", "access:add_tenant_access",
            "access:remove_tenant_access", "extra-specs:create", "extra-specs:update", "extra-specs:delete",
        ),
        policy.project_reader: ("extra-specs:index", "extra-specs:show"),
    }.items()
    for name in names
}  # fmt: skip
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


class Flavors:
    """Sizes, and who may have them."""

    def __init__(self, access: ServerAccess, db: ExtendedDB, ids: Ids) -> None:
        self.access, self.db, self.ids = access, db, ids

    def index(self, req: Request) -> Body:
        """Ids and names of flavors. 200, 400, 401."""
        keys = ("id", "name", "links") + (("description",) if req.microversion >= (2, 55) else ())
        page = self.detail(req)
        return page | {"flavors": [{k: f[k] for k in keys} for f in page["flavors"]]}

    def detail(self, req: Request) -> Body:
        """Flavors with their amounts. 200, 400, 401."""
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

    def show(self, req: Request, flavor_id: str) -> Body:
        """A flavor with its amounts. 200, 401, 404."""
        return {"flavor": view(req, find(self.db, req, flavor_id))}

    def create(self, req: Request, wanted: Body) -> Body:
        """A new flavor, public unless the body says otherwise. 200, 400, 401, 403, 409."""
        given = wanted["flavor"]
        values = {column: given[key] for key, column in COLUMNS.items() if given.get(key) is not None}
        values |= {name: int(values[name]) for name in AMOUNTS if name in values}
        values["flavorid"] = str(values.get("flavorid") or self.ids.uuid())
        values["rxtx_factor"] = float(values.get("rxtx_factor", 1.0))
        values["is_public"] = bool_from_string(values.get("is_public", True))
        return {"flavor": view(req, self.db.flavors.create(values))}

    def update(self, req: Request, flavor_id: str, wanted: Body) -> Body:
        """Change the description: amounts never change, servers were made by them. 200, 400, 401, 403, 404."""
        return {"flavor": view(req, self.db.flavors.update(flavor_id, wanted["flavor"]))}

    def delete(self, req: Request, flavor_id: str) -> Reply:
        """Delete a flavor; a server keeps its own copy. 202, 401, 403, 404."""
        self.db.flavors.destroy(flavor_id)
        return Reply(202)


class FlavorAccess:
    """The projects that may use a hidden flavor."""

    def __init__(self, access: ServerAccess, db: ExtendedDB, projects: Projects) -> None:
        self.access, self.db, self.projects = access, db, projects

    def index(self, req: Request, flavor_id: str) -> Body:
        """The projects that may use it. 200, 401, 403, 404."""
        flavor = find(self.db, req, flavor_id)
        if flavor.is_public:
            raise NotFound("Access list not available for public flavors.")
        return self._shown(flavor)

    def act(self, req: Request, flavor_id: str) -> Body:
        """Let a project use a hidden flavor, or no longer. 200, 400, 401, 403, 404, 409."""
        body = req.json_body()
        action = next((name for name in ACCESS if name in body), None)
        if action is None:
            raise BadRequest(f"There is no such action: {next(iter(body), None)}")
        rule, schema = ACCESS[action]
        self.access.allow(req, f"os-flavor-access:{rule}")
        project_id = check_body(req, schema, body)[action]["tenant"]
        self.projects.check(req, project_id)
        flavor = find(self.db, req, flavor_id)
        if action == "addTenantAccess":
            if flavor.is_public and req.microversion >= (2, 7):
                raise Conflict("Can not add access to a public flavor.")
            self.db.flavors.add_project(flavor, project_id)
        else:
            self.db.flavors.remove_project(flavor, project_id)
        return self._shown(flavor)

    def _shown(self, flavor: Flavor) -> Body:
        projects = self.db.flavors.projects(flavor)
        return {"flavor_access": [{"flavor_id": flavor.flavorid, "tenant_id": project} for project in projects]}


class FlavorExtraSpecs:
    """What a flavor asks of a host beside its amounts."""

    def __init__(self, db: ExtendedDB) -> None:
        self.db = db

    def index(self, req: Request, flavor_id: str) -> Body:
        """All extra specs of a flavor. 200, 401, 403, 404."""
        return {"extra_specs": specs_of(find(self.db, req, flavor_id))}

    def create(self, req: Request, flavor_id: str, wanted: Body) -> Body:
        """Set several extra specs. 200, 400, 401, 403, 404."""
        self._set_specs(req, flavor_id, wanted["extra_specs"])
        return wanted

    def show(self, req: Request, flavor_id: str, key: str) -> Body:
        """The value of one extra spec. 200, 401, 403, 404."""
        return {key: self._spec(find(self.db, req, flavor_id), key)}

    def update(self, req: Request, flavor_id: str, key: str, wanted: Body) -> Body:
        """Set one extra spec. 200, 400, 401, 403, 404."""
        if key not in wanted:
            raise BadRequest("Request body and URI mismatch")
        self._set_specs(req, flavor_id, wanted)
        return wanted

    def delete(self, req: Request, flavor_id: str, key: str) -> Reply:
        """Take an extra spec away. 200, 401, 403, 404."""
        flavor = find(self.db, req, flavor_id)
        self._spec(flavor, key)
        self.db.flavors.delete_extra_spec(flavor, key)
        return Reply(200)

    def _set_specs(self, req: Request, flavor_id: str, specs: Values) -> None:
        for key, value in specs.items():
            size = len(str(value))
            if size > 255:
                raise BadRequest(f"Invalid input received: extra_specs value has {size} characters, more than 255.")
            if req.microversion >= (2, 86):
                extra_specs.validate(key, str(value))
        self.db.flavors.set_extra_specs(find(self.db, req, flavor_id), {k: str(v) for k, v in specs.items()})

    def _spec(self, flavor: Flavor, key: str) -> str:
        if key not in specs_of(flavor):
            raise NotFound(f"Flavor {flavor.flavorid} has no extra specs with key {key}.")
        return specs_of(flavor)[key]


def find(db: ExtendedDB, req: Request, flavor_id: str) -> Flavor:
    """A flavor that the caller may see; a hidden one is not there for others. Raises FlavorNotFound."""
    return db.flavors.find(flavor_id, None if req.caller.is_admin else req.caller.project_id or "")


def view(req: Request, row: Flavor) -> Body:
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
    return shown | ({"extra_specs": specs_of(row)} if req.microversion >= (2, 61) else {})


def is_public(text: str | None) -> bool | None:
    """Public flavors, hidden ones, or (None) both. Raises BadRequest."""
    if text is not None and text.lower() == "none":
        return None
    try:
        return text is None or strict_bool(text)
    except ValueError:
        raise BadRequest(f"Invalid is_public filter [{text}]") from None


def floor(asked: dict[str, str], name: str) -> int:
    """What a flavor has at least. Raises BadRequest."""
    try:
        return int(asked.get(name, 0))
    except ValueError:
        raise BadRequest(f"Invalid {name} filter [{asked[name]}]") from None
