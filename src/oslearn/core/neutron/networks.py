"""Networks, as far as a boot looks at them: `/v2.0/networks`. Who makes and changes them is in the extensions.

Interface: `NETWORK`; `dhcp_hosts(network)`.
Upstream: neutron/plugins/ml2/plugin.py, neutron/extensions/external_net.py.
"""

from __future__ import annotations

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.base import Resource
from oslearn.core.neutron.models import Network

NETWORK: Resource[Network] = Resource(
    "network", Network, e.NetworkNotFound, lambda caller: [Network.shared, Network.external]
)


def dhcp_hosts(network: Network) -> list[str]:
    """The hosts whose DHCP agents serve a network."""
    return [agent.host for agent in network.agents if agent.admin_state_up]
