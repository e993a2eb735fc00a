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
from oslearn.core.nova.objects import Instance, RequestedNetwork, Values
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest


class ClassicNetworkAPI(NetworkAPI):
    def validate_networks(
        self, context: RequestContext, asked: Any, count: int = 1
    ) -> tuple[list[RequestedNetwork], int]:
        """The networks to connect to, with their names; how many instances may have such. Raises BadRequest."""
        return [self.checked(context, network) for network in asked], count

    def allocate_for_instance(
        self, context: RequestContext, instance: Instance, requested: Sequence[RequestedNetwork]
    ) -> list[Values]:
        """A port on each network; returns what the instance and its driver need of them. Raises TransportError."""
        return [self._allocate(context, instance, network) for network in requested]

    def _allocate(self, context: RequestContext, instance: Instance, network: RequestedNetwork) -> Values:
        body = {"port": self.new_port(instance, network)}
        try:
            port = self.client.request("POST", "/v2.0/ports", context, body).json()["port"]
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

    def new_port(self, instance: Instance, network: RequestedNetwork) -> Values:
        return {
            "network_id": network["id"],
            "device_id": instance["uuid"],
            "device_owner": f"compute:{instance['availability_zone']}",
            "admin_state_up": True,
        }

    def checked(self, context: RequestContext, network: Values) -> RequestedNetwork:
        """A network with a subnet. Raises BadRequest."""
        try:
            found = self.client.request("GET", f"/v2.0/networks/{network['uuid']}", context).json()["network"]
        except ks.NotFound:
            raise BadRequest(f"Network {network['uuid']} could not be found.") from None
        if not found["subnets"]:
            raise BadRequest(f"Network {network['uuid']} requires a subnet in order to boot instances on.")
        return {"id": found["id"], "name": found["name"]}
