"""Nova's client of Neutron in 2013: one request makes a port with its address.

Interface: `ClassicNetworkAPI`, with the methods of `NetworkAPI`.
Invariants: a port is made with the user's token, so it belongs to the user's project; ports are taken away with
Nova's own, so that an expired token leaves none behind.
Upstream: nova/network/quantumv2/api.py of 2013. Left out: port binding (2013 had none at this point).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keystoneauth1 import exceptions as ks

from oslearn.core.nova.exception import NoMoreFixedIps
from oslearn.core.nova.network.neutron import NetworkAPI, neutron_error
from oslearn.core.nova.objects import Instance, RequestedNetwork, SecurityGroupName, Values
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest


class ClassicNetworkAPI(NetworkAPI):
    def validate_networks(
        self, context: RequestContext, asked: Any, count: int = 1
    ) -> tuple[list[RequestedNetwork], int]:
        """The networks to connect to, with their names; how many instances may have such. Raises BadRequest."""
        if not isinstance(asked, list):
            return self.default_network(context, asked), count
        return [self._checked(context, network) for network in asked], count

    def security_groups(self, context: RequestContext, names: list[str]) -> list[SecurityGroupName]:
        """Ids and names of the groups, which may be named by either. Raises BadRequest."""
        return [self.find_security_group(context, name, ["id", "name"]) for name in names]

    def allocate_for_instance(
        self, context: RequestContext, instance: Instance, requested: Sequence[RequestedNetwork]
    ) -> list[Values]:
        """A port on each network; returns what the instance and its driver need of them. Raises TransportError."""
        return [self._allocate(context, instance, network) for network in requested]

    def _allocate(self, context: RequestContext, instance: Instance, network: RequestedNetwork) -> Values:
        body: Values = {
            "network_id": network["id"],
            "device_id": instance["uuid"],
            "device_owner": f"compute:{instance['availability_zone']}",
            "admin_state_up": True,
        }
        if network.get("fixed_ip"):
            body["fixed_ips"] = [{"ip_address": network["fixed_ip"]}]
        if instance["security_groups"]:
            body["security_groups"] = [group["id"] for group in instance["security_groups"]]
        try:
            port = self.client.request("POST", "/v2.0/ports", context, {"port": body}).json()["port"]
        except ks.Conflict as error:
            if neutron_error(error) == "IpAddressGenerationFailure":
                raise NoMoreFixedIps(net=network["id"]) from None
            raise
        return {
            "port_id": port["id"],
            "network_id": network["id"],
            "label": network["name"],
            "mac_address": port["mac_address"],
            "fixed_ips": [ip["ip_address"] for ip in port["fixed_ips"]],
        }

    def _checked(self, context: RequestContext, network: Values) -> RequestedNetwork:
        if network.get("port"):
            raise BadRequest("In this flow a server gets a new port: name a network.")
        try:
            found = self.client.request("GET", f"/v2.0/networks/{network['uuid']}", context).json()["network"]
        except ks.NotFound:
            raise BadRequest(f"Network {network['uuid']} could not be found.") from None
        if not found["subnets"]:
            raise BadRequest(f"Network {network['uuid']} requires a subnet in order to boot instances on.")
        return {"id": found["id"], "name": found["name"], "fixed_ip": network.get("fixed_ip")}
