"""Neutron: one API process, one RPC server, Open vSwitch agents on every host, the other agents on the network host."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from oslearn.core.neutron import agent, api, binding, classic, models
from oslearn.core.neutron import notifiers as n
from oslearn.core.neutron.api import Plugin
from oslearn.core.neutron.base import Stamps
from oslearn.core.neutron.ports import Ports
from oslearn.core.neutron.quota import Quotas
from oslearn.core.neutron.securitygroups import SecurityGroups
from oslearn.core.oslo.messaging import Target
from oslearn.deploy.base import Deployment
from oslearn.extensions.neutron import wiring
from oslearn.extensions.neutron.agent import DhcpNetworks, DhcpServers, L3Agent, settle_ports, settle_routers


def start(cloud: Deployment) -> None:
    """Start the processes in order."""
    start_server(cloud)
    start_rpc_server(cloud)
    start_agents(cloud)


def start_server(cloud: Deployment) -> None:
    """The process neutron-server, which answers the API."""
    server, auth = plugin(cloud, "neutron-server"), cloud.auth("neutron-server")
    if cloud.extended:
        app = wiring.application(server, cloud.ids, cloud.clock, cloud.is_up, auth)
    else:
        app = api.application(server, cloud.ids, auth)
    cloud.manage("neutron-server", server.outbox.resend, server.outbox.resend)
    cloud.mount("networking", "neutron-server", app)


def start_rpc_server(cloud: Deployment) -> None:
    """The process neutron-rpc-server, which agents ask and tell."""
    rpc_server = plugin(cloud, "neutron-rpc-server")
    callbacks: list[object] = [binding.RpcCallbacks(rpc_server.outbox, rpc_server.binding)]
    callbacks += wiring.callbacks(rpc_server) if cloud.extended else []
    for target in (n.PLUGIN, n.L3_PLUGIN):
        cloud.listen("neutron-rpc-server", target, *callbacks)


def start_agents(cloud: Deployment) -> None:
    """All agents: one process a host; of Open vSwitch's one object answers for all hosts."""
    connect_ports(cloud, cloud.is_up)
    for binary, host in register_agents(cloud):
        start_agent(cloud, binary, host)


def register_agents(cloud: Deployment) -> list[tuple[str, str]]:
    """Write down the agents that there are to be; the program and the host of each."""
    handle = cloud.database("neutron", models.Base, "neutron-server")
    return agent.register(handle, cloud.ids, cloud.clock, cloud.config)


def connect_ports(cloud: Deployment, is_up: Callable[[str, str], bool]) -> None:
    """What Open vSwitch agents do with ports; `is_up(program, host)` tells whether a host is one of these."""
    client = cloud.bus.client(agent.OVS)
    ovs = agent.OVSAgents(client, is_up)
    for topic in (n.PORT_UPDATE, n.PORT_DELETE, n.SECURITY_GROUP_UPDATE):
        cloud.listen(agent.OVS, Target(topic), ovs)
    if cloud.extended:
        cloud.manage(agent.OVS, partial(settle_ports, client, ovs))


def start_agent(cloud: Deployment, binary: str, host: str) -> None:
    """An agent of a host. It is alive as long as it listens under its program's name and its host's."""
    process, client = f"{binary}@{host}" if binary == agent.OVS else binary, cloud.bus.client(binary)
    cloud.listen(process, Target(binary, host), None)  # it has no methods: to listen is to be alive
    if binary == "neutron-dhcp-agent":
        servers = DhcpServers(host, client) if cloud.extended else None
        networks = [DhcpNetworks(servers)] if servers else []
        cloud.listen(process, Target(n.DHCP_AGENT, host), agent.DhcpAgent(client), *networks)
        cloud.manage(process, servers.init_host if servers else None)
    elif binary == "neutron-l3-agent" and cloud.extended:
        routers = L3Agent(host, client)
        cloud.listen(process, Target(n.L3_AGENT, host), routers)
        cloud.manage(process, partial(settle_routers, routers))


def plugin(cloud: Deployment, process: str) -> Plugin:
    """The parts of a process of Neutron; in 2013 Neutron told Nova nothing, and bound no server's port."""
    old = cloud.config.flow == "classic"
    handle = cloud.database("neutron", models.Base, process)
    notifier = n.Notifier(cloud.bus.client(process), None if old else cloud.rest(process, "neutron", "compute"))
    outbox = n.Outbox(handle, [notifier.dhcp, notifier.l2, notifier.l3, notifier.nova_event])
    stamps, alive = Stamps(cloud.ids, cloud.clock), agent.Agents(cloud.is_up)
    groups = SecurityGroups(stamps)
    bound = binding.Binding(outbox, notifier, stamps, alive, classic.plugged_anywhere if old else binding.plugged)
    ports = Ports(stamps, groups, bound, partial(cloud.ids.mac, cloud.config.base_mac))
    return Plugin(handle, outbox, notifier, stamps, alive, Quotas(cloud.config), groups, bound, ports)
