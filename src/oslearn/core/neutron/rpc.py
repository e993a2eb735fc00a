"""neutron-rpc-server, as far as a boot needs it: what the agents report.

Interface: topic `q-plugin`; the methods are upstream's. What agents ask besides is in the extensions.
Invariants: a report about what is gone changes nothing.
Upstream: neutron/plugins/ml2/rpc.py, neutron/api/rpc/handlers/dhcp_rpc.py. Left out: versions of messages.
"""

from __future__ import annotations

from oslearn.core.neutron.binding import DHCP, L2, Binding
from oslearn.core.neutron.models import Port
from oslearn.core.neutron.notifiers import Outbox
from oslearn.core.oslo.context import RequestContext as Context


class RpcCallbacks:
    """What Open vSwitch and DHCP agents report of ports."""

    def __init__(self, outbox: Outbox, binding: Binding) -> None:
        self.outbox, self.binding = outbox, binding

    def dhcp_ready_on_ports(self, context: Context, port_ids: list[str]) -> None:
        self.binding.provisioned(Port.id.in_(port_ids), DHCP)

    def update_device_up(self, context: Context, device: str, host: str) -> None:
        """The bridge of a host has connected the port; one that is bound elsewhere by now is not its concern."""
        self.binding.provisioned((Port.id == device) & (Port.host_id == host), L2)

    def update_device_down(self, context: Context, device: str, host: str) -> None:
        with self.outbox.transaction() as session:
            port = session.get(Port, device)
            if port is not None and port.host_id == host:
                self.binding.set_status(session, port, "DOWN")
