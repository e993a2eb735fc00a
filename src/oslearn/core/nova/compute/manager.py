"""nova-compute: has instances on this host, and takes them away again; `build` makes them.

Interface: the RPC endpoint `ComputeManager`; `Domains.init_host`, the domains after a start.
Invariants: it has no database, the conductor reads and writes for it; of an instance that ends no domain, port,
attachment or host resource stays behind.
Upstream: nova/compute/manager.py.
Left out: periodic tasks: what they look for, the conductor finds.
"""

from __future__ import annotations

from collections.abc import Sequence

from oslearn.core.nova.compute.journal import Journal
from oslearn.core.nova.conductor.rpcapi import ConductorAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.objects import Instance
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.nova.virt.driver import PAUSED, RUNNING, ComputeDriver
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.context import RequestContext, Task
from oslearn.core.oslo.messaging import RPCContext


class ComputeManager:
    """The endpoint that deletes."""

    def __init__(
        self,
        journal: Journal,
        conductor: ConductorAPI,
        scheduler: SchedulerAPI,
        placement: SchedulerReportClient,
        network_api: NetworkAPI,
        volume_api: VolumeAPI,
        driver: ComputeDriver,
    ) -> None:
        self.journal, self.conductor, self.scheduler, self.placement = journal, conductor, scheduler, placement
        self.network_api, self.volume_api, self.driver = network_api, volume_api, driver

    def terminate_instance(self, context: RPCContext, instance: Instance) -> None:
        """Delete the instance and all that it holds; volumes stay, detached, unless they are to go with it."""
        uuid = instance["uuid"]
        with self.journal.event(context, uuid, "compute_terminate_instance"):
            kept = [port["port_id"] for port in instance["network_info"] if port.get("preserve_on_delete")]
            devices = self.conductor.block_device_mapping_get_all(context, uuid)
            self.driver.destroy(uuid)
            self.network_api.deallocate_for_instance(uuid, kept)
            self.conductor.virtual_interface_delete_all(context, uuid)
            self.conductor.info_cache_save(context, uuid, [])
            if any(device["volume_id"] for device in devices):
                self.volume_api.detach_all(uuid)
            self.volume_api.delete_terminated(context, devices)
            gone = {"vm_state": "deleted", "task_state": None, "power_state": 0}
            now = self.journal.clock.now().isoformat()
            self.conductor.instance_update(context, uuid, **gone, terminated_at=now)
            self.placement.delete_allocation_for_instance(uuid)
            self.scheduler.delete_instance_info(context, self.journal.host, uuid)
            self.conductor.instance_destroy(context, uuid)  # last: until then the message may come again


class Domains:
    """What should run on this host."""

    def __init__(self, host: str, conductor: ConductorAPI, driver: ComputeDriver, before: Sequence[Task] = ()) -> None:
        """`before` is done before instances are compared with domains."""
        self.host, self.conductor, self.driver, self.before = host, conductor, driver, before

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
        if instance["power_state"] == PAUSED:
            self.driver.pause(instance)
