"""Nova's client of Neutron.

Interface: `validate_networks` for nova-api; `allocate_for_instance` and `deallocate_for_instance` for nova-compute;
`NetworkInfoAsync`, ports that are made when they are needed.
Invariants: a port is made with the user's token, so it belongs to the user's project, and bound with Neutron's own
user, for only an operator may bind; ports are taken away with that as well, so that an expired token leaves none
behind. A port that the user made stays.
An instance shows a floating address only after Neutron said that something changed and Nova asked.
Upstream: nova/network/neutron.py. Left out: SR-IOV, QoS, several bindings of a port.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from keystoneauth1 import exceptions as ks

from oslearn.core.nova import exception
from oslearn.core.nova.objects import VIF, Instance, NetworkInfo, RequestedNetwork, SubnetInfo, Values
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, Forbidden

FREE = {"device_id": "", "device_owner": "", "binding:host_id": ""}
"""What lets go of a port."""


class NetworkAPI:
    def __init__(self, client: Client, admin: Client) -> None:
        """`client` sends the user's token, `admin` that of Neutron's own user."""
        self.client, self.admin = client, admin
        self._extensions: set[str] | None = None

    def validate_networks(
        self, context: RequestContext, asked: Any, count: int = 1
    ) -> tuple[list[RequestedNetwork], int]:
        """What to connect to, with names; how many instances may have such ports. Raises BadRequest, Conflict."""
        networks = self.requested(context, asked)
        if not networks:
            return [], count
        self._name(context, networks)
        needed = sum(1 for network in networks if not network.get("port_id"))
        if needed:
            quota = self.ask(context, f"/v2.0/quotas/{context.project_id}")["quota"]["port"]
            query = {"tenant_id": context.project_id, "fields": "id"}
            used = len(self.ask(context, "/v2.0/ports", query)["ports"])
            count = min(count, (quota - used) // needed) if quota >= 0 else count
        self.has_extension("multi-provider")  # upstream reads a network otherwise then
        for network in networks:  # that the scheduler could ask a host about
            network["physical_network"] = self.physical_network(network["id"])
        return networks, count

    def requested(self, context: RequestContext, asked: Any) -> list[RequestedNetwork]:
        """What a body asks to be connected to, by the networks' ids."""
        return [{"id": one["uuid"]} for one in asked]

    def allocate_for_instance(
        self, context: RequestContext, instance: Instance, requested: Sequence[RequestedNetwork]
    ) -> list[Values]:
        """A bound port on each network. Raises TransportError, NoMoreFixedIps, PortBindingFailed."""
        if not requested:
            return []
        self.look_again(context, instance, requested)
        made = []
        for network in requested:
            port_id = network.get("port_id") or self._create_port(context, instance, network)
            made.append(self.bind_port(instance, port_id))
        return made

    def look_again(self, context: RequestContext, instance: Instance, requested: Sequence[RequestedNetwork]) -> None:
        """The host asks for what nova-api has seen before. Raises TransportError.

        Upstream looks at both answers; here the networks are there, and Neutron binds ports.
        """
        self.ask(context, "/v2.0/networks", {"id": [network["id"] for network in requested]})
        self.has_extension("port-binding")

    def deallocate_for_instance(self, uuid: str, kept: Iterable[str] = ()) -> None:
        """Delete every port of an instance, but only let go of those that its user made. Raises TransportError."""
        query = {"device_id": uuid}
        for port in self.admin.request("GET", "/v2.0/ports", params=query).json()["ports"]:
            if port["id"] in kept:
                self.admin.request("PUT", f"/v2.0/ports/{port['id']}", body={"port": FREE})
            else:
                self.admin.request("DELETE", f"/v2.0/ports/{port['id']}")

    def has_extension(self, alias: str) -> bool:
        """Whether Neutron can do it; asked once a process. Raises TransportError."""
        if self._extensions is None:
            found = self.admin.request("GET", "/v2.0/extensions").json()["extensions"]
            self._extensions = {extension["alias"] for extension in found}
        return alias in self._extensions

    def ask(self, context: RequestContext, path: str, query: Values | None = None) -> Any:
        """What Neutron answers the user."""
        return self.client.request("GET", path, context, params=query or {}).json()

    def _name(self, context: RequestContext, networks: list[RequestedNetwork]) -> None:
        """Look the networks up, all at once. Raises BadRequest, Forbidden."""
        found = self.ask(context, "/v2.0/networks", {"id": list(dict.fromkeys(n["id"] for n in networks))})["networks"]
        known = {network["id"]: network for network in found}
        for network in networks:
            if network["id"] not in known:
                raise BadRequest(f"Network {network['id']} could not be found.")
            network["name"] = known[network["id"]]["name"]
            self.check_network(context, network, known[network["id"]])

    def check_network(self, context: RequestContext, network: RequestedNetwork, about: Values) -> None:
        """A server can have a new port there. Raises BadRequest, Forbidden."""
        if not about["subnets"]:
            raise BadRequest(f"Network {network['id']} requires a subnet in order to boot instances on.")
        if about.get("router:external") and not (about.get("shared") or context.is_admin):
            raise Forbidden(f"It is not allowed to create an interface on external network {network['id']}")

    def _create_port(self, context: RequestContext, instance: Instance, network: RequestedNetwork) -> str:
        """An unbound port of the user's project. Raises NoMoreFixedIps, PortLimitExceeded, BadRequest."""
        body = {"port": self.new_port(instance, network)}
        try:
            return str(self.client.request("POST", "/v2.0/ports", context, body).json()["port"]["id"])
        except ks.Conflict as error:
            kind = neutron_error(error)
            if kind == "IpAddressGenerationFailure":
                raise exception.NoMoreFixedIps(net=network["id"]) from None
            if kind == "OverQuota":
                raise exception.PortLimitExceeded() from None
            raise

    def new_port(self, instance: Instance, network: RequestedNetwork) -> Values:
        """What Neutron is to make."""
        return {
            "device_id": instance["uuid"],
            "network_id": network["id"],
            "admin_state_up": True,
            "tenant_id": instance["project_id"],
        }

    def bind_port(self, instance: Instance, port_id: str) -> Values:
        """Say on which host the port is to be plugged. Raises PortBindingFailed."""
        binding = {
            "device_id": instance["uuid"],
            "device_owner": f"compute:{instance['availability_zone']}",
            "binding:host_id": instance["host"],
        }
        port = self.admin.request("PUT", f"/v2.0/ports/{port_id}", body={"port": binding}).json()["port"]
        if port.get("binding:vif_type") == "binding_failed":
            raise exception.PortBindingFailed(port_id=port_id)
        return dict(port)

    def get_instance_nw_info(self, instance: Instance, requested: Iterable[RequestedNetwork] = ()) -> NetworkInfo:
        """The instance's ports with all their addresses, in the order in which it got them. Raises TransportError."""
        query = {"tenant_id": instance["project_id"], "device_id": instance["uuid"]}
        ports = self._get("/v2.0/ports", query)["ports"]
        networks: Values = {network["id"]: network for network in requested if "name" in network}
        if missing := {port["network_id"] for port in ports} - networks.keys():
            found = self._get("/v2.0/networks", {"id": sorted(missing)})["networks"]
            networks |= {network["id"]: network for network in found}
        kept = {one["port_id"] for one in requested if one.get("port_id")}
        kept |= {one["port_id"] for one in instance["network_info"] if one.get("preserve_on_delete")}
        order = [one["port_id"] for one in instance["network_info"]]
        ports.sort(key=lambda port: order.index(port["id"]) if port["id"] in order else len(order))
        return [
            self._vif(port, networks[port["network_id"]], port["id"] in kept)
            for port in ports
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
        """A port with its floating addresses, its subnets and their DHCP servers; Nova deletes none that is `kept`."""
        addresses = [ip["ip_address"] for ip in port["fixed_ips"]]
        made: VIF = {
            "port_id": port["id"],
            "network_id": port["network_id"],
            "label": network["name"],
            "mac_address": port["mac_address"],
            "fixed_ips": addresses,
            "floating_ips": [ip for address in addresses for ip in self._floating_ips(port["id"], address)],
            "subnets": [],
            "type": port.get("binding:vif_type", "unbound"),
            "active": port.get("status") == "ACTIVE",
            "mtu": network.get("mtu"),
            "preserve_on_delete": kept,
        }
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


class NetworkInfoAsync:
    """Ports of which the making has begun. Whoever looks waits for them; an error reaches who looks.

    Upstream makes them in a thread beside the block devices, `NetworkInfoAsyncWrapper`. Here there are no threads, so
    the work is done when the hypervisor driver asks for the result.
    """

    def __init__(self, make: Callable[[], NetworkInfo]) -> None:
        self._make = make
        self._ports: NetworkInfo | None = None

    def wait(self) -> NetworkInfo:
        """The ports. Raises what went wrong when they were made."""
        if self._ports is None:
            self._ports = self._make()
        return self._ports

    def __iter__(self) -> Iterator[VIF]:
        return iter(self.wait())


def neutron_error(error: Any) -> str | None:
    """The type that Neutron gives its error, which keystoneauth1 does not read."""
    try:
        return str(error.response.json()["NeutronError"]["type"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def subnet_info(subnet: Values, servers: list[Values]) -> SubnetInfo:
    return {
        "cidr": subnet["cidr"],
        "gateway": subnet["gateway_ip"],
        "dns": subnet["dns_nameservers"],
        "dhcp_server": next((ip["ip_address"] for ip in servers if ip["subnet_id"] == subnet["id"]), None),
    }
