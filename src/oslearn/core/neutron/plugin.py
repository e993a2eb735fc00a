"""What a process of Neutron works with, neutron-server and neutron-rpc-server alike.

Interface: `Plugin`; `Added`, what extensions add to the core's own parts.
Upstream: neutron/plugins/ml2/plugin.py, which is one class of many bases; here are parts that know each other by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from oslearn.core.neutron.agents import Agents
from oslearn.core.neutron.base import Stamps
from oslearn.core.neutron.binding import Binding
from oslearn.core.neutron.collection import Extended
from oslearn.core.neutron.listing import Filters
from oslearn.core.neutron.notifiers import Notifier
from oslearn.core.neutron.outbox import Outbox
from oslearn.core.neutron.ports import Ports
from oslearn.core.neutron.quota import Counting, Quotas
from oslearn.core.neutron.securitygroups import SecurityGroups
from oslearn.core.oslo.db import Handle


@dataclass(frozen=True)
class Plugin:
    """The parts of a process, as deploy/neutron.py builds them."""

    handle: Handle
    outbox: Outbox
    notifier: Notifier
    stamps: Stamps
    agents: Agents
    quotas: Quotas
    groups: SecurityGroups
    binding: Binding
    ports: Ports


@dataclass(frozen=True)
class Added:
    """What the core's lists, replies and quotas learn from extensions; nothing, if there are none."""

    filters: Filters = field(default_factory=dict)
    shown: Extended = field(default_factory=dict)
    counting: Counting = field(default_factory=dict)
    extensions: dict[str, list[str]] = field(default_factory=dict)
