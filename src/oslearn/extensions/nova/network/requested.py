"""What a server is connected to besides networks by their id: ports that the user made, addresses, security groups, and
the one network that there is.

Interface: `ExtendedNetworkAPI`, Nova's client of Neutron in today's flow, and `ExtendedClassicNetworkAPI`, in 2013's;
`RequestedNetworkAPI`, either of them.
Upstream: nova/network/neutron.py: `_validate_requested_port_ids`, `_get_available_networks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keystoneauth1 import exceptions as ks

from oslearn.core.nova.network.classic import ClassicNetworkAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.objects import Instance, RequestedNetwork, SecurityGroupName, Values
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, Conflict
from oslearn.extensions.nova.exception import NetworkAmbiguous


class ExtendedNetworkAPI(NetworkAPI):
    def security_groups(self, context: RequestContext, names: list[str]) -> list[SecurityGroupName]:
        """Ids of the groups, which may be named by either, and those names. Raises BadRequest."""
        return [{"id": find_security_group(self, context, name, ["id"])["id"], "name": name} for name in names]

    def requested(self, context: RequestContext, asked: Any) -> list[RequestedNetwork]:
        """Networks, ports, or what there is. Raises NetworkAmbiguous, BadRequest, Conflict."""
        if not isinstance(asked, list):
            return default_network(self, context, asked)
        return [
            self._port(context, one["port"]) if one.get("port")
            else {"id": one["uuid"], "fixed_ip": one.get("fixed_ip"), "tag": one.get("tag")}
            for one in asked
        ]  # fmt: skip

    def look_again(self, context: RequestContext, instance: Instance, requested: Sequence[RequestedNetwork]) -> None:
        super().look_again(context, instance, requested)
        if instance["security_groups"]:
            query = {"tenant_id": instance["project_id"], "fields": ["id", "name"]}
            self.ask(context, "/v2.0/security-groups", query)

    def check_network(self, context: RequestContext, network: RequestedNetwork, about: Values) -> None:
        """A port is there already; of an address nobody else may have it. Raises BadRequest, Forbidden."""
        if not network.get("port_id"):
            super().check_network(context, network, about)
        if not (address := network.get("fixed_ip")):
            return
        query = {"network_id": network["id"], "fixed_ips": f"ip_address={address}"}
        for port in self.admin.request("GET", "/v2.0/ports", params=query).json()["ports"]:
            if address in [ip["ip_address"] for ip in port["fixed_ips"]]:
                raise BadRequest(f"Fixed IP address {address} is already in use on instance {port['device_id']}.")

    def new_port(self, instance: Instance, network: RequestedNetwork) -> Values:
        return super().new_port(instance, network) | more_of_port(instance, network)

    def _port(self, context: RequestContext, port_id: str) -> RequestedNetwork:
        """A port that the user made, and that nobody uses."""
        try:
            port = self.ask(context, f"/v2.0/ports/{port_id}")["port"]
        except ks.NotFound:
            raise BadRequest(f"Port id {port_id} could not be found.") from None
        if port["device_id"]:
            raise Conflict(f"Port {port_id} is still in use.")
        if not port["fixed_ips"]:
            raise BadRequest(f"Port {port_id} requires a FixedIP in order to be used.")
        return {"id": port["network_id"], "port_id": port_id}


class ExtendedClassicNetworkAPI(ClassicNetworkAPI):
    def security_groups(self, context: RequestContext, names: list[str]) -> list[SecurityGroupName]:
        """Ids and names of the groups, which may be named by either. Raises BadRequest."""
        return [find_security_group(self, context, name, ["id", "name"]) for name in names]

    def validate_networks(
        self, context: RequestContext, asked: Any, count: int = 1
    ) -> tuple[list[RequestedNetwork], int]:
        """The networks to connect to, with their names; how many instances may have such. Raises BadRequest."""
        if not isinstance(asked, list):
            return default_network(self, context, asked), count
        return super().validate_networks(context, asked, count)

    def checked(self, context: RequestContext, network: Values) -> RequestedNetwork:
        if network.get("port"):
            raise BadRequest("In this flow a server gets a new port: name a network.")
        found = super().checked(context, network)
        found["fixed_ip"] = network.get("fixed_ip")
        return found

    def new_port(self, instance: Instance, network: RequestedNetwork) -> Values:
        return super().new_port(instance, network) | more_of_port(instance, network)


RequestedNetworkAPI = ExtendedNetworkAPI | ExtendedClassicNetworkAPI
EXTENDED: dict[type[NetworkAPI], type[NetworkAPI]] = {
    NetworkAPI: ExtendedNetworkAPI, ClassicNetworkAPI: ExtendedClassicNetworkAPI,
}  # fmt: skip


def default_network(api: NetworkAPI, context: RequestContext, asked: object) -> list[RequestedNetwork]:
    """The one network that the project has or that all share, or none. Raises NetworkAmbiguous, BadRequest."""
    if asked == "none":
        return []
    found = []
    for query in ({"tenant_id": context.project_id, "shared": False}, {"shared": True}):
        found += api.ask(context, "/v2.0/networks", query)["networks"]
    if len(found) > 1:
        raise NetworkAmbiguous()
    if not found and asked == "auto":
        raise BadRequest(f"Unable to automatically allocate a network for project {context.project_id}")
    return [{"id": network["id"], "name": network["name"]} for network in found]


def find_security_group(api: NetworkAPI, context: RequestContext, name: str, fields: list[str]) -> SecurityGroupName:
    """A group, named by its id or its name. Raises BadRequest, Conflict."""
    for key in ("id", "name"):
        found = api.ask(context, "/v2.0/security-groups", {key: name, "fields": fields})["security_groups"]
        if len(found) > 1:
            raise Conflict(f"Multiple security groups found matching '{name}'. Use an ID to be more specific.")
        if found:
            group: SecurityGroupName = found[0]
            return group
    raise BadRequest(f"Security group {name} is not found for project {context.project_id}.")


def more_of_port(instance: Instance, network: RequestedNetwork) -> Values:
    """The address and the groups that a port is to have."""
    address = {"fixed_ips": [{"ip_address": network["fixed_ip"]}]} if network.get("fixed_ip") else {}
    groups = [group["id"] for group in instance["security_groups"]]
    return address | ({"security_groups": groups} if groups else {})
