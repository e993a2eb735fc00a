"""nova-compute: volumes and ports that are plugged into a running instance.

Interface: the RPC endpoint `HostDevices`.
Invariants: a volume is connected to the host before the guest sees it, and leaves the guest before the host lets it go.
Upstream: nova/compute/manager.py: `reserve_block_device_name`, `attach_volume`, `detach_volume`, `attach_interface`.
"""

from __future__ import annotations

from oslearn.core.nova.compute.events import InfoCache
from oslearn.core.nova.compute.manager import Calls, Journal
from oslearn.core.nova.objects import BlockDevice, Instance
from oslearn.core.oslo.exception import BadRequest, Conflict
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.compute.attempts import Attempts
from oslearn.extensions.nova.conductor.rpcapi import RowsAPI
from oslearn.extensions.nova.network.instance_ports import HostPorts
from oslearn.extensions.nova.virt.libvirt import LibvirtOperations
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI


class HostDevices:
    """The endpoint that plugs and unplugs."""

    def __init__(
        self,
        calls: Calls,
        journal: Journal,
        attempts: Attempts,
        info_cache: InfoCache,
        rows: RowsAPI,
        ports: HostPorts,
        volume_api: ExtendedVolumeAPI,
        virt: LibvirtOperations,
    ) -> None:
        self.journal, self.attempts, self.info_cache = journal, attempts, info_cache
        self.conductor, self.rows, self.driver, self.virt = calls.conductor, rows, virt.driver, virt
        self.network_api, self.ports, self.volume_api = calls.network_api, ports, volume_api

    def reserve_block_device_name(
        self, context: RPCContext, instance: Instance, device: str | None, volume_id: str, **more: object
    ) -> BlockDevice:
        """The row of a volume to come, with the name that the guest will see. Raises Conflict."""
        devices = self.conductor.block_device_mapping_get_all(context, instance["uuid"])
        taken = {row["device_name"] for row in devices} | {instance["root_device_name"] or "/dev/vda"}
        if device in taken:
            raise Conflict(f"The supplied device path ({device}) is in use.")
        letters = (f"/dev/vd{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")
        name = device or next(name for name in letters if name not in taken)
        values = more | {"volume_id": volume_id, "device_name": name}
        return self.rows.block_device_mapping_create(context, instance["uuid"], values)

    def attach_volume(self, context: RPCContext, instance: Instance, bdm: BlockDevice) -> None:
        """Connect the volume to this host, then to the guest."""
        uuid, volume_id, attachment_id = instance["uuid"], str(bdm["volume_id"]), str(bdm["attachment_id"])
        with self.attempts.begin(context, instance, "attach_volume"):
            try:
                self.volume_api.get(context, volume_id)
                connector = self.driver.get_volume_connector(instance) | {"mountpoint": bdm["device_name"]}
                info = self.volume_api.attachment_update(context, attachment_id, connector)["connection_info"]
                self.virt.attach_volume(info, instance, bdm | {"connection_info": info})
            except Exception:
                self.volume_api.attachment_delete(context, attachment_id)
                self.rows.block_device_mapping_destroy(context, uuid, volume_id)
                raise
            self.conductor.block_device_mapping_update(context, uuid, volume_id, {"connection_info": info})
            self.volume_api.attachment_complete(context, attachment_id)

    def detach_volume(self, context: RPCContext, instance: Instance, volume_id: str, attachment_id: str) -> None:
        """Take it from the guest, then from this host."""
        with self.attempts.begin(context, instance, "detach_volume"):
            self.volume_api.get(context, volume_id)
            try:
                self.virt.detach_volume(instance, volume_id)
            except Exception:
                self.volume_api.roll_detaching(context, volume_id)
                raise
            self.volume_api.attachment_delete(context, attachment_id)
            self.rows.block_device_mapping_destroy(context, instance["uuid"], volume_id)

    def attach_interface(
        self,
        context: RPCContext,
        instance: Instance,
        network_id: str | None,
        port_id: str | None,
        requested_ip: str | None,
        tag: str | None,
    ) -> str:
        """Make a port, or take the one named, and plug it in; returns its id. Raises what Neutron refuses."""
        asked = [{"uuid": network_id, "port": port_id, "fixed_ip": requested_ip, "tag": tag}]
        uuid = instance["uuid"]
        with self.journal.event(context, uuid, "compute_attach_interface"):
            requested, _ = self.network_api.validate_networks(context, asked if network_id or port_id else None)
            if not requested:
                raise BadRequest(
                    f"No specific network was requested and none are available for project '{context.project_id}'."
                )
            (made,) = self.network_api.allocate_for_instance(context, instance, requested[:1])
            new = str(made.get("port_id") or made["id"])
            address = f"{made['mac_address']}/{new}"
            known = {"uuid": new, "address": address, "tag": tag}
            self.conductor.virtual_interface_create(context, uuid, known)
            found = self.info_cache.refresh(context, instance, requested)
            self.virt.attach_interface(instance, next(vif for vif in found if vif["port_id"] == new))
        return new

    def detach_interface(self, context: RPCContext, instance: Instance, port_id: str) -> None:
        """Unplug a port. One that Nova made is deleted."""
        with self.attempts.begin(context, instance, "detach_interface"):
            (vif,) = [vif for vif in instance["network_info"] if vif["port_id"] == port_id]
            self.virt.detach_interface(instance, vif)
            self.ports.deallocate(vif)
            left = [vif for vif in instance["network_info"] if vif["port_id"] != port_id]
            self.journal.save(context, instance, network_info=left)
