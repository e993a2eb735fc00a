"""Ports of instances that move to another host, or that leave an instance.

Interface: `PortMoves`, a part of `NetworkAPI`.
Upstream: nova/network/neutron.py: `migrate_instance_finish`, `deallocate_port_for_instance`.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.oslo.adapter import Client


class PortMoves:
    """With Neutron's own user, for only an operator may bind."""

    admin: Client

    def migrate_instance(self, uuid: str, host: str) -> None:
        """Bind an instance's ports to the host that has it now. Raises TransportError."""
        ports = self.admin.request("GET", "/v2.0/ports", params={"device_id": uuid, "fields": "id"}).json()["ports"]
        for port in ports:
            self.admin.request("PUT", f"/v2.0/ports/{port['id']}", body={"port": {"binding:host_id": host}})

    def deallocate_port(self, vif: dict[str, Any]) -> None:
        """Delete a port that Nova made, let go of one that the user made. Raises TransportError."""
        path = f"/v2.0/ports/{vif['port_id']}"
        if vif.get("preserve_on_delete"):
            free = {"device_id": "", "device_owner": "", "binding:host_id": ""}
            self.admin.request("PUT", path, body={"port": free})
        else:
            self.admin.request("DELETE", path)
