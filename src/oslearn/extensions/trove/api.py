"""trove-api: database servers, what is in them, and their backups.

Interface: `/v1.0/{project_id}/instances`, `backups`, `datastores`, `flavors`, `limits`, `mgmt/quotas`; `build(...)`.
Invariants: it asks nothing of another service but flavors; what takes time is trove-taskmanager's work.
Upstream: trove/common/api.py, trove/instance/service.py, trove/backup/service.py, trove/extensions/common/service.py.
Left out: replicas (`replica_of`, `slave_of`, `replica_count`), clusters (`/clusters`), TLS (`/ssl`), strategies of
backups (`/backup_strategies`), configuration groups (`configuration`, `configuration_id`, `/configurations`), modules
(`modules`, `/modules`), logs (`/log`), placing (`locality`, `region_name`, `subnet_id`), backups of other kinds
(`incremental`, `restore_from`, `swift_container`, `remote_location`, `local_datastore_version_id`): who asks for one in
a body is refused; what only a database would know (`password`, `character_set`, `collate`) and `allowed_cidrs`, which
no firewall holds; the administrators' part but quotas (`/mgmt`, `datastore_version`).
"""

from __future__ import annotations

from typing import Any

from oslearn.core.config import Config
from oslearn.core.oslo import exception, http, schema, webob, wsgi
from oslearn.core.oslo.adapter import Client, TransportError
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.messaging import RPCClient
from oslearn.extensions.oslo import left_out
from oslearn.extensions.trove import schemas
from oslearn.extensions.trove.base import Enter, Unprocessable
from oslearn.extensions.trove.guests import Guests, database, user
from oslearn.extensions.trove.models import DATASTORES, VERSIONS, Backup, Instance, Values
from oslearn.extensions.trove.quota import Handlers, Quotas
from oslearn.extensions.trove.taskmanager import TARGET
from oslearn.extensions.trove.views import (
    backup_view,
    datastore_view,
    find_datastore,
    find_version,
    flavor_view,
    instance_view,
    version_view,
)

INSTANCE, USER = "/instances/{id}", "/instances/{id}/users/{name}"
PATHS = (
    ("GET", "/instances", "list_instances"), ("POST", "/instances", "create_instance"),
    ("GET", "/instances/detail", "list_instances"), ("GET", INSTANCE, "show_instance"),
    ("DELETE", INSTANCE, "delete_instance"), ("PUT", INSTANCE, "update_instance"),
    ("PATCH", INSTANCE, "update_instance"), ("POST", f"{INSTANCE}/action", "act_on_instance"),
    ("GET", f"{INSTANCE}/backups", "list_backups"), ("GET", f"{INSTANCE}/root", "show_root"),
    ("POST", f"{INSTANCE}/root", "enable_root"), ("DELETE", f"{INSTANCE}/root", "disable_root"),
    ("GET", f"{INSTANCE}/databases", "list_databases"), ("POST", f"{INSTANCE}/databases", "create_databases"),
    ("DELETE", INSTANCE + "/databases/{name}", "delete_database"), ("GET", f"{INSTANCE}/users", "list_users"),
    ("POST", f"{INSTANCE}/users", "create_users"), ("PUT", f"{INSTANCE}/users", "change_passwords"),
    ("GET", USER, "show_user"), ("PUT", USER, "update_user"), ("DELETE", USER, "delete_user"),
    ("GET", f"{USER}/databases", "list_access"), ("PUT", f"{USER}/databases", "grant_access"),
    ("DELETE", USER + "/databases/{database}", "revoke_access"), ("GET", "/backups", "list_backups"),
    ("POST", "/backups", "create_backup"), ("GET", "/backups/{id}", "show_backup"),
    ("DELETE", "/backups/{id}", "delete_backup"), ("GET", "/datastores", "list_datastores"),
    ("GET", "/datastores/{name}", "show_datastore"), ("GET", "/datastores/{name}/versions", "list_versions"),
    ("GET", "/datastores/{name}/versions/{version}", "show_version"),
    ("GET", "/datastores/versions/{version}", "show_version"), ("GET", "/flavors", "list_flavors"),
    ("GET", "/flavors/{id}", "show_flavor"), ("GET", "/limits", "show_limits"),
    ("GET", "/mgmt/quotas/{id}", "show_quota"), ("PUT", "/mgmt/quotas/{id}", "update_quota"),
)  # fmt: skip
ROUTES = [("GET", "/", "list_api_versions"), *((m, f"/v1.0/{{project_id}}{path}", h) for m, path, h in PATHS)]
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


class API(Guests, Handlers):
    """The handlers."""

    def list_api_versions(self, req: Request) -> Values:
        """200."""
        links = [{"rel": "self", "href": f"{req.prefix}/v1.0/"}]
        return {"versions": [{"id": "v1.0", "status": "CURRENT", "updated": "2012-08-01T00:00:00Z", "links": links}]}

    # --- instances ---

    def list_instances(self, req: Request) -> Values:
        """200."""
        return self._list(req, Instance, "instances", instance_view)

    def show_instance(self, req: Request, id: str) -> Values:
        """200, 404."""
        with self.handle.session() as session:
            return {"instance": instance_view(req, self._get(session, req, Instance, id))}

    def create_instance(self, req: Request) -> Values:
        """200, 400, 404 for an unknown flavor or backup, 413 over quota."""
        wanted = schema.check(req.json_body(), schemas.CREATE_INSTANCE)["instance"]
        left_out.refuse(wanted, *LEFT_OUT)
        version = find_version(wanted.get("datastore", {}))
        flavor = self.show_flavor(req, wanted["flavorRef"])["flavor"]
        backup_id = wanted.get("restorePoint", {}).get("backupRef", "").rpartition("/")[2]
        volume = wanted["volume"]
        self.quotas.check_size(volume["size"])
        values = {"name": wanted["name"], "flavor_id": flavor["str_id"], "ram": flavor["ram"]}
        values |= {"volume_size": volume["size"]}
        values |= {"access": wanted.get("access") or {}, "status": "BUILD", "operating_status": "NEW"}
        with self.handle.session() as session:
            if backup_id and self._get(session, req, Backup, backup_id).state != "COMPLETED":
                raise exception.Conflict(f"Unable to create instance because backup {backup_id} is not completed.")
            grows = {"instances": 1, "ram": flavor["ram"], "volumes": volume["size"]}
            self.quotas.check(session, req.caller.project_id or "", **grows)
            made = self._new(session, req, Instance, datastore_version_id=version, **values)
            shown = {"instance": instance_view(req, made)}
        passed = {"backup_id": backup_id, "volume_type": volume.get("type"), "networks": networks(wanted)}
        for key, convert in (("databases", database), ("users", user)):
            passed[key] = [convert(item) for item in wanted.get(key, [])]
        self._run(req, "create_instance", made.id, availability_zone=wanted.get("availability_zone"), **passed)
        return shown

    def delete_instance(self, req: Request, id: str) -> Reply:
        """202, 404, 422 while it is built."""
        with self.handle.session() as session:
            instance = self._get(session, req, Instance, id)
            if instance.status == "BUILD":
                raise Unprocessable(f"Instance {id} is not ready. (Status is BUILD).")
            instance.status, instance.operating_status = "SHUTDOWN", "SHUTDOWN"
        self._run(req, "delete_instance", id)
        return Reply(202)

    def update_instance(self, req: Request, id: str) -> Reply:
        """202, 400, 404: its name, or who may reach it."""
        wanted = schema.check(req.json_body(), schemas.UPDATE_INSTANCE)["instance"]
        left_out.refuse(wanted, *LEFT_OUT, "datastore_version")
        if len(wanted.keys() - {"name"}) > 1:
            raise exception.BadRequest("Only one attribute (except 'name') is allowed to update.")
        values = {name: wanted[name] for name in ("name", "access") if wanted.get(name)}
        with self.handle.session() as session:
            instance = self._get(session, req, Instance, id)
            for name, value in (values | {"updated": self.clock.now()}).items():
                setattr(instance, name, value)
        return Reply(202)

    def act_on_instance(self, req: Request, id: str) -> Reply:
        """202, 400, 404, 413, 422 if the instance is busy."""
        match schema.check(req.json_body(), schemas.ACTION):
            case {"reset_status": _}:
                with self.handle.session() as session:
                    self._get(session, req, Instance, id).status = "ERROR"
            case {"restart": _}:
                self._begin(req, id, "REBOOT")
                self._run(req, "finish", id)  # the guest agent restarts the database; the server runs on
            case {"resize": {"volume": {"size": size}}}:
                self._begin(req, id, "RESIZE", volume_size=size)
                self._run(req, "resize_volume", id, size=size)
            case {"resize": {"flavorRef": reference}}:
                flavor = self.show_flavor(req, reference)["flavor"]
                self._begin(req, id, "RESIZE", flavor_id=flavor["str_id"], ram=flavor["ram"])
                self._run(req, "resize_flavor", id, flavor_id=flavor["str_id"], ram=flavor["ram"])
        return Reply(202)

    # --- backups ---

    def list_backups(self, req: Request, id: str = "") -> Values:
        """200, 404."""
        wanted = id or req.query.get("instance_id")
        return self._list(req, Backup, "backups", backup_view, *([Backup.instance_id == wanted] if wanted else []))

    def show_backup(self, req: Request, id: str) -> Values:
        """200, 404."""
        with self.handle.session() as session:
            return {"backup": backup_view(req, self._get(session, req, Backup, id))}

    def create_backup(self, req: Request) -> Reply:
        """202, 400, 404, 413, 422 if the instance is busy."""
        wanted = schema.check(req.json_body(), schemas.CREATE_BACKUP)["backup"]
        left_out.refuse(wanted, "incremental", "restore_from", "swift_container", "remote_location")
        with self.handle.session() as session:
            self.quotas.check(session, req.caller.project_id or "", backups=1)
        self._begin(req, wanted["instance"], "BACKUP")
        values = {"name": wanted["name"], "description": wanted.get("description"), "state": "NEW"}
        with self.handle.session() as session:
            instance = self._get(session, req, Instance, wanted["instance"])
            values |= {"instance_id": instance.id, "parent_id": wanted.get("parent_id")}
            made = self._new(session, req, Backup, datastore_version_id=instance.datastore_version_id, **values)
            shown = backup_view(req, made)
        self._run(req, "create_backup", instance.id, backup_id=made.id)
        return Reply(202, {"backup": shown})

    def delete_backup(self, req: Request, id: str) -> Reply:
        """202, 404."""
        with self.handle.session() as session:
            self._get(session, req, Backup, id).state = "DELETED"
        self.rpc.cast(req.caller, TARGET, "delete_backup", backup_id=id)
        return Reply(202)

    # --- datastores, flavors, limits ---

    def list_datastores(self, req: Request) -> Values:
        """200."""
        return {"datastores": [datastore_view(req, name) for name in DATASTORES]}

    def show_datastore(self, req: Request, name: str) -> Values:
        """200, 404."""
        return {"datastore": datastore_view(req, find_datastore(name))}

    def list_versions(self, req: Request, name: str) -> Values:
        """200, 404."""
        found = find_datastore(name)
        return {"versions": [version_view(req, id) for id, pair in VERSIONS.items() if pair[0] == found]}

    def show_version(self, req: Request, version: str, name: str = "") -> Values:
        """200, 404."""
        known = {"type": find_datastore(name)} if name else {}
        return {"version": version_view(req, find_version(known | {"version": version}))}

    def list_flavors(self, req: Request) -> Values:
        """200: Nova's; 503."""
        try:
            found = self.nova.request("GET", "/v2.1/flavors/detail", req.caller).json()["flavors"]
        except TransportError:
            raise exception.ServiceUnavailable() from None
        return {"flavors": [flavor_view(req, flavor) for flavor in found]}

    def show_flavor(self, req: Request, id: str | int) -> Values:
        """200, 404: Nova's. The id may be a URL."""
        wanted = str(id).rpartition("/")[2]
        found = [flavor for flavor in self.list_flavors(req)["flavors"] if flavor["str_id"] == wanted]
        if not found:
            raise exception.NotFound(f"Resource {id} cannot be found.")
        return {"flavor": found[0]}


def fault(req: Request, error: exception.OpenStackError) -> http.Reply:
    """Errors are named by their status; what no route has never reaches Trove, so that WebOb says so."""
    if isinstance(error, exception.RouteNotFound | exception.MethodNotAllowed):
        return nowhere(req, str(error) if error.code == 404 else exception.RouteNotFound.message)
    text = str(error) if error.code < 500 else wsgi.UNEXPECTED
    return http.Reply(error.code, {FAULTS.get(error.code, "instanceFault"): {"code": error.code, "message": text}})


def nowhere(req: Request, text: str | None = None) -> http.Reply:
    """404: no such path, or no such method at it."""
    return webob.page(req, exception.RouteNotFound(text))


def build(
    handle: Handle, ids: Ids, clock: Clock, config: Config, rpc: RPCClient, nova: Client, middleware: list[Any]
) -> wsgi.Application:
    """The process trove-api."""
    api = API(handle, ids, clock, rpc, nova, Quotas(config))
    return wsgi.Application(api, ROUTES, fault, ids, [wsgi.Front(("v1.0",), nowhere), *middleware, Enter()])
