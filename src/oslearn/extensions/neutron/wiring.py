"""How the extensions are put into Neutron's processes.

Interface: `ADDED`, what the core's own parts learn; `extend(...)` neutron-server; `callbacks(...)` of
neutron-rpc-server.
"""

from __future__ import annotations

from collections.abc import Callable

from oslearn.core.neutron import api
from oslearn.core.neutron.api import Collections, Plugin
from oslearn.core.neutron.base import NETWORK, SUBNET
from oslearn.core.neutron.binding import PORT
from oslearn.core.neutron.collection import Added
from oslearn.core.neutron.securitygroups import GROUP
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.policy import Enforcer
from oslearn.core.oslo.wsgi import Application
from oslearn.extensions.neutron import quotas
from oslearn.extensions.neutron.actions import Actions
from oslearn.extensions.neutron.agents import AGENT, AgentsAdmin
from oslearn.extensions.neutron.attributes import CHECKS
from oslearn.extensions.neutron.availability import IpAvailability, Places
from oslearn.extensions.neutron.extensions import EXTENSIONS, About, Versions
from oslearn.extensions.neutron.floatingips import FLOATINGIP, FloatingIPPools, FloatingIPs
from oslearn.extensions.neutron.listing import page
from oslearn.extensions.neutron.networks import Networks
from oslearn.extensions.neutron.ports import MacAddresses, merge_dhcp_options
from oslearn.extensions.neutron.reachability import Reachability
from oslearn.extensions.neutron.revisions import check_revision
from oslearn.extensions.neutron.routers import ROUTER, Routers, check_device
from oslearn.extensions.neutron.routes import ROUTES, RULES
from oslearn.extensions.neutron.rpc import DhcpRpcCallback, L3RpcCallback, OVSRpcCallback
from oslearn.extensions.neutron.schedulers import Scheduler, networks_told, routers_told
from oslearn.extensions.neutron.securitygroups import RULE, Groups, Rules, with_rules
from oslearn.extensions.neutron.subnetpools import POOL, SubnetPools
from oslearn.extensions.neutron.subnets import Subnets
from oslearn.extensions.neutron.tags import Tags

RESOURCES = (NETWORK, SUBNET, POOL, PORT, ROUTER, FLOATINGIP, GROUP, RULE, AGENT)
ADDED = Added(page, CHECKS, {"security_group": with_rules}, check_revision, quotas.COUNTING, EXTENSIONS)


def subscribe(plugin: Plugin) -> tuple[Routers, FloatingIPs]:
    """Let those that ports concern hear of them; returns routers and floating addresses."""
    shared = plugin.handle, plugin.outbox, plugin.notifier, plugin.stamps, plugin.agents, plugin.ports
    routers = Routers(*shared)
    floatingips = FloatingIPs(plugin.stamps, plugin.binding, plugin.ports, routers)
    plugin.outbox.senders["notify"] = routers.notify
    plugin.ports.before_write += [check_device, MacAddresses(plugin.ports).change, merge_dhcp_options]
    plugin.ports.before_delete.append(floatingips.disassociate)
    return routers, floatingips


def extend(
    app: Application,
    plugin: Plugin,
    collection: Collections,
    policy: Enforcer,
    clock: Clock,
    is_up: Callable[[str, str], bool],
) -> None:
    """Let neutron-server serve the rest of the API."""
    outbox, notifier, stamps = plugin.outbox, plugin.notifier, plugin.stamps
    routers, floatingips = subscribe(plugin)
    pools = SubnetPools(stamps)
    rows = {
        "networks": collection(NETWORK, Networks(outbox, notifier, stamps, plugin.groups)),
        "subnets": collection(SUBNET, Subnets(outbox, notifier, stamps, plugin.agents, pools)),
        "subnetpools": collection(POOL, pools),
        "routers": collection(ROUTER, routers),
        "floatingips": collection(FLOATINGIP, floatingips),
        "security_groups": collection(GROUP, Groups(plugin.groups)),
        "security_group_rules": collection(RULE, Rules(outbox, notifier, stamps, plugin.groups)),
        "agents": collection(AGENT, AgentsAdmin(clock, is_up)),
    }
    tags = {f"{r.plural}.tags": Tags(r, outbox, stamps, policy) for r in RESOURCES if "tags" in r.attributes}
    dhcp, l3 = networks_told(outbox, notifier), routers_told(outbox, notifier)
    others: dict[str, object] = {
        "versions": Versions(),
        "about": About(RESOURCES, api.EXTENSIONS | EXTENSIONS),
        "subnetpool_actions": Actions(POOL, pools, outbox, rows["subnetpools"].shown),
        "router_actions": Actions(ROUTER, routers, outbox, rows["routers"].shown),
        "floatingip_pools": FloatingIPPools(outbox),
        "ip_availability": IpAvailability(outbox),
        "reachability": Reachability(plugin.handle),
        "dhcp_scheduler": Scheduler("DHCP agent", NETWORK, outbox, rows["networks"], rows["agents"], dhcp),
        "l3_scheduler": Scheduler("L3 agent", ROUTER, outbox, rows["routers"], rows["agents"], l3),
        "places": Places(outbox),
        "quotas": quotas.QuotaSets(outbox, plugin.quotas, policy),
    }
    app.extend(rows | tags | others, ROUTES, RULES)


def callbacks(plugin: Plugin) -> list[object]:
    """What neutron-rpc-server answers besides what a boot needs."""
    subscribe(plugin)
    return [
        OVSRpcCallback(plugin.outbox),
        DhcpRpcCallback(plugin.outbox, plugin.stamps, plugin.ports),
        L3RpcCallback(plugin.outbox, plugin.stamps, plugin.binding),
    ]
