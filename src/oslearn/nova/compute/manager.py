"""nova-compute: builds an instance on this host from its image, network and volumes.

Interface: the RPC endpoint `ComputeManager`.
Invariants: it has no database, the conductor reads and writes for it; a build that fails at any point ends in
ERROR with a fault, and no domain, port, attachment or host resource stays behind.
Upstream: nova/compute/manager.py of 2013 (Grizzly), `run_instance`; the order image, network, volume is the
course's. Left out: rescheduling, the resource tracker, periodic tasks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from oslearn.nova.conductor.rpcapi import ConductorAPI
from oslearn.nova.fault import as_fault
from oslearn.nova.image.glance import ImageAPI
from oslearn.nova.network.neutron import NetworkAPI
from oslearn.nova.virt.driver import RUNNING, ComputeDriver
from oslearn.nova.volume.cinder import VolumeAPI
from oslearn.oslo.clock import Clock
from oslearn.oslo.messaging import RPCContext

LOG = logging.getLogger(__name__)


class ComputeManager:
    """The RPC endpoint of one host."""

    def __init__(
        self,
        host: str,
        conductor: ConductorAPI,
        image_api: ImageAPI,
        network_api: NetworkAPI,
        volume_api: VolumeAPI,
        driver: ComputeDriver,
        clock: Clock,
    ) -> None:
        self.host, self.conductor, self.driver, self.clock = host, conductor, driver, clock
        self.image_api, self.network_api, self.volume_api = image_api, network_api, volume_api

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

    def terminate_instance(self, context: RPCContext, instance_uuid: str) -> None:
        """Delete the instance and all that it holds; volumes stay, detached."""
        self._clean_up(instance_uuid)
        self.conductor.instance_destroy(context, instance_uuid)

    def _build(self, context: RPCContext, instance: dict[str, Any], requested_networks: list[Any]) -> None:
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
        self.conductor.instance_update(
            context,
            uuid,
            vm_state="active",
            task_state=None,
            power_state=RUNNING,
            launched_at=self.clock.now().isoformat(),
        )

    def _attach_volumes(self, context: RPCContext, instance: dict[str, Any]) -> list[dict[str, Any]]:
        """Connect each volume to this host; returns what the driver needs of them."""
        devices = []
        connector = self.driver.get_volume_connector(instance)
        for number, mapping in enumerate(instance["block_device_mapping"]):
            device_name = mapping["device_name"] or f"/dev/vd{chr(ord('b') + number)}"
            attachment = self.volume_api.attachment_create(
                context, mapping["volume_id"], instance["uuid"], connector | {"mountpoint": device_name}
            )
            values = {"attachment_id": attachment["id"], "device_name": device_name}
            self.conductor.block_device_mapping_update(context, instance["uuid"], mapping["volume_id"], values)
            devices.append(
                values | {"volume_id": mapping["volume_id"], "connection_info": attachment["connection_info"]}
            )
        return devices

    def _clean_up(self, uuid: str) -> None:
        """Take away what a build may have made. Each part is tried, whatever became of the others."""
        undo: list[Callable[[str], None]] = [
            self.driver.destroy,
            self.volume_api.detach_all,
            self.network_api.deallocate_for_instance,
        ]
        for part in undo:
            try:
                part(uuid)
            except Exception as error:
                LOG.warning("Clean-up of instance %s is not complete, deleting it tries again: %s", uuid, error)
