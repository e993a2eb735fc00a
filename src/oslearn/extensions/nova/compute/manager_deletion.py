"""nova-compute: the end of an instance.

Interface: the RPC endpoints `Termination` and, in 2013's flow, `ClassicTermination`.
Upstream: nova/compute/manager.py, `_delete_instance`.
"""

from __future__ import annotations

from oslearn.core.nova.compute.manager import Calls, Journal, clean_up
from oslearn.core.nova.objects import Instance
from oslearn.core.nova.scheduler.rpcapi import TARGET
from oslearn.core.nova.virt.libvirt import LibvirtDriver
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.conductor.rpcapi import RowsAPI


class Termination:
    """The endpoint that deletes, today."""

    def __init__(self, calls: Calls, journal: Journal, rows: RowsAPI, driver: LibvirtDriver) -> None:
        self.journal, self.conductor, self.rows, self.scheduler = journal, calls.conductor, rows, calls.scheduler
        self.placement, self.driver = calls.placement, driver
        self.network_api, self.volume_api = calls.network_api, calls.volume_api

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
            told = {"host_name": self.journal.host, "instance_uuid": uuid}
            self.scheduler.client.fanout(context, TARGET.topic, "delete_instance_info", **told)
            self.rows.instance_destroy(context, uuid)  # last: until then the message may come again


class ClassicTermination:
    """The endpoint that deletes, in 2013."""

    def __init__(self, calls: Calls, driver: LibvirtDriver) -> None:
        self.calls, self.driver = calls, driver

    def terminate_instance(self, context: RPCContext, instance: Instance) -> None:
        """Delete the instance and all that it holds; volumes stay, detached."""
        clean_up(self.calls, self.driver, instance["uuid"])
        # A cast: it waits in the queue if the conductor is down.
        self.calls.conductor.cast(context, "instance_destroy", instance_uuid=instance["uuid"])
