"""What Nova asks Neutron about the ports of instances, and changes there.

Interface: `InstancePorts`, with the user's token: ports and security groups, which are those of the ports, so only
Neutron knows them; `HostPorts`, with Neutron's own user: ports of instances that move or lose one.
Upstream: nova/network/neutron.py: `list_ports`, `show_port`, `setup_networks_on_host`,
`deallocate_port_for_instance`; nova/network/security_group_api.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from keystoneauth1 import exceptions as ks

from oslearn.core.nova.network.neutron import FREE
from oslearn.core.nova.objects import VIF, SecurityGroupName, Values
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound

MAX_SEARCH_IDS = 150


class InstancePorts:
    """Ports and groups, with the user's token."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def groups_of_instance(self, context: RequestContext, uuid: str) -> list[Values]:
        """The groups of an instance, whole. Raises TransportError."""
        ports = self.list_ports(context, device_id=uuid, fields="security_groups")
        ids = sorted({group for port in ports for group in port["security_groups"]})
        return self._list(context, "security-groups", id=ids) if ids else []

    def list_ports(self, context: RequestContext, **query: object) -> list[Values]:
        """Ports, as Neutron shows them to the user. Raises TransportError."""
        return self._list(context, "ports", **query)

    def show_port(self, context: RequestContext, port_id: str) -> Values:
        """A port that the user may see. Raises NotFound."""
        return self._show(context, "port", port_id, f"Port id {port_id} could not be found.")

    def show_network(self, context: RequestContext, network_id: str) -> Values:
        """A network that the user may see. Raises NotFound."""
        return self._show(context, "network", network_id, f"Network {network_id} could not be found.")

    def instance_security_groups(
        self, context: RequestContext, uuids: Sequence[str]
    ) -> dict[str, list[SecurityGroupName]]:
        """Names of the groups of each instance: those of its first port, then of the next. Raises TransportError."""
        ports: list[Values] = []
        for some in chunks(uuids):
            ports += self._list(context, "ports", fields=["security_groups", "device_id"], device_id=some)
        names: dict[str, str] = {}
        for few in chunks(sorted({group for port in ports for group in port["security_groups"]})):
            found = self._list(context, "security-groups", id=few, fields=["id", "name"])
            names |= {group["id"]: group["name"] or group["id"] for group in found}
        groups: dict[str, list[SecurityGroupName]] = {}
        for port in ports:
            shown: list[SecurityGroupName] = [
                {"name": names[group]} for group in port["security_groups"] if group in names
            ]
            groups.setdefault(port["device_id"], []).extend(shown)
        return groups

    def add_to_instance(self, context: RequestContext, uuid: str, name: str) -> None:
        """Put every port of an instance into a group. Raises NotFound, BadRequest, Conflict."""
        group_id, ports = self._group_id(context, name), self._ports(context, uuid)
        if not all(port.get("port_security_enabled", True) and port["fixed_ips"] for port in ports):
            raise BadRequest("Network requires port_security_enabled and subnet associated in order to apply "
                             "security groups.")  # fmt: skip
        for port in ports:
            self._set(context, port, [*port["security_groups"], group_id])

    def remove_from_instance(self, context: RequestContext, uuid: str, name: str) -> None:
        """Take an instance's ports out of a group. Raises NotFound."""
        group_id = self._group_id(context, name)
        inside = [port for port in self._ports(context, uuid) if group_id in port["security_groups"]]
        for port in inside:
            self._set(context, port, [group for group in port["security_groups"] if group != group_id])
        if not inside:
            raise NotFound(f"Security group {name} not associated with the instance {uuid}")

    def _set(self, context: RequestContext, port: Values, groups: list[str]) -> None:
        body = {"port": {"security_groups": list(dict.fromkeys(groups))}}
        self.client.request("PUT", f"/v2.0/ports/{port['id']}", context, body)

    def _ports(self, context: RequestContext, uuid: str) -> list[Values]:
        ports = self.list_ports(context, device_id=uuid)
        if not ports:
            raise NotFound(f"instance_id {uuid} could not be found as device id on any ports")
        return ports

    def _group_id(self, context: RequestContext, name: str) -> str:
        """The id of a group that is named by either."""
        for key in ("id", "name"):
            found = self._list(context, "security-groups", **{key: name}, fields="id")
            if len(found) > 1:
                raise Conflict(
                    f"Multiple security_group matches found for name '{name}', use an ID to be more specific."
                )
            if found:
                return str(found[0]["id"])
        raise NotFound(f"Security group {name} is not found for project {context.project_id}")

    def _show(self, context: RequestContext, kind: str, uuid: str, missing: str) -> Values:
        try:
            return dict(self.client.request("GET", f"/v2.0/{kind}s/{uuid}", context).json()[kind])
        except ks.NotFound:
            raise NotFound(missing) from None

    def _list(self, context: RequestContext, kind: str, **query: object) -> list[Values]:
        found = self.client.request("GET", f"/v2.0/{kind}", context, params=query).json()
        return list(found[kind.replace("-", "_")])


def chunks(ids: Sequence[str]) -> Iterator[list[str]]:
    """Few enough ids at a time for a URL."""
    for start in range(0, len(ids), MAX_SEARCH_IDS):
        yield list(ids[start : start + MAX_SEARCH_IDS])


class HostPorts:
    """With Neutron's own user, for only an operator may bind."""

    def __init__(self, admin: Client) -> None:
        self.admin = admin

    def migrate_instance(self, uuid: str, host: str) -> None:
        """Bind an instance's ports to the host that has it now. Raises TransportError."""
        ports = self.admin.request("GET", "/v2.0/ports", params={"device_id": uuid, "fields": "id"}).json()["ports"]
        for port in ports:
            self.admin.request("PUT", f"/v2.0/ports/{port['id']}", body={"port": {"binding:host_id": host}})

    def deallocate(self, vif: VIF) -> None:
        """Delete a port that Nova made, let go of one that the user made. Raises TransportError."""
        path = f"/v2.0/ports/{vif['port_id']}"
        if vif.get("preserve_on_delete"):
            self.admin.request("PUT", path, body={"port": FREE})
        else:
            self.admin.request("DELETE", path)

    def get_all(self) -> list[Values]:
        """Every port that has an instance's id, or that names what no other service has. Raises TransportError."""
        fields = ["id", "device_id", "device_owner", "binding:host_id", "fixed_ips"]
        found = self.admin.request("GET", "/v2.0/ports", params={"fields": fields}).json()["ports"]
        owners = ("", "compute")
        return [port for port in found if port["device_id"] and port["device_owner"].partition(":")[0] in owners]
