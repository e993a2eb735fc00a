"""What Nova knows of an instance's ports.

Interface: `vif(...)`, one port; `NetworkInfoAsync`, ports that are made when they are needed.
Upstream: nova/network/model.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


class NetworkInfoAsync:
    """Ports of which the making has begun. Whoever looks waits for them; an error reaches who looks.

    Upstream makes them in a thread beside the block devices, `NetworkInfoAsyncWrapper`. Here there are no threads, so
    the work is done when the hypervisor driver asks for the result.
    """

    def __init__(self, make: Callable[[], list[dict[str, Any]]]) -> None:
        self._make = make
        self._ports: list[dict[str, Any]] | None = None

    def wait(self) -> list[dict[str, Any]]:
        """The ports. Raises what went wrong when they were made."""
        if self._ports is None:
            self._ports = self._make()
        return self._ports

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.wait())


def vif(port: dict[str, Any], network: dict[str, Any], kept: bool) -> dict[str, Any]:
    """A port as the instance's info cache has it; `kept` says that the user made it, so Nova does not delete it."""
    return {
        "port_id": port["id"],
        "network_id": port["network_id"],
        "label": network["name"],
        "mac_address": port["mac_address"],
        "fixed_ips": [ip["ip_address"] for ip in port["fixed_ips"]],
        "floating_ips": [],
        "subnets": [],
        "type": port.get("binding:vif_type", "unbound"),
        "active": port.get("status") == "ACTIVE",
        "mtu": network.get("mtu"),
        "preserve_on_delete": kept,
    }
