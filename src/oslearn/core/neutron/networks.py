"""Networks and subnets, as far as a boot looks at them. Who makes and changes them is in the extensions.

Interface: `NETWORK`, `SUBNET`: `/v2.0/networks`, `/v2.0/subnets`; `dhcp_hosts(network)`.
Upstream: neutron/plugins/ml2/plugin.py, neutron/extensions/external_net.py.
"""

from __future__ import annotations

from sqlalchemy import or_, select

from oslearn.core.neutron import exceptions as e
from oslearn.core.neutron.base import Resource
from oslearn.core.neutron.models import Network, Subnet

NETWORK: Resource[Network] = Resource(
    "network", Network, e.NetworkNotFound, lambda caller: [Network.shared, Network.external]
)
SUBNET: Resource[Subnet] = Resource(
    "subnet",
    Subnet,
    e.SubnetNotFound,
    lambda caller: [Subnet.network_id.in_(select(Network.id).where(or_(Network.shared, Network.external)))],
)


def dhcp_hosts(network: Network) -> list[str]:
    """The hosts whose DHCP agents serve a network."""
    return [agent.host for agent in network.agents if agent.admin_state_up]
