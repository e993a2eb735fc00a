"""Ports of instances that move or lose one, and those of all instances.

Interface: `HostPorts`.
Upstream: nova/network/neutron.py: `setup_networks_on_host`, `deallocate_port_for_instance`.
"""

from __future__ import annotations

from oslearn.core.nova.network.model import VIF
from oslearn.core.nova.network.neutron import FREE
from oslearn.core.nova.objects import Values
from oslearn.core.oslo.adapter import Client


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
