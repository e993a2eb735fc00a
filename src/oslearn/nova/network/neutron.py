"""Nova's client of Neutron.

Interface: `validate_networks` for nova-api; `allocate_for_instance` and `deallocate_for_instance` for nova-compute.
Invariants: a port is made with the user's token, so it belongs to the user's project; ports are taken away with
Nova's own, so that an expired token leaves none behind.
Upstream: nova/network/neutron.py. Left out: port binding (2013 had none at this point), SR-IOV, floating addresses.
"""

from __future__ import annotations

from typing import Any

from keystoneauth1 import exceptions as ks

from oslearn.nova.exception import NetworkAmbiguous, NoMoreFixedIps
from oslearn.oslo.adapter import Client
from oslearn.oslo.context import RequestContext
from oslearn.oslo.exception import BadRequest


class NetworkAPI:
    """Networks and ports, as Nova needs them."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def validate_networks(self, context: RequestContext, requested: list[dict[str, Any]] | None) -> list[Any]:
        """The networks to connect to, with their names. Raises BadRequest, NetworkAmbiguous."""
        if requested is None:
            return self._default_network(context)
        return [self._checked(context, network) for network in requested]

    def allocate_for_instance(
        self, context: RequestContext, instance: dict[str, Any], requested: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """A port on each network; returns what the instance and its driver need of them. Raises TransportError."""
        return [self._allocate(context, instance, network) for network in requested]

    def deallocate_for_instance(self, uuid: str) -> None:
        """Delete every port of an instance. Raises TransportError."""
        found = self.client.request("GET", "/v2.0/ports", params={"device_id": uuid, "fields": "id"}).json()["ports"]
        for port in found:
            self.client.request("DELETE", f"/v2.0/ports/{port['id']}")

    def _allocate(self, context: RequestContext, instance: dict[str, Any], network: dict[str, Any]) -> dict[str, Any]:
        body = {
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

    def security_groups(self, context: RequestContext, requested: list[dict[str, str]]) -> list[dict[str, str]]:
        """Ids and names of the groups, which may be named by either. Raises BadRequest."""
        found = []
        for group in requested:
            for key in ("id", "name"):
                query = {key: group["name"], "fields": ["id", "name"]}
                groups = self.client.request("GET", "/v2.0/security-groups", context, params=query).json()
                if groups["security_groups"]:
                    found.append(groups["security_groups"][0])
                    break
            else:
                raise BadRequest(f"Security group {group['name']} is not found for project {context.project_id}.")
        return found

    def _default_network(self, context: RequestContext) -> list[Any]:
        networks = self.client.request("GET", "/v2.0/networks", context).json()["networks"]
        own = [n for n in networks if not n.get("router:external")]
        if len(own) > 1:
            raise NetworkAmbiguous()
        return [{"id": network["id"], "name": network["name"]} for network in own]

    def _checked(self, context: RequestContext, network: dict[str, Any]) -> dict[str, Any]:
        try:
            found = self.client.request("GET", f"/v2.0/networks/{network['uuid']}", context).json()["network"]
        except ks.NotFound:
            raise BadRequest(f"Network {network['uuid']} could not be found.") from None
        if not found["subnets"]:
            raise BadRequest(f"Network {network['uuid']} requires a subnet in order to boot instances on.")
        return {"id": found["id"], "name": found["name"], "fixed_ip": network.get("fixed_ip")}


def neutron_error(error: Any) -> str | None:
    """The type that Neutron gives its error, which keystoneauth1 does not read."""
    try:
        return str(error.response.json()["NeutronError"]["type"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
