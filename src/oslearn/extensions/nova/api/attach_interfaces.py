"""nova-api: the ports of a server, their addresses and their security groups; and its volumes.

Upstream: nova/api/openstack/compute/attach_interfaces.py, ips.py, security_groups.py (`ServerSecurityGroupController`),
volume_attachments.py.
"""

from __future__ import annotations

from typing import cast

from oslearn.core.nova.api.servers import ServerAccess
from oslearn.core.nova.api.views import addresses
from oslearn.core.nova.objects import BlockDevice, Instance, Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.strutils import bool_from_string
from oslearn.extensions.nova.api import common
from oslearn.extensions.nova.api.schemas import LIMIT
from oslearn.extensions.nova.api.server_fields import plain
from oslearn.extensions.nova.compute.devices import Devices, RequestedPort
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.exception import InstanceInvalidState
from oslearn.extensions.nova.network.instance_ports import InstancePorts
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI

RULES: dict[str, policy.Rule] = {
    "os_compute_api:os-attach-interfaces:list": policy.project_reader,
    "os_compute_api:os-attach-interfaces:show": policy.project_reader,
    "os_compute_api:os-attach-interfaces:create": policy.project_member,
    "os_compute_api:os-attach-interfaces:delete": policy.project_member,
    "os_compute_api:ips:index": policy.project_reader,
    "os_compute_api:ips:show": policy.project_reader,
    "os_compute_api:os-security-groups:list": policy.project_reader,
}


class Interfaces:
    """Ports of a server, one by one; its addresses; its groups."""

    def __init__(self, access: ServerAccess, devices: Devices, ports: InstancePorts) -> None:
        self.access, self.devices, self.ports = access, devices, ports

    def index(self, req: Request, server_id: str) -> Body:
        """The ports of a server. 200, 401, 404."""
        instance = self.access.instance(req, server_id, "os-attach-interfaces:list")
        ports = self.ports.list_ports(req.caller, device_id=server_id)
        return {"interfaceAttachments": [view(req, instance, port) for port in ports]}

    def show(self, req: Request, server_id: str, port_id: str) -> Body:
        """One of its ports. 200, 401, 404."""
        instance = self.access.instance(req, server_id, "os-attach-interfaces:show")
        port = self.ports.show_port(req.caller, port_id)
        if port["device_id"] != server_id:
            raise NotFound(f"Instance {server_id} does not have a port with id {port_id}")
        return {"interfaceAttachment": view(req, instance, port)}

    def attach(self, req: Request, server_id: str, wanted: Body) -> Body:
        """Attach a port, or a new one on a network. 200, 400, 401, 403, 404, 409."""
        given = wanted.get("interfaceAttachment", {})
        instance = self.access.instance(req, server_id, "os-attach-interfaces:create")
        network_id, port_id = given.get("net_id"), given.get("port_id")
        address = given["fixed_ips"][0]["ip_address"] if "fixed_ips" in given else None
        if network_id and port_id:
            raise BadRequest("Must not input both network_id and port_id")
        if address and not network_id:
            raise BadRequest("Must input network_id when request IP address")
        asked: RequestedPort = {"network_id": network_id, "port_id": port_id, "requested_ip": address}
        new = self.devices.attach_interface(req.caller, instance, asked, given.get("tag"))
        return self.show(req, server_id, new)

    def detach(self, req: Request, server_id: str, port_id: str) -> Reply:
        """Have a port detached; one that Nova made is deleted. 202, 401, 403, 404, 409."""
        instance = self.access.instance(req, server_id, "os-attach-interfaces:delete")
        self.devices.detach_interface(req.caller, instance, port_id)
        return Reply(202)

    def list_addresses(self, req: Request, server_id: str) -> Body:
        """All addresses of a server, by network. 200, 401, 404."""
        instance = self.access.instance(req, server_id, "ips:index")
        return {"addresses": plain(addresses(instance["network_info"]))}

    def show_addresses(self, req: Request, server_id: str, network: str) -> Body:
        """Addresses in one network. 200, 401, 404."""
        found = plain(addresses(self.access.instance(req, server_id, "ips:show")["network_info"]))
        if network not in found:
            raise NotFound("Instance is not a member of specified network")
        return {network: found[network]}

    def list_security_groups(self, req: Request, server_id: str) -> Body:
        """The groups of its ports, with their rules. 200, 401, 404."""
        self.access.instance(req, server_id, "os-security-groups:list")
        groups = self.ports.groups_of_instance(req.caller, server_id)
        names = {group["id"]: {"name": group["name"], "tenant_id": group["project_id"]} for group in groups}
        shown = [security_group(group, names) for group in groups]
        return {"security_groups": sorted(shown, key=lambda group: (group["tenant_id"], group["name"]))}


def view(req: Request, instance: Instance, port: Values) -> Body:
    """A port as Nova shows it."""
    shown = {
        "net_id": port["network_id"],
        "port_id": port["id"],
        "mac_addr": port["mac_address"],
        "port_state": port["status"],
        "fixed_ips": port["fixed_ips"],
    }
    tags = {vif["port_id"]: vif.get("tag") for vif in instance["network_info"]}
    return shown | ({"tag": tags.get(port["id"])} if req.microversion >= (2, 70) else {})


def security_group(group: Values, names: dict[str, dict[str, str]]) -> Body:
    """A group in the words of before Neutron: only what lets traffic in is a rule."""
    rules = []
    for rule in group["security_group_rules"]:
        if rule["direction"] == "ingress":
            other, anywhere = rule["remote_group_id"], "::/0" if rule["ethertype"] == "IPv6" else "0.0.0.0/0"
            low, high = rule["port_range_min"], rule["port_range_max"]
            if rule["protocol"] and low is None and high is None:
                low, high = (1, 65535) if rule["protocol"].upper() in ("TCP", "UDP") else (-1, -1)
            rules.append({
                "id": rule["id"],
                "parent_group_id": group["id"],
                "ip_protocol": rule["protocol"] and rule["protocol"].lower(),
                "from_port": low,
                "to_port": high,
                "group": names.get(other, {}) if other else {},
                "ip_range": {} if other else {"cidr": rule["remote_ip_prefix"] or anywhere},
            })  # fmt: skip
    about = {key: group[key] for key in ("id", "name", "description")}
    return about | {"tenant_id": group["project_id"], "rules": rules}


RULES |= {
    f"os_compute_api:os-volumes-attachments:{verb}": rule
    for rule, verbs in {
        policy.project_reader: ("index", "show"),
        policy.project_member: ("create", "update", "delete"),
        policy.admin_or_service: ("swap",),
    }.items()
    for verb in verbs
}
LIST_QUERY = common.query({"limit": common.many(LIMIT), "offset": common.many(LIMIT)})


class VolumeAttachments:
    """Which volumes a server has, and how they come and go."""

    def __init__(self, access: ServerAccess, db: ExtendedDB, devices: Devices, volume_api: ExtendedVolumeAPI) -> None:
        self.access, self.db, self.devices, self.volume_api = access, db, devices, volume_api

    def index(self, req: Request, server_id: str) -> Body:
        """The volumes of a server. 200, 400, 401, 404."""
        self.access.instance(req, server_id, "os-volumes-attachments:index")
        start, limit = int(req.query.get("offset", 0)), common.limit(req) or common.MAX_LIMIT
        rows = self.db.devices.get(server_id)[start : start + limit]
        return {"volumeAttachments": [volume_view(req, row) for row in rows if shown(req, row)]}

    def show(self, req: Request, server_id: str, volume_id: str) -> Body:
        """One of its volumes. 200, 401, 404."""
        self.access.instance(req, server_id, "os-volumes-attachments:show")
        row = self._find(server_id, volume_id)
        if not shown(req, row):
            raise NotFound(f"Instance {server_id} is not attached to volume {volume_id}")
        return {"volumeAttachment": volume_view(req, row)}

    def attach(self, req: Request, server_id: str, wanted: Body) -> Reply:
        """Have a volume attached; the reply names the device, until 2.101. 200, 202, 400, 401, 403, 404, 409."""
        given = wanted["volumeAttachment"]
        instance = self.access.instance(req, server_id, "os-volumes-attachments:create")
        self._check_shelved(req, instance, "attach_volume")
        more: Values = {
            "tag": given.get("tag"),
            "delete_on_termination": bool_from_string(given.get("delete_on_termination", False)),
        }
        volume_id = given["volumeId"]
        device = self.devices.attach_volume(req.caller, instance, volume_id, given.get("device"), **more)
        if req.microversion >= (2, 101):
            return Reply(202)
        row = more | dict.fromkeys(("device_name", "attachment_id", "uuid"))
        row |= {"instance_uuid": server_id, "volume_id": volume_id}
        answer = volume_view(req, cast(BlockDevice, row)) | {"id": volume_id, "device": device}
        hidden = ("attachment_id", "bdm_uuid")
        return Reply(200, {"volumeAttachment": {k: v for k, v in answer.items() if k not in hidden}})

    def update(self, req: Request, server_id: str, volume_id: str, wanted: Body) -> Reply:
        """Change what becomes of a volume; Cinder alone may put another in its place. 202, 400, 401, 403, 404, 409."""
        given = wanted["volumeAttachment"]
        swap = req.microversion < (2, 85) or given["volumeId"] != volume_id
        instance = self.access.instance(req, server_id, f"os-volumes-attachments:{'swap' if swap else 'update'}")
        if not swap:
            self._update_attachment(instance, volume_id, given)
            return Reply(202)
        volume = self.volume_api.get(req.caller, volume_id)
        if not volume.get("migration_status"):
            raise Conflict(f"volume {volume_id} is not migrating; this API should only be called by Cinder")
        raise BadRequest("Volume swap is not supported.")

    def _update_attachment(self, instance: Instance, volume_id: str, given: Values) -> None:
        try:
            row = self._find(instance["uuid"], volume_id)
        except NotFound:
            raise NotFound(f"No volume Block Device Mapping with id {volume_id}.") from None
        fixed = {"id": volume_id, "serverId": instance["uuid"], "device": row["device_name"], "tag": row["tag"]}
        for key, value in fixed.items():
            if key in given and given[key] != value:
                raise BadRequest(f"The {key} property is not mutable")
        if "delete_on_termination" in given:
            values = {"delete_on_termination": bool_from_string(given["delete_on_termination"])}
            self.db.devices.update(instance["uuid"], volume_id, values)

    def detach(self, req: Request, server_id: str, volume_id: str) -> Reply:
        """Have a volume detached, which the guest may delay. 202, 400, 401, 403, 404, 409."""
        instance = self.access.instance(req, server_id, "os-volumes-attachments:delete")
        self._check_shelved(req, instance, "detach_volume")
        volume = self.volume_api.get(req.caller, volume_id)
        if self._find(server_id, volume_id)["boot_index"] == 0:
            raise BadRequest("Cannot detach a root device volume")
        self.devices.detach_volume(req.caller, instance, volume)
        return Reply(202)

    def _find(self, server_id: str, volume_id: str) -> BlockDevice:
        """The block device of a volume. Raises NotFound."""
        for row in self.db.devices.get(server_id):
            if row["volume_id"] == volume_id:
                return row
        raise NotFound(f"Instance {server_id} is not attached to volume {volume_id}")

    def _check_shelved(self, req: Request, instance: Instance, word: str) -> None:
        state = instance["vm_state"]
        if state.startswith("shelved") and req.microversion < (2, 20):
            raise InstanceInvalidState(method=word, instance_uuid=instance["uuid"], attr="vm_state", state=state)


def shown(req: Request, row: BlockDevice) -> bool:
    """Whether it is a volume, and since 2.89 one with an attachment."""
    return bool(row["volume_id"]) and (req.microversion < (2, 89) or row["attachment_id"] is not None)


def volume_view(req: Request, row: BlockDevice) -> Body:
    """An attachment; until 2.89 its id is the volume's."""
    minor = req.microversion[1]
    found: Body = {"volumeId": row["volume_id"], "serverId": row["instance_uuid"]}
    found |= {"device": row["device_name"]} if row["device_name"] else {}
    found |= {"tag": row["tag"]} if minor >= 70 else {}
    found |= {"delete_on_termination": row["delete_on_termination"]} if minor >= 79 else {}
    if minor >= 89:
        return found | {"attachment_id": row["attachment_id"], "bdm_uuid": row["uuid"]}
    return found | {"id": row["volume_id"]}
