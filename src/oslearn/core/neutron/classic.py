"""neutron-server in 2013: nobody bound a server's port.

Interface: `plugged_anywhere(port)`, in the place of `plugged`.
Upstream: quantum/plugins/openvswitch of 2013 (Grizzly), which had no port binding.
"""

from __future__ import annotations

from oslearn.core.neutron.binding import plugged
from oslearn.core.neutron.models import Port


def plugged_anywhere(port: Port) -> bool:
    """Whether the port can carry packets: a server's could on any host."""
    return plugged(port) or port.device_owner.startswith("compute:")
