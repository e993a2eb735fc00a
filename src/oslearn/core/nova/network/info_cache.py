"""What Nova asks Neutron again and again: which addresses an instance has now.

Interface: `InfoCache`, a part of `NetworkAPI`: `get_instance_nw_info`, `physical_network`.
Invariants: an instance shows a floating address only after Neutron said that something changed and Nova asked.
Upstream: nova/network/neutron.py: `_build_network_info_model` and what it calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from keystoneauth1 import exceptions as ks

from oslearn.core.nova.network.model import VIF, NetworkInfo, SubnetInfo, vif
from oslearn.core.nova.objects import Instance, RequestedNetwork, Values
from oslearn.core.oslo.adapter import Client


class InfoCache:
    """With Neutron's own user, for it is no user that asks."""

    admin: Client

    def get_instance_nw_info(self, instance: Instance, requested: Iterable[RequestedNetwork] = ()) -> NetworkInfo:
        """The instance's ports with all their addresses. Raises TransportError."""
        query = {"tenant_id": instance["project_id"], "device_id": instance["uuid"]}
        ports = self._get("/v2.0/ports", query)["ports"]
        networks: Values = {network["id"]: network for network in requested if "name" in network}
        if missing := {port["network_id"] for port in ports} - networks.keys():
            found = self._get("/v2.0/networks", {"id": sorted(missing)})["networks"]
            networks |= {network["id"]: network for network in found}
        known = {one["port_id"]: one for one in instance["network_info"]}
        own = {one["port_id"] for one in requested if one.get("port_id")}
        return [
            self._vif(
                port,
                networks[port["network_id"]],
                port["id"] in own or known.get(port["id"], {}).get("preserve_on_delete", False),
            )
            for port in sorted(
                ports, key=lambda port: list(known).index(port["id"]) if port["id"] in known else len(known)
            )
            if port["network_id"] in networks
        ]

    def physical_network(self, network_id: str) -> str | None:
        """The physical network below a network, if it has one. Raises TransportError."""
        path = f"/v2.0/networks/{network_id}"
        for segment in self._get(path, {"fields": "segments"})["network"].get("segments", ()):
            if segment.get("provider:physical_network"):
                return str(segment["provider:physical_network"])
        found = self._get(path, {"fields": ["provider:physical_network", "provider:network_type"]})["network"]
        physical: str | None = found.get("provider:physical_network")
        return physical

    def _vif(self, port: Values, network: Values, kept: bool) -> VIF:
        """A port with its floating addresses, its subnets and their DHCP servers."""
        made = vif(port, network, kept)
        made["floating_ips"] = [ip for address in made["fixed_ips"] for ip in self._floating_ips(port["id"], address)]
        if port["fixed_ips"]:
            ids = list(dict.fromkeys(ip["subnet_id"] for ip in port["fixed_ips"]))
            subnets = self._get("/v2.0/subnets", {"id": ids})["subnets"]
            query = {"network_id": port["network_id"], "device_owner": "network:dhcp"}
            servers = [ip for dhcp in self._get("/v2.0/ports", query)["ports"] for ip in dhcp["fixed_ips"]]
            made["subnets"] = [subnet_info(subnet, servers) for subnet in subnets]
        made["physical_network"] = self.physical_network(port["network_id"])
        return made

    def _floating_ips(self, port_id: str, address: str) -> list[str]:
        """The floating addresses of a fixed one; a Neutron without routers has none."""
        try:
            query = {"fixed_ip_address": address, "port_id": port_id}
            return [one["floating_ip_address"] for one in self._get("/v2.0/floatingips", query)["floatingips"]]
        except ks.NotFound:
            return []

    def _get(self, path: str, query: Values) -> Any:
        return self.admin.request("GET", path, params=query).json()


def subnet_info(subnet: Values, servers: list[Values]) -> SubnetInfo:
    """What a guest needs to know of a subnet."""
    return {
        "cidr": subnet["cidr"],
        "gateway": subnet["gateway_ip"],
        "dns": subnet["dns_nameservers"],
        "dhcp_server": next((ip["ip_address"] for ip in servers if ip["subnet_id"] == subnet["id"]), None),
    }
