"""trove-api: database servers, what is in them, and their backups.

Interface: `Instances`, `Backups`, `Datastores`, `Flavors`, `Versions` are parts of the API; `fault`.
Invariants: it asks nothing of another service but flavors; what takes time is trove-taskmanager's work.
Upstream: trove/common/api.py, trove/instance/service.py, trove/backup/service.py, trove/extensions/common/service.py.
Left out: replicas (`replica_of`, `slave_of`, `replica_count`), clusters (`/clusters`), TLS (`/ssl`), strategies of
backups (`/backup_strategies`), configuration groups (`configuration`, `configuration_id`, `/configurations`), modules
(`modules`, `/modules`), logs (`/log`), placing (`locality`, `region_name`, `subnet_id`), backups of other kinds
(`incremental`, `restore_from`, `swift_container`, `remote_location`, `local_datastore_version_id`): who asks for one in
a body is refused; what only a database would know (`password`, `character_set`, `collate`) and `allowed_cidrs`, which
no firewall holds; the administrators' part but quotas (`/mgmt/instances`, `/mgmt/hosts`, `/mgmt/storage`,
`/mgmt/datastores`, `/mgmt/datastore-versions`, `datastore_version`).
"""

from __future__ import annotations

from sqlalchemy import ColumnElement

from oslearn.core.oslo import exception, wsgi
from oslearn.core.oslo.adapter import Client, TransportError
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.oslo import left_out, webob
from oslearn.extensions.trove import views
from oslearn.extensions.trove.base import Records, States, Unprocessable
from oslearn.extensions.trove.guests import database, user
from oslearn.extensions.trove.models import DATASTORES, VERSIONS, Backup, Instance, Values
from oslearn.extensions.trove.quota import Quotas
from oslearn.extensions.trove.rpcapi import TaskManagerAPI
from oslearn.extensions.trove.views import find_datastore, find_version

FAULTS = {400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 405: "badMethod",
          409: "conflict", 413: "overLimit", 422: "unprocessableEntity"}  # fmt: skip
LEFT_OUT = ("replica_of", "slave_of", "replica_count", "configuration", "modules", "locality", "region_name")


def networks(wanted: Values) -> list[Values]:
    """Where the server's port is to be, as Nova wants to know it. Raises BadRequest."""
    found = []
    for nic in wanted.get("nics", []):
        left_out.refuse(nic, "subnet_id")
        network_id = nic.get("network_id", nic.get("net-id"))
        if network_id is None:
            raise exception.BadRequest("Network or subnet is not provided.")
        fixed = {"fixed_ip": nic["ip_address"]} if "ip_address" in nic else {}
        found.append({"uuid": network_id} | fixed)
    return found


class Versions:
    """The one version that there is."""

    def index(self, req: Request) -> Values:
        """The version that a client finds. 200."""
        links = [{"rel": "self", "href": f"{req.prefix}/v1.0/"}]
        return {"versions": [{"id": "v1.0", "status": "CURRENT", "updated": "2012-08-01T00:00:00Z", "links": links}]}


class Flavors:
    """Nova's flavors, as Trove shows them."""

    def __init__(self, nova: Client) -> None:
        self.nova = nova

    def index(self, req: Request) -> Values:
        """All of them, as the caller sees them. 200, 503."""
        try:
            found = self.nova.request("GET", "/v2.1/flavors/detail", req.caller).json()["flavors"]
        except TransportError:
            raise exception.ServiceUnavailable() from None
        return {"flavors": [views.flavor_view(req, flavor) for flavor in found]}

    def show(self, req: Request, id: str | int) -> Values:
        """One flavor; the id may be a URL. 200, 404, 503."""
        wanted = str(id).rpartition("/")[2]
        found = [flavor for flavor in self.index(req)["flavors"] if flavor["str_id"] == wanted]
        if not found:
            raise exception.NotFound(f"Resource {id} cannot be found.")
        return {"flavor": found[0]}


class Instances:
    """Database servers: rows here, and what becomes of them in the other services."""

    def __init__(
        self, records: Records, states: States, quotas: Quotas, tasks: TaskManagerAPI, flavors: Flavors
    ) -> None:
        self.records, self.states, self.quotas, self.tasks, self.flavors = records, states, quotas, tasks, flavors

    def index(self, req: Request) -> Values:
        """The project's database servers. 200."""
        return self.records.page(req, Instance, "instances", views.instance_view)

    def show(self, req: Request, id: str) -> Values:
        """One database server. 200, 404."""
        with self.records.handle.session() as session:
            return {"instance": views.instance_view(req, self.records.get(session, req, Instance, id))}

    def create(self, req: Request, wanted: Values) -> Values:
        """A row; its server and volume come after the reply. 200, 400, 404 for an unknown flavor or backup, 413."""
        wanted = wanted["instance"]
        left_out.refuse(wanted, *LEFT_OUT)
        version = find_version(wanted.get("datastore", {}))
        flavor = self.flavors.show(req, wanted["flavorRef"])["flavor"]
        backup_id = wanted.get("restorePoint", {}).get("backupRef", "").rpartition("/")[2]
        volume = wanted["volume"]
        self.quotas.check_size(volume["size"])
        values = {"name": wanted["name"], "flavor_id": flavor["str_id"], "ram": flavor["ram"]}
        values |= {"volume_size": volume["size"]}
        values |= {"access": wanted.get("access") or {}, "status": "BUILD", "operating_status": "NEW"}
        with self.records.handle.session() as session:
            if backup_id and self.records.get(session, req, Backup, backup_id).state != "COMPLETED":
                raise exception.Conflict(f"Unable to create instance because backup {backup_id} is not completed.")
            grows = {"instances": 1, "ram": flavor["ram"], "volumes": volume["size"]}
            self.quotas.check(session, req.caller.project_id or "", **grows)
            made = self.records.new(session, req, Instance, datastore_version_id=version, **values)
            shown = {"instance": views.instance_view(req, made)}
        passed = {"backup_id": backup_id, "volume_type": volume.get("type"), "networks": networks(wanted)}
        for key, convert in (("databases", database), ("users", user)):
            passed[key] = [convert(item) for item in wanted.get(key, [])]
        self.tasks.run(
            req.caller, "create_instance", made.id, availability_zone=wanted.get("availability_zone"), **passed
        )
        return shown

    def delete(self, req: Request, id: str) -> None:
        """The server and its volume go after the reply. 202, 404, 422 while it is built."""
        with self.records.handle.session() as session:
            instance = self.records.get(session, req, Instance, id)
            if instance.status == "BUILD":
                raise Unprocessable(f"Instance {id} is not ready. (Status is BUILD).")
            instance.status, instance.operating_status = "SHUTDOWN", "SHUTDOWN"
        self.tasks.run(req.caller, "delete_instance", id)

    def update(self, req: Request, id: str, wanted: Values) -> None:
        """Its name, or who may reach it. 202, 400, 404."""
        wanted = wanted["instance"]
        left_out.refuse(wanted, *LEFT_OUT, "datastore_version")
        if len(wanted.keys() - {"name"}) > 1:
            raise exception.BadRequest("Only one attribute (except 'name') is allowed to update.")
        values = {name: wanted[name] for name in ("name", "access") if wanted.get(name)}
        with self.records.handle.session() as session:
            instance = self.records.get(session, req, Instance, id)
            for name, value in (values | {"updated": self.records.clock.now()}).items():
                setattr(instance, name, value)

    def act(self, req: Request, id: str, wanted: Values) -> None:
        """Restart, resize or reset it. 202, 400, 404, 413, 422 if the instance is busy."""
        match wanted:
            case {"reset_status": _}:
                with self.records.handle.session() as session:
                    self.records.get(session, req, Instance, id).status = "ERROR"
            case {"restart": _}:
                self.states.begin(req, id, "REBOOT")
                self.tasks.run(req.caller, "finish", id)  # the guest agent restarts the database; the server runs on
            case {"resize": {"volume": {"size": size}}}:
                self.states.begin(req, id, "RESIZE", volume_size=size)
                self.tasks.run(req.caller, "resize_volume", id, size=size)
            case {"resize": {"flavorRef": reference}}:
                flavor = self.flavors.show(req, reference)["flavor"]
                self.states.begin(req, id, "RESIZE", flavor_id=flavor["str_id"], ram=flavor["ram"])
                self.tasks.run(req.caller, "resize_flavor", id, flavor_id=flavor["str_id"], ram=flavor["ram"])


class Backups:
    """What was in database servers once."""

    def __init__(self, records: Records, states: States, quotas: Quotas, tasks: TaskManagerAPI) -> None:
        self.records, self.states, self.quotas, self.tasks = records, states, quotas, tasks

    def index(self, req: Request, id: str = "") -> Values:
        """All, or those of one instance. 200, 404."""
        wanted = id or req.query.get("instance_id")
        where: list[ColumnElement[bool]] = [Backup.instance_id == wanted] if wanted else []
        return self.records.page(req, Backup, "backups", views.backup_view, *where)

    def show(self, req: Request, id: str) -> Values:
        """One backup. 200, 404."""
        with self.records.handle.session() as session:
            return {"backup": views.backup_view(req, self.records.get(session, req, Backup, id))}

    def create(self, req: Request, wanted: Values) -> Values:
        """What is in an instance now. 202, 400, 404, 413, 422 if the instance is busy."""
        wanted = wanted["backup"]
        left_out.refuse(wanted, "incremental", "restore_from", "swift_container", "remote_location")
        with self.records.handle.session() as session:
            self.quotas.check(session, req.caller.project_id or "", backups=1)
        self.states.begin(req, wanted["instance"], "BACKUP")
        values = {"name": wanted["name"], "description": wanted.get("description"), "state": "NEW"}
        with self.records.handle.session() as session:
            instance = self.records.get(session, req, Instance, wanted["instance"])
            values |= {"instance_id": instance.id, "parent_id": wanted.get("parent_id")}
            made = self.records.new(session, req, Backup, datastore_version_id=instance.datastore_version_id, **values)
            shown = views.backup_view(req, made)
        self.tasks.run(req.caller, "create_backup", instance.id, backup_id=made.id)
        return {"backup": shown}

    def delete(self, req: Request, id: str) -> None:
        """The object goes after the reply, and then the row. 202, 404."""
        with self.records.handle.session() as session:
            self.records.get(session, req, Backup, id).state = "DELETED"
        self.tasks.delete_backup(req.caller, id)


class Datastores:
    """The kinds of databases, and their versions."""

    def index(self, req: Request) -> Values:
        """What there is to choose from. 200."""
        return {"datastores": [views.datastore_view(req, name) for name in DATASTORES]}

    def show(self, req: Request, name: str) -> Values:
        """One kind of database, by its name or id. 200, 404."""
        return {"datastore": views.datastore_view(req, find_datastore(name))}

    def versions(self, req: Request, name: str) -> Values:
        """Its versions. 200, 404."""
        found = find_datastore(name)
        return {"versions": [views.version_view(req, id) for id, pair in VERSIONS.items() if pair[0] == found]}

    def version(self, req: Request, version: str, name: str = "") -> Values:
        """One version, by its name or id. 200, 404."""
        known = {"type": find_datastore(name)} if name else {}
        return {"version": views.version_view(req, find_version(known | {"version": version}))}


def fault(req: Request, error: exception.OpenStackError) -> Reply:
    """Errors are named by their status; what no route has never reaches Trove, so that WebOb says so."""
    if isinstance(error, exception.RouteNotFound | exception.MethodNotAllowed):
        return webob.nowhere(req, str(error) if error.code == 404 else None)
    text = str(error) if error.code < 500 else wsgi.UNEXPECTED
    return Reply(error.code, {FAULTS.get(error.code, "instanceFault"): {"code": error.code, "message": text}})
