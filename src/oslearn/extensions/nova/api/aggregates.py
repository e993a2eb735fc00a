"""nova-api: aggregates, by which an operator names hosts together and makes zones of them.

Invariants: no host is in two zones, and none changes its zone while it has instances.
Upstream: nova/api/openstack/compute/aggregates.py; nova/compute/api.py, `AggregateAPI`. Left out: the mirror in
Placement, for the scheduler's filter asks Nova's own database; caching images.
"""

from __future__ import annotations

import re
from typing import Final

from oslearn.core.nova.api.servers import NAME, ServerAccess
from oslearn.core.nova.api.validation import check_body, strict
from oslearn.core.nova.api.views import micro
from oslearn.core.nova.objects import Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound, OpenStackError
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.nova.api.schemas import FQDN
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.db.hosts import Shown as Aggregate
from oslearn.extensions.nova.exception import AggregateHostNotFound, AggregateNotFound

VERBS = ("index", "create", "show", "update", "delete", "add_host", "remove_host", "set_metadata")
RULES: dict[str, policy.Rule] = {f"os_compute_api:os-aggregates:{verb}": policy.admin for verb in VERBS}
ZONE: Final = "availability_zone"
"""Which of an aggregate's metadata makes it a zone."""
ZONE_NAME = {"type": ["string", "null"], "minLength": 1, "maxLength": 255, "format": "name", "pattern": "^[^:]*$"}
FIELDS = {"name": NAME, ZONE: ZONE_NAME}
CREATE = strict({"aggregate": strict(FIELDS, ["name"])}, ["aggregate"])
UPDATE = strict({"aggregate": strict(FIELDS) | {"anyOf": [{"required": [field]} for field in FIELDS]}}, ["aggregate"])
ITEM = {"type": ["string", "null"], "maxLength": 255}
METADATA = {"type": "object", "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": ITEM}, "additionalProperties": False}
CONTENT = {
    "add_host": strict({"host": FQDN}, ["host"]),
    "remove_host": strict({"host": FQDN}, ["host"]),
    "set_metadata": strict({"metadata": METADATA}, ["metadata"]),
}
ACTIONS = {name: strict({name: schema}, [name]) for name, schema in CONTENT.items()}
REFUSALS = {
    "add_host": (Conflict, "Cannot add host to aggregate {}. Reason: {}."),
    "update": (BadRequest, "Cannot update aggregate {}. Reason: {}."),
    "set_metadata": (BadRequest, "Cannot update metadata of aggregate {}. Reason: {}."),
    "delete": (BadRequest, "Cannot remove host from aggregate {}. Reason: {}."),
}


class Aggregates:
    """Aggregates, their hosts and what is noted on them."""

    def __init__(self, access: ServerAccess, db: ExtendedDB, default_zone: str) -> None:
        self.access, self.db, self.default_zone = access, db, default_zone

    def index(self, req: Request) -> Body:
        """All aggregates, which only an operator sees. 200, 401, 403."""
        return {"aggregates": [view(req, row) for row in self.db.aggregates.get_all()]}

    def create(self, req: Request, wanted: Body) -> Body:
        """A new aggregate, without hosts. 200, 400, 401, 403, 409."""
        given = wanted["aggregate"]
        zone = given.get(ZONE)
        shown = view(req, self.db.aggregates.create(given["name"], {ZONE: zone} if zone else {}))
        return {"aggregate": {key: value for key, value in shown.items() if key not in ("hosts", "metadata")}}

    def show(self, req: Request, aggregate_id: str) -> Body:
        """An aggregate with its hosts. 200, 400, 401, 403, 404."""
        return {"aggregate": view(req, self._aggregate(req, "show", aggregate_id))}

    def update(self, req: Request, aggregate_id: str) -> Body:
        """Another name or zone. 200, 400, 401, 403, 404, 409."""
        row = self._aggregate(req, "update", aggregate_id)
        given = check_body(req, UPDATE)["aggregate"]
        metadata = {ZONE: given[ZONE]} if ZONE in given else {}
        self._check_zone("update", row, metadata, row["hosts"])
        return {"aggregate": view(req, self.db.aggregates.update(row["id"], given.get("name"), metadata))}

    def delete(self, req: Request, aggregate_id: str) -> Reply:
        """Delete one that has no hosts. 200, 400, 401, 403, 404."""
        row = self._aggregate(req, "delete", aggregate_id)
        if row["hosts"]:
            raise refusal("delete", row, "Host aggregate is not empty")
        self.db.aggregates.destroy(row["id"])
        return Reply(200)

    def act(self, req: Request, aggregate_id: str) -> Body:
        """Add or remove a host, or set metadata. 200, 400, 401, 403, 404, 409."""
        body = req.json_body()
        action = next((name for name in body if name in ACTIONS), None)
        if action is None:
            raise BadRequest("There is no such action: " + next(iter(body), ""))
        self.access.allow(req, f"os-aggregates:{action}")
        given = check_body(req, ACTIONS[action], body)[action]
        return {"aggregate": view(req, HANDLERS[action](self, req, aggregate_id, given))}

    def add_host(self, req: Request, aggregate_id: str, given: Values) -> Aggregate:
        """Put a host in, unless it would then be in two zones. Raises NotFound, Conflict."""
        host = given["host"]
        row = self._aggregate(req, "add_host", aggregate_id)
        if not any(node.host == host for node in self.db.hosts.get_all()):
            raise NotFound(f"Compute host {host} could not be found.")
        if row[ZONE]:
            self._check_zone("add_host", row, {ZONE: row[ZONE]}, [host])
        return self.db.aggregates.add_host(row["id"], host)

    def remove_host(self, req: Request, aggregate_id: str, given: Values) -> Aggregate:
        """Take a host out; out of a zone only without instances. Raises NotFound, Conflict."""
        failed = f"Cannot remove host {given['host']} in aggregate {aggregate_id}"
        try:
            row = self._aggregate(req, "remove_host", aggregate_id)
            if row[ZONE] and self.db.instances.get_by_host(given["host"]):
                raise Conflict(failed)
            return self.db.aggregates.remove_host(row["id"], given["host"])
        except (AggregateNotFound, AggregateHostNotFound):
            raise NotFound(failed) from None

    def set_metadata(self, req: Request, aggregate_id: str, given: Values) -> Aggregate:
        """Note words on it; the word `availability_zone` makes it a zone. Raises BadRequest."""
        row = self._aggregate(req, "set_metadata", aggregate_id)
        self._check_zone("set_metadata", row, given["metadata"], row["hosts"])
        return self.db.aggregates.update(row["id"], None, given["metadata"])

    def _aggregate(self, req: Request, verb: str, aggregate_id: str) -> Aggregate:
        """The one with that id. Raises PolicyNotAuthorized, BadRequest, AggregateNotFound."""
        self.access.allow(req, f"os-aggregates:{verb}")
        if not re.fullmatch("-?[0-9]{1,18}", aggregate_id):
            raise BadRequest("Invalid input received: id must be an integer")
        return self.db.aggregates.get(int(aggregate_id))

    def _check_zone(self, action: str, row: Aggregate, metadata: Values, hosts: list[str]) -> None:
        """Raises BadRequest or Conflict if the hosts may not get this zone."""
        if ZONE not in metadata:
            return
        if not metadata[ZONE]:
            raise refusal(action, row, f"Aggregate {row['name']} does not support empty named availability zone")
        others = [other for host in hosts for other in self.db.aggregates.get_all(host) if other["id"] != row["id"]]
        taken = [other[ZONE] for other in others if other[ZONE] not in (None, metadata[ZONE])]
        if taken:
            raise refusal(action, row, f"One or more hosts already in availability zone(s) {taken}")
        zones, default = self.db.hosts.zones(), self.default_zone
        moved = [host for host in hosts if zones.get(host, default) != metadata[ZONE]]
        if any(self.db.instances.get_by_host(host) for host in moved):
            raise refusal(action, row, "One or more hosts contain instances in this zone")


HANDLERS = {
    "add_host": Aggregates.add_host,
    "remove_host": Aggregates.remove_host,
    "set_metadata": Aggregates.set_metadata,
}
"""What does each action."""


def refusal(action: str, row: Aggregate, reason: str) -> OpenStackError:
    """Why an action cannot be."""
    error, text = REFUSALS[action]
    return error(text.format(row["id"], reason))


def view(req: Request, row: Aggregate) -> Body:
    """An aggregate as the API shows it."""
    times = {"created_at": micro(row["created_at"].isoformat()), "updated_at": None}
    if row["updated_at"]:
        times["updated_at"] = micro(row["updated_at"].isoformat())
    shown = {**row, **times, "deleted": False, "deleted_at": None}
    return {key: value for key, value in shown.items() if key != "uuid" or req.microversion >= (2, 41)}
