"""nova-api: a server is made and shown. What else can be done with one is in `oslearn.extensions.nova.api`.

Interface: `Servers`, a part of the API; `CREATE_SERVER`, what the body of a boot may say, and what it is made of;
`ServerAccess` finds a caller's server and asks the policy; `RULES`.
Invariants: another project's server is not found, and nobody learns that it exists. What the core does not do with a
boot, its schema refuses.
Upstream: nova/api/openstack/compute/servers.py and schemas/servers.py; nova/api/openstack/common.py, `get_instance`;
nova/policies/servers.py.
"""

from __future__ import annotations

from oslearn.core.nova.api import views
from oslearn.core.nova.api.classic import ClassicAPI
from oslearn.core.nova.api.validation import strict
from oslearn.core.nova.api.views import ServerReader
from oslearn.core.nova.compute.api import API
from oslearn.core.nova.compute.api_create import ServerRequest
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.objects import Instance, Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.policy import Enforcer, Subject

POLICY = "os_compute_api:{}"
"""What the name of nearly every rule begins with."""
RULES: dict[str, policy.Rule] = {
    "os_compute_api:servers:create": policy.project_member,
    "os_compute_api:servers:create:attach_volume": policy.project_member,
    "os_compute_api:servers:create:attach_network": policy.project_member,
    "os_compute_api:servers:show": policy.project_reader,
}
ID = {"type": "string", "format": "uuid"}
NAME = {"type": "string", "format": "name", "minLength": 1, "maxLength": 255}
TEXT = {"type": "string"}
COUNT = {"type": ["integer", "string"], "pattern": "^[0-9]*$", "minimum": 1, "minLength": 1}
VOLUME = {
    "uuid": ID,
    "source_type": {"enum": ["volume"]},
    "destination_type": {"enum": ["volume"]},
    "boot_index": {"enum": [-1, None]},
    "delete_on_termination": {"type": "boolean"},
}
SERVER: Body = {
    "name": NAME,
    "imageRef": ID,
    "flavorRef": {"type": ["string", "integer"], "minLength": 1},
    "adminPass": TEXT,
    "networks": {"type": "array", "items": strict({"uuid": ID}, ["uuid"])},
    "block_device_mapping_v2": {"type": "array", "items": strict(VOLUME, ["uuid", "source_type"])},
    "min_count": COUNT,
    "max_count": COUNT,
}
CREATE_SERVER = strict({"server": strict(SERVER, ["name", "imageRef", "flavorRef", "networks"])}, ["server"])


class ServerAccess:
    """Whether a caller may do something, and the instance that it is to be done with."""

    def __init__(self, db: NovaDB, policy: Enforcer) -> None:
        self.db, self.policy = db, policy

    def allow(self, req: Request, rule: str, target: Subject | None = None) -> None:
        """Let the caller pass if the rule `os_compute_api:...` allows it. Raises PolicyNotAuthorized."""
        self.policy.enforce(req.caller, POLICY.format(rule), target)

    def instance(self, req: Request, uuid: str, rule: str) -> Instance:
        """The caller's instance, if the rule allows it. Raises InstanceNotFound, PolicyNotAuthorized."""
        # Looked up within the project, so that 404 hides what 403 would betray.
        instance = self.db.instances.get(uuid, None if req.caller.is_admin else req.caller.project_id)
        self.allow(req, rule, instance)
        return instance


class Servers:
    """One server at a time, as it is asked for and as it is."""

    def __init__(self, access: ServerAccess, reader: ServerReader, compute: API | ClassicAPI, ids: Ids) -> None:
        self.access, self.reader, self.compute, self.ids = access, reader, compute, ids

    def create(self, req: Request, wanted: Body) -> Reply:
        """Accept a new server. 202, 400, 401, 403, 409."""
        self.access.allow(req, "servers:create")
        server = self.read(req, wanted)
        self.allow_parts(req, server)
        return self.accepted(req, server, self.compute.create(req.caller, server)[0])

    def read(self, req: Request, wanted: Body) -> ServerRequest:
        """What is asked for, in one spelling. Raises BadRequest."""
        given: Values = wanted["server"]
        password = self.ids.password()  # drawn always: a seeded cloud stays in step
        least = int(given.get("min_count", 1))
        most = int(given.get("max_count", least))
        if least > most:
            raise BadRequest("min_count must be <= max_count")
        return {
            "name": given["name"],
            "flavorRef": str(given["flavorRef"]).split("/")[-1],
            "imageRef": given.get("imageRef", ""),
            "devices": given.get("block_device_mapping_v2", []),
            "networks": given.get("networks"),
            "adminPass": given.get("adminPass", password),
            "min_count": least,
            "max_count": most,
            "given": given,
        }

    def allow_parts(self, req: Request, server: ServerRequest) -> None:
        """What is asked for besides a server may need more. Raises PolicyNotAuthorized, BadRequest."""
        if server["devices"]:
            self.access.allow(req, "servers:create:attach_volume")
        if server["networks"] not in (None, "none", []):
            self.access.allow(req, "servers:create:attach_network")

    def accepted(self, req: Request, server: ServerRequest, instance: Instance) -> Reply:
        """The first of the new instances: where it is, and what nobody is told again."""
        links = views.links(req, "servers", instance["uuid"])
        shown = {
            "id": instance["uuid"],
            "links": links,
            "OS-DCF:diskConfig": "MANUAL",
            "security_groups": [{"name": "default"}],
            "adminPass": server["adminPass"],
        }
        return Reply(202, {"server": shown}, {"Location": links[0]["href"]})

    def show(self, req: Request, server_id: str) -> Body:
        """A server as it is now. 200, 401, 403, 404."""
        self.access.instance(req, server_id, "servers:show")
        return {"server": self.reader.show(req, server_id)}
