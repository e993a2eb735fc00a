"""What Nova knows of an instance's ports.

Interface: `VIF`, one port; `NetworkInfo`, an instance's; `NetworkInfoAsync`, ports that are made when they are needed.
Upstream: nova/network/model.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypedDict


class SubnetInfo(TypedDict):
    cidr: str
    gateway: str | None
    dns: list[str]
    dhcp_server: str | None


class VIF(TypedDict, total=False):
    """A port of an instance, as the instance's info cache has it. In 2013 it had no more than its addresses."""

    port_id: str
    network_id: str
    label: str
    mac_address: str
    fixed_ips: list[str]
    floating_ips: list[str]
    subnets: list[SubnetInfo]
    type: str
    active: bool
    mtu: int | None
    preserve_on_delete: bool
    physical_network: str | None


NetworkInfo = list[VIF]


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
