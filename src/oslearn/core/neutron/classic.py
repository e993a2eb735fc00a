"""2013's flow, as far as it concerns Neutron: nobody binds a server's port, and Nova is told nothing of it.

Interface: `plugged(port)` stands in for `oslearn.core.neutron.binding.plugged`.
Upstream: neutron/plugins/openvswitch/ovs_neutron_plugin.py of Havana.
"""

from __future__ import annotations

from oslearn.core.neutron import binding
from oslearn.core.neutron.models import Port


def plugged(port: Port) -> bool:
    """Whether the port can carry packets: a server's can on any host."""
    return binding.plugged(port) or port.device_owner.startswith("compute:")
