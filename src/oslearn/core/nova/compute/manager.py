"""nova-compute: has instances on this host, from their image, networks and volumes.

Interface: the RPC endpoint `ComputeManager`: `run_instance` of 2013, `build_and_run_instance` of today (`build`), and
what can be done with an instance (the other base classes).
Invariants: it has no database, the conductor reads and writes for it; a build that fails at any point ends in
ERROR with a fault or is tried on another host, and no domain, port, attachment or host resource stays behind.
Upstream: nova/compute/manager.py; of 2013 (Grizzly) `run_instance`, in the course's order: image, network, volume.
Left out: periodic tasks: what they look for, the conductor finds (`conductor.unfinished`).
"""

from __future__ import annotations

import logging
from typing import Any

from oslearn.core.config import Config
from oslearn.core.nova.compute import manager_volumes
from oslearn.core.nova.compute.resource_tracker import ResourceTracker
from oslearn.core.nova.conductor.rpcapi import ComputeTaskAPI, ConductorAPI
from oslearn.core.nova.fault import as_fault
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.nova.virt.driver import PAUSED, RUNNING, ComputeDriver
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.bus import Bus
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCContext

LOG = logging.getLogger(__name__)


class ComputeManager(manager_volumes.Devices):
    """The RPC endpoint of one host."""

    def __init__(
        self,
        conductor: ConductorAPI,
        compute_task_api: ComputeTaskAPI,
        scheduler: SchedulerAPI,
        image_api: ImageAPI,
        network_api: NetworkAPI,
        volume_api: VolumeAPI,
        rt: ResourceTracker,
        driver: ComputeDriver,
        bus: Bus,
        clock: Clock,
        config: Config,
    ) -> None:
        self.host, self.rt, self.placement, self.driver = rt.host, rt, rt.placement, driver
        self.conductor, self.compute_task_api, self.scheduler = conductor, compute_task_api, scheduler
        self.image_api, self.network_api, self.volume_api = image_api, network_api, volume_api
        self.bus, self.clock, self.config = bus, clock, config
        self.awaited: dict[str, set[str]] = {}

    def init_host(self, context: RequestContext) -> None:
        """After a start: have the domains that should be there, and no others. The conductor ends what was undone."""
        for migration in self.conductor.call(context, "evacuated_from", host=self.host):
            self.driver.destroy(migration["instance_uuid"])
            self.conductor.migration_update(context, migration["uuid"], {"status": "completed"})
        running = set(self.driver.list_instance_uuids())
        for instance in self.conductor.call(context, "instance_get_all_by_host", host=self.host):
            if instance["uuid"] not in running and instance["power_state"] in (RUNNING, PAUSED):
                devices = self.conductor.block_device_mapping_get_all(context, instance["uuid"])
                self._respawn(instance, devices)

    def run_instance(self, context: RPCContext, instance_uuid: str, requested_networks: list[Any]) -> None:
        """Build the instance; on any error clean up and leave it in ERROR."""
        try:
            instance = self.conductor.instance_get_by_uuid(context, instance_uuid)
            if instance["vm_state"] != "building" or instance["host"] != self.host:
                LOG.info("Instance %s is no longer to be built here", instance_uuid)
                return
            self._build(context, instance, requested_networks)
        except Exception as error:
            LOG.warning("Build of instance %s failed: %s", instance_uuid, error)
            self._clean_up(instance_uuid)
            self.conductor.instance_error(context, instance_uuid, as_fault(error))

    def terminate_instance(self, context: RPCContext, instance: dict[str, Any]) -> None:
        """Delete the instance and all that it holds; volumes stay, detached, unless they are to go with it."""
        uuid = instance["uuid"]
        if self.config.flow == "classic":
            self._clean_up(uuid)
            self.conductor.instance_destroy(context, uuid)
            return
        with self._event(context, uuid, "compute_terminate_instance"):
            kept = [port["port_id"] for port in instance["network_info"] if port.get("preserve_on_delete")]
            devices = self.conductor.block_device_mapping_get_all(context, uuid)
            self.driver.destroy(uuid)
            self.network_api.deallocate_for_instance(uuid, kept)
            self.conductor.call(context, "virtual_interface_delete_all", instance_uuid=uuid)
            self.conductor.call(context, "info_cache_save", instance_uuid=uuid, network_info=[])
            if any(device["volume_id"] for device in devices):
                self.volume_api.detach_all(uuid)
            self.volume_api.delete_terminated(context, devices)
            gone = {"vm_state": "deleted", "task_state": None, "power_state": 0}
            self.conductor.instance_update(context, uuid, **gone, terminated_at=self.clock.now().isoformat())
            self.placement.delete_allocation_for_instance(uuid)
            self.scheduler.delete_instance_info(context, self.host, uuid)
            self.conductor.instance_destroy(context, uuid)

    def set_host_enabled(self, context: RPCContext, enabled: bool) -> None:
        """An operator took this host out of use, or back."""
        self.rt.set_host_enabled(enabled)

    def _build(self, context: RPCContext, instance: dict[str, Any], requested_networks: list[Any]) -> None:
        """2013: image, networks, volumes, hypervisor."""
        uuid = instance["uuid"]
        image = self.image_api.get(context, instance["image_ref"])
        self.conductor.instance_update(context, uuid, task_state="networking")
        network_info = self.network_api.allocate_for_instance(context, instance, requested_networks)
        self.conductor.instance_update(context, uuid, task_state="block_device_mapping", network_info=network_info)
        block_devices = self._attach_volumes(context, instance)
        self.conductor.instance_update(context, uuid, task_state="spawning")
        self.driver.spawn(instance, image, network_info, block_devices)
        for device in block_devices:
            self.volume_api.attachment_complete(context, device["attachment_id"])
        self._running(context, uuid)

    def _attach_volumes(self, context: RPCContext, instance: dict[str, Any]) -> list[dict[str, Any]]:
        """Connect each volume to this host; returns what the driver needs of them."""
        devices = []
        connector = self.driver.get_volume_connector(instance)
        for number, mapping in enumerate(instance["block_device_mapping"]):
            device_name = mapping["device_name"] or f"/dev/vd{chr(ord('b') + number)}"
            attachment = self.volume_api.attachment_create(
                context, mapping["volume_id"], instance["uuid"], connector | {"mountpoint": device_name}
            )
            values = {
                "attachment_id": attachment["id"],
                "device_name": device_name,
                "connection_info": attachment["connection_info"],
            }
            self.conductor.block_device_mapping_update(context, instance["uuid"], mapping["volume_id"], values)
            devices.append(values | {"volume_id": mapping["volume_id"]})
        return devices
