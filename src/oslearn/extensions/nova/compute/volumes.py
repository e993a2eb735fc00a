"""nova-compute: the volumes of an instance that changes hosts.

Interface: `HostVolumes`: `disconnect` from this host, `reconnect` to it.
Upstream: nova/compute/manager.py, `_terminate_volume_connections`, `_update_volume_attachments`.
"""

from __future__ import annotations

from oslearn.core.nova.compute.build import name_devices
from oslearn.core.nova.conductor.rpcapi import ConductorAPI
from oslearn.core.nova.objects import BlockDevice, Instance
from oslearn.core.nova.virt.libvirt import LibvirtDriver
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI


class HostVolumes:
    """Attachments that begin or end on this host."""

    def __init__(self, conductor: ConductorAPI, volume_api: ExtendedVolumeAPI, driver: LibvirtDriver) -> None:
        self.conductor, self.volume_api, self.driver = conductor, volume_api, driver

    def disconnect(self, context: RPCContext, instance: Instance) -> None:
        """Let this host go of the volumes; they stay reserved for the instance."""
        for device in self.conductor.block_device_mapping_get_all(context, instance["uuid"]):
            if device["volume_id"] and device["attachment_id"]:
                self.volume_api.attachment_delete(context, device["attachment_id"])
                new = self.volume_api.attachment_reserve(context, device["volume_id"], instance["uuid"])
                values = {"attachment_id": new, "connection_info": None}
                self.conductor.block_device_mapping_update(context, instance["uuid"], device["volume_id"], values)

    def reconnect(self, context: RPCContext, instance: Instance) -> list[BlockDevice]:
        """The volumes, once they are connected to this host."""
        volumes: list[BlockDevice] = []
        devices = self.conductor.block_device_mapping_get_all(context, instance["uuid"])
        name_devices(devices, instance["root_device_name"])
        for device in devices:
            if device["volume_id"] and device["attachment_id"]:
                connector = self.driver.get_volume_connector(instance) | {"mountpoint": device["device_name"]}
                info = self.volume_api.attachment_update(context, device["attachment_id"], connector)["connection_info"]
                self.volume_api.attachment_complete(context, device["attachment_id"])
                values = {"connection_info": info, "device_name": device["device_name"]}
                self.conductor.block_device_mapping_update(context, instance["uuid"], device["volume_id"], values)
                device["connection_info"] = info
                volumes.append(device)
        return volumes
