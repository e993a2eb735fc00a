"""Neutron: one API process, one RPC server, Open vSwitch agents on every host, the other agents on the network host."""

from __future__ import annotations

from functools import partial
from typing import Any

from oslearn.core.neutron import agent, agents, api, models, rpc
from oslearn.core.neutron import notifiers as n
from oslearn.core.neutron.floatingips import Plugin
from oslearn.core.oslo.messaging import Target
from oslearn.deploy.base import Deployment


def start(cloud: Deployment) -> None:
    """Start the processes in order."""
    server = plugin(cloud, "neutron-server")
    app = api.build(server, cloud.ids, cloud.config, [cloud.auth("neutron-server")])
    cloud.mount("networking", "neutron-server", app)
    cloud.manage("neutron-server", server.outbox.resend, server.outbox.resend)
    callbacks = rpc.Callbacks(plugin(cloud, "neutron-rpc-server"))
    for target in (n.PLUGIN, n.L3_PLUGIN):
        cloud.listen("neutron-rpc-server", target, callbacks)
    start_agents(cloud)


def start_agents(cloud: Deployment) -> None:
    """One process a host; an agent is alive as long as it listens under its program's name and its host's."""
    ovs = agent.OVSAgents(cloud.client(agent.OVS), partial(is_up, cloud))
    for topic in (n.PORT_UPDATE, n.PORT_DELETE, n.SECURITY_GROUP_UPDATE):
        cloud.listen(agent.OVS, Target(topic), ovs)
    cloud.manage(agent.OVS, ovs.init_host)
    kinds: dict[str, tuple[str, Any]] = {
        "neutron-dhcp-agent": (n.DHCP_AGENT, agent.DhcpAgent),
        "neutron-l3-agent": (n.L3_AGENT, agent.L3Agent),
    }
    handle = cloud.database("neutron", models.Base, "neutron-server")
    for binary, host in agents.register(handle, cloud.ids, cloud.clock, cloud.config.hosts):
        process = f"{binary}@{host}" if binary == agent.OVS else binary
        cloud.listen(process, Target(binary, host), None)
        if binary in kinds:
            topic, kind = kinds[binary]
            made = kind(host, cloud.client(binary))
            cloud.listen(process, Target(topic, host), made)
            cloud.manage(process, made.init_host)


def plugin(cloud: Deployment, process: str) -> Plugin:
    """What a process of Neutron works with; in 2013 Neutron told Nova nothing."""
    nova = None if cloud.config.flow == "classic" else cloud.rest(process, "neutron", "compute")
    handle = cloud.database("neutron", models.Base, process)
    notifier = n.Notifier(cloud.client(process), nova)
    return Plugin(handle, cloud.ids, cloud.clock, cloud.config, notifier, partial(is_up, cloud))


def is_up(cloud: Deployment, binary: str, host: str) -> bool:
    """Whether an agent runs."""
    return cloud.bus.is_up(Target(binary, host))
