"""Building an instance, as nova-compute does it today.

Interface: the RPC endpoint `Builder`: `build_and_run_instance`; `BuildSteps`: `fail`, `leave`; `name_devices`.
Invariants: the instance came in the message, so nothing is read before it is built; every change is an RPC call to the
conductor; a build that fails gives everything back and ends in ERROR with a fault; the same message twice builds once.
Upstream: nova/compute/manager.py: `_do_build_and_run_instance`, `_build_and_run_instance`, `_build_resources`.
Left out: threads (the ports are made when the driver waits for them), accelerators, injected files.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from oslearn.core.nova import exception
from oslearn.core.nova.compute.events import InfoCache, InstanceEvents
from oslearn.core.nova.compute.manager import Calls, Journal, ResourceTracker, clean_up, left
from oslearn.core.nova.exception import as_fault
from oslearn.core.nova.network.neutron import NetworkInfoAsync
from oslearn.core.nova.objects import BlockDevice, Build, Instance, NetworkInfo
from oslearn.core.nova.virt.libvirt import LibvirtDriver
from oslearn.core.oslo.adapter import why
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import try_each
from oslearn.core.oslo.messaging import RPCContext

LOG = logging.getLogger(__name__)
EVENT = "compute__do_build_and_run_instance"
# As the conductor leaves it; or None, if this host began with it and came no further: the message is offered again.
TO_BE_BUILT: dict[str, list[str | None]] = {
    "expected_vm_state": ["building"],
    "expected_task_state": ["scheduling", None],
}
BUILDING: dict[str, list[str | None]] = {"expected_vm_state": ["building"], "expected_task_state": [None]}
NOT_RESCHEDULED = "Failed to allocate the network(s), not rescheduling."


class Builder:
    """One host's: what a message may have built. What it works with is not for messages: nothing else is public."""

    def __init__(
        self, calls: Calls, journal: Journal, rt: ResourceTracker, events: InstanceEvents, info_cache: InfoCache,
        driver: LibvirtDriver, steps: BuildSteps,
    ) -> None:  # fmt: skip
        self.calls, self.journal, self.rt, self.events, self.info_cache = calls, journal, rt, events, info_cache
        self.conductor, self.placement, self.driver, self.steps = calls.conductor, calls.placement, driver, steps
        self.network_api, self.volume_api = calls.network_api, calls.volume_api

    def build_and_run_instance(self, context: RPCContext, instance: Instance, **told: Any) -> None:
        """Build the instance here, or leave it in ERROR."""
        uuid, build = instance["uuid"], cast("Build", told)
        with self.journal.event(context, uuid, EVENT) as event:
            try:
                self.journal.save(context, instance, TO_BE_BUILT, vm_state="building", task_state=None)
            except exception.UnexpectedTaskStateError:
                LOG.info("Instance %s is no longer to be built", uuid)
                return
            try:
                self._build_and_run_instance(context, instance, build)
                self._tell_schedulers(context, instance)
            except Exception as error:
                LOG.warning("Build of instance %s failed: %s", uuid, error)
                event.append(str(error))
                self.steps.failed(context, instance, build, error)

    def _build_and_run_instance(self, context: RPCContext, instance: Instance, build: Build) -> None:
        """Claim, network, block devices, hypervisor. Raises RescheduledException, BuildAbortException.

        The core ends both in ERROR; the extensions try elsewhere what another host may get done.
        """
        try:
            self.placement.get_allocs_for_consumer(instance["uuid"])  # upstream's claim and driver read it, for vGPUs
            self.rt.instance_claim(context, instance)
            self.journal.save(context, instance, BUILDING, vm_state="building", task_state="networking")
            network_info = NetworkInfoAsync(lambda: self._allocate_network(context, instance, build))
            devices = self._prep_block_devices(context, instance, build["block_device_mapping"])
            self.journal.save(context, instance, vm_state="building", task_state="spawning")
            self.driver.spawn(instance, build["image"], network_info, devices)
            self.journal.running(context, instance["uuid"])
        except (exception.BuildAbortException, exception.UnexpectedTaskStateError):
            raise
        except exception.NoMoreFixedIps as error:
            reason = f"Failed to allocate the network(s) with error {error}, not rescheduling."
            raise exception.BuildAbortException(instance_uuid=instance["uuid"], reason=reason) from None
        except (exception.VirtualInterfaceCreateException, exception.PortLimitExceeded):
            raise exception.BuildAbortException(instance_uuid=instance["uuid"], reason=NOT_RESCHEDULED) from None
        except Exception as error:
            LOG.debug("Failed to build and run instance", exc_info=True)
            raise exception.RescheduledException(instance_uuid=instance["uuid"], reason=why(error)) from None

    def _allocate_network(self, context: RequestContext, instance: Instance, build: Build) -> NetworkInfo:
        """Ports, bound to this host and plugged. Raises what a build fails with."""
        requested, uuid = build["requested_networks"], instance["uuid"]
        with self.events.prepare(uuid):
            for port in self.network_api.allocate_for_instance(context, instance, requested):
                known = {"uuid": port["id"], "address": f"{port['mac_address']}/{port['id']}", "tag": None}
                self.conductor.virtual_interface_create(context, uuid, known)
            if not requested:
                return []
            network_info = self.info_cache.refresh(context, instance, requested)
            self.events.wait_for_vifs(uuid, network_info)
            return network_info

    def _prep_block_devices(
        self, context: RequestContext, instance: Instance, devices: list[BlockDevice]
    ) -> list[BlockDevice]:
        """Name each device; make and connect the volumes. Raises BuildAbortException."""
        name_devices(devices, instance["root_device_name"])
        for device in devices:
            self.journal.save_device(context, instance, device, device_name=device["device_name"])
        self.journal.save(context, instance, vm_state="building", task_state="block_device_mapping",
                   root_device_name=instance["root_device_name"])  # fmt: skip
        try:
            return [self._attach(context, instance, d) for d in devices if d["destination_type"] == "volume"]
        except Exception as error:
            LOG.warning("Failure prepping block device of instance %s: %s", instance["uuid"], why(error))
            reason = "Failure prepping block device."
            raise exception.BuildAbortException(instance_uuid=instance["uuid"], reason=reason) from None

    def _attach(self, context: RequestContext, instance: Instance, device: BlockDevice) -> BlockDevice:
        """Connect a volume to this host, once it is made. Raises TransportError, VolumeNotCreated."""
        if not device["volume_id"]:
            self.steps.create_volume(context, instance, device)
        volume_id, attachment_id = device["volume_id"], device["attachment_id"]
        assert volume_id
        assert attachment_id  # nova-api, or the creation just now, has reserved it
        self.volume_api.get(context, volume_id)  # upstream looks whether it may be shared
        connector = self.driver.get_volume_connector(instance) | {"mountpoint": device["device_name"]}
        attachment = self.volume_api.attachment_update(context, attachment_id, connector)
        self.journal.save_device(context, instance, device, connection_info=attachment["connection_info"])
        self.volume_api.attachment_complete(context, attachment_id)
        return device

    def _tell_schedulers(self, context: RequestContext, instance: Instance) -> None:
        """A scheduler that does not hear of it reads the database when it starts."""
        try:
            self.calls.scheduler.update_instance_info(context, self.journal.host, instance)
        except Exception as error:
            LOG.warning("The schedulers do not know of instance %s: %s", instance["uuid"], error)


class BuildSteps:
    """Steps of a build that an extension takes otherwise. No endpoint: no message can ask for one."""

    def __init__(self, calls: Calls, journal: Journal, rt: ResourceTracker, driver: LibvirtDriver) -> None:
        self.calls, self.journal, self.rt, self.driver = calls, journal, rt, driver
        self.create_volume: Callable[[RequestContext, Instance, BlockDevice], None] = no_new_volume
        """Has Cinder make a volume for a block device, and reserve it. Raises VolumeNotCreated."""
        self.failed: Callable[[RPCContext, Instance, Build, Exception], None] = self.fail
        """What is done about a build that failed: an extension tries it again elsewhere."""

    def fail(self, context: RequestContext, instance: Instance, build: Build, error: Exception) -> None:
        """Give everything back and end in ERROR."""
        self.leave(context, instance, build, vm_state="error", task_state=None, power_state=0, network_info=[])
        self.calls.volume_api.delete_terminated(context, build["block_device_mapping"])
        self.calls.conductor.instance_fault_create(context, instance["uuid"], as_fault(error))

    def leave(self, context: RequestContext, instance: Instance, build: Build, **changes: object) -> None:
        """Nothing of the instance stays on this host, nor is any of the host claimed for it."""
        uuid = instance["uuid"]
        kept = [network["port_id"] for network in build["requested_networks"] if network.get("port_id")]
        clean_up(self.calls, self.driver, uuid, kept)
        self.journal.save(context, instance, host=None, node=None, **changes)
        # Even while Placement is down the build goes on to its end; what stays claimed the conductor finds.
        parts = (
            partial(self.calls.placement.delete_allocation_for_instance, uuid),
            partial(self.rt.update_usage, context),
        )
        try_each(parts, left(uuid))


def no_new_volume(context: RequestContext, instance: Instance, device: BlockDevice) -> None:
    """The core attaches volumes that are there, and makes none. Raises VolumeNotCreated."""
    raise exception.VolumeNotCreated(volume_id=None)


def name_devices(devices: list[BlockDevice], root: str | None) -> None:
    """/dev/vda for the root disk, the next free letters for the others."""
    taken = {device["device_name"] for device in devices} | {root}
    free = (name for letter in "bcdefghijklmnopqrstuvwxyz" if (name := f"/dev/vd{letter}") not in taken)
    for device in devices:
        device["device_name"] = device["device_name"] or (root if device["boot_index"] == 0 else next(free))
