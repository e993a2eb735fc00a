"""How the Compute API shows a server, links, times and an error. `oslearn.extensions.nova.api.server_fields` adds more.

Interface: `ServerReader` shows servers; `basic`, `addresses`, `host_id`; `links`, `linked`, `fault`.
Upstream: nova/api/openstack/compute/views/servers.py, views/addresses.py, nova/api/openstack/common.py, wsgi.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.db.models import InstanceFault
from oslearn.core.nova.objects import Instance, NetworkInfo
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import OpenStackError, RouteNotFound
from oslearn.core.oslo.http import Reply, Request

ERRORS = {400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 405: "badMethod",
          409: "conflictingRequest", 413: "overLimit", 415: "badMediaType",
          501: "notImplemented", 503: "serviceUnavailable"}  # fmt: skip
JSON = "application/json; charset=UTF-8"


def links(req: Request, kind: str, id: str) -> list[dict[str, str]]:
    """Where a resource is: `self` with the version, `bookmark` without."""
    return [
        {"rel": "self", "href": f"{req.prefix}/v2.1/{kind}/{id}"},
        {"rel": "bookmark", "href": f"{req.prefix}/{kind}/{id}"},
    ]


def linked(req: Request, kind: str, id: str) -> Body | str:
    """What a server was made of: its id and where it is; nothing of an image if the disk is a volume."""
    return {"id": id, "links": links(req, kind, id)[1:]} if id else ""


def fault(req: Request, error: OpenStackError) -> Reply | None:
    """Nova's error shape; what no route has never reaches Nova."""
    if isinstance(error, RouteNotFound):
        return None
    name = ERRORS.get(error.code, "computeFault")
    return Reply(error.code, {name: {"code": error.code, "message": str(error)}}, {"Content-Type": JSON})


def zulu(text: str | None) -> str | None:
    """A moment as most views show it: `2026-01-01T00:00:00Z`."""
    return f"{text[:19]}Z" if text else None


def micro(text: str | None) -> str | None:
    """`2026-01-01T00:00:00.000000`, without microseconds, as Nova keeps times in its database."""
    return f"{text[:19]}.000000" if text else None


STATUS = {"building": "BUILD", "active": "ACTIVE", "error": "ERROR"}
"""A server's status by its vm_state, as far as a boot brings it."""
IN_PROGRESS = {"ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"}
"""With these statuses a server shows how far it is; a boot brings the first two."""


def basic(req: Request, instance: Instance) -> Body:
    """A server in a short list."""
    return {"id": instance["uuid"], "name": instance["display_name"], "links": links(req, "servers", instance["uuid"])}


class ServerReader:
    """Shows servers, as many at once as a page has."""

    def __init__(self, db: NovaDB) -> None:
        self.db = db
        self.status_of: Callable[[Instance], str] = lambda instance: STATUS[instance["vm_state"]]
        """The one word that a user sees: ACTIVE, ERROR, ..."""
        self.more: list[Callable[[Request, Sequence[Instance], bool], Mapping[str, Body]]] = []
        """What has more to show of servers, by id; the last argument says that it is one, and no list."""

    def show(self, req: Request, uuid: str) -> Body:
        """A server as it is now. Raises InstanceNotFound."""
        return self.page(req, [self.db.instances.get(uuid)], alone=True)[0]

    def page(self, req: Request, instances: Sequence[Instance], *, alone: bool = False) -> list[Body]:
        """Servers, whole, in a fixed number of queries."""
        if not instances:
            return []
        # For all servers at once, before any is shown: a page costs as many queries as one server.
        further = [read(req, instances, alone) for read in self.more]
        failed = [one["uuid"] for one in instances if one["vm_state"] == "error" or one["deleted"]]
        faults = self.db.instances.faults(failed) if failed else {}
        shown = []
        for instance in instances:
            server = self._server(req, instance, faults.get(instance["uuid"]))
            for fields in further:
                server |= fields[instance["uuid"]]
            shown.append(server)
        return shown

    def _server(self, req: Request, instance: Instance, fault: InstanceFault | None) -> Body:
        """A server; `fault` is why it failed, if it did."""
        status = self.status_of(instance)
        shown = basic(req, instance) | {
            "OS-SRV-USG:launched_at": micro(instance["launched_at"]),
            "OS-SRV-USG:terminated_at": micro(instance["terminated_at"]),
            "OS-EXT-STS:task_state": instance["task_state"],
            "OS-EXT-STS:vm_state": instance["vm_state"],
            "OS-EXT-STS:power_state": instance["power_state"],
            "hostId": host_id(instance["project_id"], instance["host"]),
            "status": status,
            "tenant_id": instance["project_id"],
            "user_id": instance["user_id"],
            "metadata": instance["metadata"],
            "image": linked(req, "images", instance["image_ref"]),
            "flavor": linked(req, "flavors", instance["flavor"]["flavorid"]),
            "created": zulu(instance["created_at"]),
            "updated": zulu(instance["updated_at"]),
            "addresses": addresses(instance["network_info"]) if instance["vm_state"] != "building" else {},
            "accessIPv4": instance["access_ip_v4"] or "",
            "accessIPv6": instance["access_ip_v6"] or "",
        }
        if status in IN_PROGRESS:
            shown["progress"] = instance["progress"]
        if status in ("ERROR", "DELETED") and fault:
            shown["fault"] = fault_view(req, fault)
        return shown


def fault_view(req: Request, fault: InstanceFault) -> Body:
    """Why a server is in ERROR; only an admin sees the details of a 500."""
    shown = {"code": fault.code, "created": zulu(fault.created_at.isoformat()), "message": fault.message}
    return shown | ({"details": fault.details} if fault.details and (req.caller.is_admin or fault.code != 500) else {})


def addresses(network_info: NetworkInfo) -> Body:
    """The addresses by network: fixed ones, then floating ones."""
    shown: Body = {}
    for vif in network_info:
        fixed = [(address, "fixed") for address in vif["fixed_ips"]]
        for address, kind in fixed + [(address, "floating") for address in vif.get("floating_ips", ())]:
            entry = {"version": 6 if ":" in address else 4, "addr": address, "OS-EXT-IPS:type": kind,
                     "OS-EXT-IPS-MAC:mac_addr": vif["mac_address"]}  # fmt: skip
            shown.setdefault(vif["label"], []).append(entry)
    return shown


def host_id(project_id: str, host: str | None) -> str:
    """Tells a project whether two of its servers share a host, without naming the host."""
    return hashlib.sha224(f"{project_id}{host}".encode()).hexdigest() if host else ""
