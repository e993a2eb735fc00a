"""What starts each process that is alone. Only the wiring of its service is loaded.

Interface: `start(part, name)`; `queues(service, hosts)`; `Part`, the deployment that it is put into.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from oslearn.deploy.base import Deployment

PATIENCE = 20
"""Seconds for which cinder-volume waits for a scheduler; then it starts without one."""
Starts = dict[str, Callable[[], object]]
"""The processes of a service, by name."""


class Part(Deployment):
    """What one process has of a cloud. Attribute: `host`, its node."""

    host: str

    @property
    def service_project(self) -> str:
        """The id of the project of the services, which Keystone tells."""
        return str(self.session("client", "nova").get_project_id())


def start(part: Part, name: str) -> None:
    """Start it. Raises LookupError for a name that no service has."""
    SERVICES[name.partition("-")[0]](part)[name]()


def keystone(part: Part) -> Starts:
    from oslearn.deploy import keystone

    return {"keystone": partial(keystone.start, part)}


def glance(part: Part) -> Starts:
    from oslearn.deploy import glance

    return {"glance-api": partial(glance.start, part)}


def placement(part: Part) -> Starts:
    from oslearn.deploy import placement

    return {"placement": partial(placement.start, part)}


def swift(part: Part) -> Starts:
    from oslearn.deploy import swift

    return {"swift-proxy-server": partial(swift.start, part)}


def trove(part: Part) -> Starts:
    from oslearn.deploy import trove

    return {"trove-taskmanager": partial(trove.start_taskmanager, part), "trove-api": partial(trove.start_api, part)}


def cinder(part: Part) -> Starts:
    from oslearn.deploy import cinder
    from oslearn.extensions.cinder.scheduler.rpcapi import TARGET
    from oslearn.extensions.cinder.volume.manager import publish_service_capabilities

    def volume() -> None:
        """Schedulers are told what the backend offers when it starts, and from time to time: one may start later."""
        until = time.monotonic() + PATIENCE
        while not part.bus.is_up(TARGET) and time.monotonic() < until:
            time.sleep(0.1)
        (tasks,) = cinder.start_volume(part)
        publish = partial(publish_service_capabilities, tasks, part.bus.client("cinder-volume"))
        part.manage("cinder-volume", None, publish)

    return {
        "cinder-api": partial(cinder.start_api, part),
        "cinder-scheduler": partial(cinder.start_scheduler, part),
        "cinder-backup": partial(cinder.start_backup, part),
        "cinder-volume": volume,
    }


def nova(part: Part) -> Starts:
    from oslearn.deploy import nova

    return {
        "nova-conductor": lambda: nova.start_conductor(part, part.service_project),
        "nova-scheduler": lambda: nova.start_scheduler(part),
        "nova-api": lambda: nova.start_api(part, part.service_project),
        "nova-compute": lambda: nova.start_compute_hosts(part, part.service_project, [part.host]),
    }


def neutron(part: Part) -> Starts:
    """Agents look after the ports of their own host. Which agents there are to be is written down by who hears them."""
    from oslearn.core.neutron.agent import OVS
    from oslearn.deploy import neutron

    def rpc_server() -> None:
        neutron.register_agents(part)
        neutron.start_rpc_server(part)

    def openvswitch() -> None:
        neutron.connect_ports(part, lambda binary, host: host == part.host)
        neutron.start_agent(part, OVS, part.host)

    others = [f"neutron-{kind}-agent" for kind in ("dhcp", "l3", "metadata")]
    return {
        "neutron-server": partial(neutron.start_server, part),
        "neutron-rpc-server": rpc_server,
        OVS: openvswitch,
        **{binary: partial(neutron.start_agent, part, binary, part.host) for binary in others},
    }


def queues(service: str, hosts: int) -> list[str]:
    """Those of a service in which something may wait that a start of it, or its periodic tasks, must know of."""
    if service == "nova":
        from oslearn.core.nova.compute.rpcapi import ALT, target

        named = [target(f"compute{n}", topic) for n in range(1, hosts + 1) for topic in ("compute", ALT)]
        return ["conductor", "scheduler", *map(str, named)]
    if service == "cinder":
        from oslearn.core.cinder.volume.rpcapi import HOST
        from oslearn.core.cinder.volume.rpcapi import target as volumes
        from oslearn.extensions.cinder.backup.rpcapi import target as backups

        return ["cinder-scheduler", str(volumes(HOST)), str(backups(HOST.partition("@")[0]))]
    if service == "trove":
        from oslearn.extensions.trove.rpcapi import TARGET

        return [str(TARGET)]
    return []


SERVICES: dict[str, Callable[[Part], Starts]] = {
    one.__name__: one for one in (keystone, glance, placement, swift, trove, cinder, nova, neutron)
}
