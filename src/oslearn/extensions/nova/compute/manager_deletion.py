"""nova-compute: the end of an instance.

Interface: the RPC endpoints `Termination` and, in 2013's flow, `ClassicTermination`.
Upstream: nova/compute/manager.py, `_delete_instance`.
"""

from __future__ import annotations

from oslearn.core.nova.compute.journal import CleanUp, Journal
from oslearn.core.nova.conductor.rpcapi import ClassicConductorAPI, ConductorAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.objects import Instance
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.nova.virt.driver import ComputeDriver
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.conductor.rpcapi import RowsAPI


class Termination:
    """The endpoint that deletes, today."""

    def __init__(
        self,
        journal: Journal,
        conductor: ConductorAPI,
        rows: RowsAPI,
        scheduler: SchedulerAPI,
        placement: SchedulerReportClient,
        network_api: NetworkAPI,
        volume_api: VolumeAPI,
        driver: ComputeDriver,
    ) -> None:
        self.journal, self.conductor, self.rows, self.scheduler = journal, conductor, rows, scheduler
        self.placement, self.network_api, self.volume_api, self.driver = placement, network_api, volume_api, driver

    def terminate_instance(self, context: RPCContext, instance: Instance) -> None:
        """Delete the instance and all that it holds; volumes stay, detached, unless they are to go with it."""
        uuid = instance["uuid"]
        with self.journal.event(context, uuid, "compute_terminate_instance"):
            kept = [port["port_id"] for port in instance["network_info"] if port.get("preserve_on_delete")]
            devices = self.conductor.block_device_mapping_get_all(context, uuid)
            self.driver.destroy(uuid)
            self.network_api.deallocate_for_instance(uuid, kept)
            self.rows.virtual_interface_delete_all(context, uuid)
            self.conductor.info_cache_save(context, uuid, [])
            if any(device["volume_id"] for device in devices):
                self.volume_api.detach_all(uuid)
            self.volume_api.delete_terminated(context, devices)
            gone = {"vm_state": "deleted", "task_state": None, "power_state": 0}
            now = self.journal.clock.now().isoformat()
            self.conductor.instance_update(context, uuid, **gone, terminated_at=now)
            self.placement.delete_allocation_for_instance(uuid)
            self.scheduler.delete_instance_info(context, self.journal.host, uuid)
            self.rows.instance_destroy(context, uuid)  # last: until then the message may come again


class ClassicTermination:
    """The endpoint that deletes, in 2013."""

    def __init__(self, clean_up: CleanUp, conductor: ClassicConductorAPI) -> None:
        self.clean_up, self.conductor = clean_up, conductor

    def terminate_instance(self, context: RPCContext, instance: Instance) -> None:
        """Delete the instance and all that it holds; volumes stay, detached."""
        self.clean_up(instance["uuid"])
        # A cast: it waits in the queue if the conductor is down.
        self.conductor.cast(context, "instance_destroy", instance_uuid=instance["uuid"])
