"""nova-api: the ports of a server, their addresses and their security groups.

Upstream: nova/api/openstack/compute/attach_interfaces.py, ips.py, security_groups.py (`ServerSecurityGroupController`).
"""

from __future__ import annotations

from oslearn.core.nova.api.common import ServerAccess
from oslearn.core.nova.api.views import addresses
from oslearn.core.nova.objects import Instance, Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.extensions.nova.compute.devices import Devices, RequestedPort
from oslearn.extensions.nova.network.instance_ports import InstancePorts

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
        return {"addresses": addresses(instance["network_info"], extended=False)}

    def show_addresses(self, req: Request, server_id: str, network: str) -> Body:
        """Addresses in one network. 200, 401, 404."""
        found = addresses(self.access.instance(req, server_id, "ips:show")["network_info"], extended=False)
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
