"""How the extensions are put into Neutron's processes.

Interface: `application`, neutron-server; `callbacks` of neutron-rpc-server.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from oslearn.core.neutron import api
from oslearn.core.neutron.api import Extensions, Plugin, ProjectQuotas
from oslearn.core.neutron.base import NETWORK, SUBNET
from oslearn.core.neutron.binding import PORT
from oslearn.core.neutron.quota import Quotas
from oslearn.core.neutron.securitygroups import GROUP
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Application, Door
from oslearn.extensions.neutron import quotas
from oslearn.extensions.neutron.agents import AGENT, AgentsAdmin, Scheduler
from oslearn.extensions.neutron.collection import Collection, Tags
from oslearn.extensions.neutron.extensions import EXTENSIONS, About, nowhere
from oslearn.extensions.neutron.floatingips import FLOATINGIP, FloatingIPPools, FloatingIPs
from oslearn.extensions.neutron.networks import IpAvailability, Networks
from oslearn.extensions.neutron.ports import Ports
from oslearn.extensions.neutron.reachability import Reachability
from oslearn.extensions.neutron.routers import ROUTER, Routers
from oslearn.extensions.neutron.routes import ROUTES, RULES
from oslearn.extensions.neutron.rpc import DhcpRpcCallback, L3RpcCallback, OVSRpcCallback
from oslearn.extensions.neutron.securitygroups import RULE, Groups, Rules
from oslearn.extensions.neutron.subnetpools import POOL, SubnetPools
from oslearn.extensions.neutron.subnets import Subnets
from oslearn.extensions.oslo.webob import Front


def layer3(plugin: Plugin) -> tuple[Ports, Routers, FloatingIPs]:
    """Ports with all that clients say of them, routers and floating addresses, which hear of ports that go."""
    ports = Ports(plugin.ports)
    routers = Routers(plugin.handle, plugin.outbox, plugin.notifier, plugin.stamps, plugin.agents, ports)
    floatingips = FloatingIPs(plugin.stamps, plugin.binding, ports, routers)
    plugin.outbox.senders["notify"] = routers.notify
    ports.before_delete.append(floatingips.disassociate)
    return ports, routers, floatingips


def application(plugin: Plugin, ids: Ids, clock: Clock, is_up: Callable[[str, str], bool], auth: object) -> Application:
    """The process neutron-server, whole: its collections can do more than the core's."""
    policy = Enforcer(api.RULES | RULES, api.REFUSAL)
    outbox, notifier, stamps = plugin.outbox, plugin.notifier, plugin.stamps
    ports, routers, floatingips = layer3(plugin)
    pools, counted = SubnetPools(stamps), Quotas(plugin.quotas.config, quotas.COUNTED)
    make = partial(Collection[Any], outbox=outbox, stamps=stamps, quotas=counted, policy=policy)
    rows = {
        "networks": make(NETWORK, Networks(outbox, notifier, stamps, plugin.groups)),
        "subnets": make(SUBNET, Subnets(outbox, notifier, stamps, plugin.agents, pools)),
        "subnetpools": make(POOL, pools),
        "ports": make(PORT, ports),
        "routers": make(ROUTER, routers),
        "floatingips": make(FLOATINGIP, floatingips),
        "security_groups": make(GROUP, Groups(plugin.groups)),
        "security_group_rules": make(RULE, Rules(outbox, notifier, stamps, plugin.groups)),
        "agents": make(AGENT, AgentsAdmin(clock, is_up)),
    }
    resources = [row.resource for row in rows.values()]
    tags = {f"{r.plural}.tags": Tags(r, outbox, stamps, policy) for r in resources if "tags" in r.attributes}
    known, agents = api.EXTENSIONS | EXTENSIONS, rows["agents"]
    others: dict[str, object] = {
        "extensions": Extensions(known),
        "quotas": ProjectQuotas(outbox, plugin.quotas, policy),
        "about": About(outbox, resources, known),
        "floatingip_pools": FloatingIPPools(outbox),
        "ip_availability": IpAvailability(outbox),
        "reachability": Reachability(plugin.handle),
        "dhcp_scheduler": Scheduler("DHCP agent", rows["networks"], agents, notifier.dhcp),
        "l3_scheduler": Scheduler("L3 agent", rows["routers"], agents, notifier.l3),
        "quota_sets": quotas.QuotaSets(outbox, plugin.quotas, policy),
    }
    layers = [Front(("v2.0",), nowhere), auth]
    parts, routes, door = rows | tags | others, api.ROUTES + ROUTES, Door(policy)
    app = Application(parts, routes, api.fault, ids, layers, door, unexpected=api.UNEXPECTED)
    app.unnamed = ("/",)
    return app


def callbacks(plugin: Plugin) -> list[object]:
    """What neutron-rpc-server answers besides what a boot needs."""
    ports, _, _ = layer3(plugin)
    return [
        OVSRpcCallback(plugin.outbox),
        DhcpRpcCallback(plugin.outbox, plugin.stamps, ports),
        L3RpcCallback(plugin.outbox, plugin.stamps, plugin.binding),
    ]
