"""nova-compute: what it does when it starts; `build` makes instances.

Interface: `Calls`, whom it calls; `Domains.init_host`, the domains after a start.
Invariants: it has no database, the conductor reads and writes for it.
Upstream: nova/compute/manager.py.
Left out: periodic tasks: what they look for, the conductor finds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.conductor.rpcapi import ComputeTaskAPI, ConductorAPI
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.objects import Instance
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.nova.virt.driver import PAUSED, RUNNING, ComputeDriver
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.context import RequestContext, Task


class Domains:
    """What should run on this host."""

    def __init__(
        self,
        host: str,
        conductor: ConductorAPI,
        driver: ComputeDriver,
        before: Sequence[Task] = (),
        then: Sequence[Callable[[Instance], None]] = (),
    ) -> None:
        """`before` is done before instances are compared with domains, `then` with each whose domain was started."""
        self.host, self.conductor, self.driver, self.before, self.then = host, conductor, driver, before, then

    def init_host(self, context: RequestContext) -> None:
        """After a start: have the domains that should be there. The conductor ends what was undone."""
        for task in self.before:
            task(context)
        running = set(self.driver.list_instance_uuids())
        for instance in self.conductor.instance_get_all_by_host(context, self.host):
            if instance["uuid"] not in running and instance["power_state"] in (RUNNING, PAUSED):
                self._start(context, instance)

    def _start(self, context: RequestContext, instance: Instance) -> None:
        """Start a domain that was there before this host went down."""
        devices = self.conductor.block_device_mapping_get_all(context, instance["uuid"])
        volumes = [device for device in devices if device["connection_info"]]
        self.driver.spawn(instance, {"id": instance["image_ref"]}, instance["network_info"], volumes)
        for finish in self.then:
            finish(instance)


@dataclass(frozen=True)
class Calls:
    """Stubs and clients, the same for all hosts of one process; `admin` is Neutron as an operator sees it."""

    conductor: ConductorAPI
    tasks: ComputeTaskAPI
    scheduler: SchedulerAPI
    compute: ComputeAPI
    placement: SchedulerReportClient
    image_api: ImageAPI
    network_api: NetworkAPI
    volume_api: VolumeAPI
    admin: Client
