"""nova-compute in 2013: one message names an instance, and the host reads, builds and attaches, in the course's order.

Interface: the RPC endpoint `ClassicComputeManager`.
Invariants: a build that fails at any point ends in ERROR with a fault, and no domain, port or attachment stays behind.
Upstream: nova/compute/manager.py of 2013 (Grizzly).
"""

from __future__ import annotations

import logging
from typing import cast

from oslearn.core.nova.compute.manager import Calls, Journal, clean_up
from oslearn.core.nova.exception import as_fault
from oslearn.core.nova.objects import BlockDevice, ImageMeta, Instance, NetworkInfo, RequestedNetwork
from oslearn.core.nova.virt.libvirt import Disk, LibvirtDriver
from oslearn.core.oslo.messaging import RPCContext

LOG = logging.getLogger(__name__)


class InstanceOf2013(Instance):
    """An instance with its volumes, as the conductor hands it out."""

    block_device_mapping: list[BlockDevice]


class AttachedVolume(Disk):
    """A volume that is connected to this host, and by what it is disconnected."""

    attachment_id: str


class ClassicComputeManager:
    def __init__(self, calls: Calls, journal: Journal, driver: LibvirtDriver) -> None:
        self.calls, self.journal, self.driver = calls, journal, driver
        self.conductor, self.volume_api = calls.conductor, calls.volume_api

    def run_instance(self, context: RPCContext, instance_uuid: str, requested_networks: list[RequestedNetwork]) -> None:
        """Build the instance; on any error clean up and leave it in ERROR."""
        try:
            instance = cast("InstanceOf2013", self.conductor.instance_get_by_uuid(context, instance_uuid))
            if instance["vm_state"] != "building" or instance["host"] != self.journal.host:
                LOG.info("Instance %s is no longer to be built here", instance_uuid)
                return
            self._build(context, instance, requested_networks)
        except Exception as error:
            LOG.warning("Build of instance %s failed: %s", instance_uuid, error)
            clean_up(self.calls, self.driver, instance_uuid)
            self.conductor.instance_error(context, instance_uuid, as_fault(error))

    def _build(self, context: RPCContext, instance: InstanceOf2013, requested_networks: list[RequestedNetwork]) -> None:
        uuid = instance["uuid"]
        image = self.calls.image_api.get(context, instance["image_ref"])
        self.conductor.instance_update(context, uuid, task_state="networking")
        allocated = self.calls.network_api.allocate_for_instance(context, instance, requested_networks)
        network_info = cast("NetworkInfo", allocated)
        self.conductor.instance_update(context, uuid, task_state="block_device_mapping", network_info=network_info)
        block_devices = self._attach_volumes(context, instance)
        self.conductor.instance_update(context, uuid, task_state="spawning")
        self.driver.spawn(instance, cast("ImageMeta", image), network_info, block_devices)
        for device in block_devices:
            self.volume_api.attachment_complete(context, device["attachment_id"])
        self.journal.running(context, uuid)

    def _attach_volumes(self, context: RPCContext, instance: InstanceOf2013) -> list[AttachedVolume]:
        """Connect each volume to this host; returns what the driver needs of them."""
        devices: list[AttachedVolume] = []
        connector = self.driver.get_volume_connector(instance)
        for number, mapping in enumerate(instance["block_device_mapping"]):
            volume_id, name = str(mapping["volume_id"]), mapping["device_name"] or f"/dev/vd{chr(ord('b') + number)}"
            made = self.volume_api.attachment_create(
                context, volume_id, instance["uuid"], connector | {"mountpoint": name}
            )
            values = {"attachment_id": made["id"], "device_name": name, "connection_info": made["connection_info"]}
            self.conductor.block_device_mapping_update(context, instance["uuid"], volume_id, values)
            devices.append(cast("AttachedVolume", {**values, "volume_id": volume_id}))
        return devices
