"""nova-compute: what a host does with an instance that it has, as far as it is alike in everything it does.

Interface: `Attempts`, around what is done; `Guests`, what the driver needs to start an instance again, and its
volumes: `disconnect` from this host, `reconnect` to it; `Reschedules.failed`, for builds.
Invariants: whatever fails, the task_state is taken back, so the instance can be asked for something again; the event of
the action says Success or Error.
Upstream: nova/compute/manager.py; `wrap_instance_event`, `reverts_task_state`, `wrap_instance_fault`,
`_terminate_volume_connections`, `_update_volume_attachments`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from oslearn.core.nova.compute.build import BuildSteps, name_devices
from oslearn.core.nova.compute.manager import Journal
from oslearn.core.nova.conductor.rpcapi import ConductorAPI
from oslearn.core.nova.exception import RescheduledException, as_fault
from oslearn.core.nova.objects import BlockDevice, Build, ImageMeta, Instance, NetworkInfo
from oslearn.core.oslo.adapter import TransportError
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.conductor.rpcapi import MoveTaskAPI, RowsAPI
from oslearn.extensions.nova.virt.libvirt import LibvirtOperations
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI

LOG = logging.getLogger(__name__)


class Attempts:
    """What fails ends here: the user sees a fault and an event with an error."""

    def __init__(self, journal: Journal, conductor: ConductorAPI) -> None:
        self.journal, self.conductor = journal, conductor

    @contextmanager
    def begin(
        self, context: RPCContext, instance: Instance, name: str, *, fails_to: str | None = None
    ) -> Iterator[None]:
        """What is done inside is the event `compute_<name>`; `fails_to` is the vm_state after an error."""
        uuid, event = instance["uuid"], f"compute_{name}"
        self.conductor.action_event_start(context, uuid, event, self.journal.host)
        try:
            yield
        except Exception as error:
            LOG.warning("%s of instance %s failed: %s", name, uuid, error)
            changes = {"vm_state": fails_to} if fails_to else {}
            self.journal.save(context, instance, task_state=None, **changes)
            self.conductor.instance_fault_create(context, uuid, as_fault(error))
            self.conductor.action_event_finish(context, uuid, event, str(error))
        else:
            self.conductor.action_event_finish(context, uuid, event)


class Guests:
    """Instances whose domains are to be started again, here or on another host."""

    def __init__(
        self, conductor: ConductorAPI, rows: RowsAPI, volume_api: ExtendedVolumeAPI, virt: LibvirtOperations
    ) -> None:
        self.conductor, self.rows, self.volume_api, self.virt = conductor, rows, volume_api, virt

    def find(
        self, context: RPCContext, instance: Instance, check: bool = False
    ) -> tuple[ImageMeta, NetworkInfo, list[BlockDevice]]:
        """What the driver needs to start it again: image, ports, volumes. `check` asks Cinder about the volumes."""
        devices = self.conductor.block_device_mapping_get_all(context, instance["uuid"])
        if check:
            devices = self._delete_dangling_bdms(context, instance, devices)
        volumes = [device for device in devices if device["volume_id"] and device["connection_info"]]
        return {"id": instance["image_ref"]}, instance["network_info"], volumes

    def power_on(self, context: RPCContext, instance: Instance) -> None:
        """Have the guest run again."""
        self.virt.power_on(instance, *self.find(context, instance))

    def _delete_dangling_bdms(
        self, context: RPCContext, instance: Instance, devices: Sequence[BlockDevice]
    ) -> list[BlockDevice]:
        """The devices, without volumes that Cinder does not attach; what only Cinder attaches is detached there."""
        known = {device["attachment_id"]: device for device in devices if device["attachment_id"]}
        try:
            gone = [each for each in known if each and not self.volume_api.has_attachment(context, each)]
            for attachment_id in sorted(self.volume_api.attachment_get_all(context, instance["uuid"]) - known.keys()):
                self.volume_api.attachment_delete(context, attachment_id)
        except TransportError:
            return [*devices]  # there may be no Cinder
        for each in gone:
            self.rows.block_device_mapping_destroy(context, instance["uuid"], known[each]["volume_id"])
        return [device for device in devices if device["attachment_id"] not in gone]

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
                connector = self.virt.driver.get_volume_connector(instance) | {"mountpoint": device["device_name"]}
                info = self.volume_api.attachment_update(context, device["attachment_id"], connector)["connection_info"]
                self.volume_api.attachment_complete(context, device["attachment_id"])
                values = {"connection_info": info, "device_name": device["device_name"]}
                self.conductor.block_device_mapping_update(context, instance["uuid"], device["volume_id"], values)
                device["connection_info"] = info
                volumes.append(device)
        return volumes


class Reschedules:
    """A build that failed here, which another host may try."""

    def __init__(self, steps: BuildSteps, conductor: MoveTaskAPI) -> None:
        self.steps, self.conductor = steps, conductor

    def failed(self, context: RPCContext, instance: Instance, build: Build, error: Exception) -> None:
        """Give everything back and have the conductor try the next alternate, or end in ERROR."""
        if not isinstance(error, RescheduledException):
            self.steps.fail(context, instance, build, error)
            return
        build["filter_properties"]["retry"]["exc_reason"] = str(error.values["reason"])
        self.steps.leave(context, instance, build, vm_state="building", task_state="scheduling")
        self.conductor.build_instances(context, instance, build)
