"""Building an instance, as nova-compute does it today.

Interface: `Builder`, a part of `ComputeManager`: the RPC method `build_and_run_instance`.
Invariants: the instance came in the message, so nothing is read before it is built; every change is an RPC call to the
conductor; a build that fails gives everything back, then goes to the next alternate or ends in ERROR with a fault; the
same message twice builds once.
Upstream: nova/compute/manager.py: `_do_build_and_run_instance`, `_build_and_run_instance`, `_build_resources`.
Left out: threads (the ports are made when the driver waits for them), accelerators, injected files.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from oslearn.core.config import Config
from oslearn.core.nova import exception
from oslearn.core.nova.compute.events import InstanceEvents
from oslearn.core.nova.compute.resource_tracker import ResourceTracker
from oslearn.core.nova.conductor.rpcapi import ComputeTaskAPI
from oslearn.core.nova.fault import as_fault
from oslearn.core.nova.network.model import NetworkInfo, NetworkInfoAsync
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.nova.virt.driver import PAUSED, RUNNING, ComputeDriver
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.adapter import why
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import OpenStackError
from oslearn.core.oslo.messaging import RPCContext

LOG = logging.getLogger(__name__)
EVENT = "compute__do_build_and_run_instance"
TO_BE_BUILT = {"expected_vm_state": ["building"], "expected_task_state": ["scheduling", None]}
BUILDING = {"expected_vm_state": ["building"], "expected_task_state": [None]}
NOT_RESCHEDULED = "Failed to allocate the network(s), not rescheduling."


class Builder(InstanceEvents):
    """Builds."""

    host: str
    rt: ResourceTracker
    driver: ComputeDriver
    placement: SchedulerReportClient
    scheduler: SchedulerAPI
    compute_task_api: ComputeTaskAPI
    volume_api: VolumeAPI
    clock: Clock
    config: Config

    def build_and_run_instance(self, context: RPCContext, instance: dict[str, Any], **build: Any) -> None:
        """Build the instance here, or hand it on to an alternate, or leave it in ERROR."""
        uuid = instance["uuid"]
        with self._event(context, uuid, EVENT) as event:
            try:
                self._save(context, instance, TO_BE_BUILT, vm_state="building", task_state=None)
            except exception.UnexpectedTaskStateError:
                LOG.info("Instance %s is no longer to be built", uuid)
                return
            try:
                self._build_and_run_instance(context, instance, build)
                self._tell_schedulers(context, instance)
            except exception.RescheduledException as error:
                LOG.warning("%s", error)
                event.append(str(error))
                self._reschedule(context, instance, build, error)
            except Exception as error:
                LOG.warning("Build of instance %s failed: %s", uuid, error)
                event.append(str(error))
                self._fail(context, instance, build, error)

    def _build_and_run_instance(self, context: RPCContext, instance: dict[str, Any], build: dict[str, Any]) -> None:
        """Claim, network, block devices, hypervisor. Raises RescheduledException, BuildAbortException."""
        try:
            self.placement.get_allocs_for_consumer(instance["uuid"])
            self.rt.instance_claim(context, instance)
            self._save(context, instance, BUILDING, vm_state="building", task_state="networking")
            network_info = NetworkInfoAsync(lambda: self._allocate_network(context, instance, build))
            devices = self._prep_block_devices(context, instance, build["block_device_mapping"])
            self._save(context, instance, vm_state="building", task_state="spawning")
            self.driver.spawn(instance, build["image"], network_info, devices)
            self._running(context, instance["uuid"])
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

    def _allocate_network(
        self, context: RequestContext, instance: dict[str, Any], build: dict[str, Any]
    ) -> NetworkInfo:
        """Ports, bound to this host and plugged. Raises what a build fails with."""
        requested = build["requested_networks"]
        for port in self.network_api.allocate_for_instance(context, instance, requested):
            known = {"uuid": port["id"], "address": f"{port['mac_address']}/{port['id']}", "tag": None}
            self.conductor.call(context, "virtual_interface_create", instance_uuid=instance["uuid"], vif=known)
        if not requested:
            return []
        network_info = self.refresh_network_info(context, instance, requested)
        self.wait_for_vifs(instance["uuid"], network_info)
        return network_info

    def _prep_block_devices(
        self, context: RequestContext, instance: dict[str, Any], devices: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Name each device; make and connect the volumes. Raises BuildAbortException."""
        name_devices(devices, instance["root_device_name"])
        for device in devices:
            self._save_device(context, instance, device, device_name=device["device_name"])
        self._save(context, instance, vm_state="building", task_state="block_device_mapping",
                   root_device_name=instance["root_device_name"])  # fmt: skip
        try:
            return [self._attach(context, instance, d) for d in devices if d["destination_type"] == "volume"]
        except Exception as error:
            LOG.warning("Failure prepping block device of instance %s: %s", instance["uuid"], why(error))
            reason = "Failure prepping block device."
            raise exception.BuildAbortException(instance_uuid=instance["uuid"], reason=reason) from None

    def _attach(self, context: RequestContext, instance: dict[str, Any], device: dict[str, Any]) -> dict[str, Any]:
        """Connect a volume to this host, once it is made. Raises TransportError, VolumeNotCreated."""
        if not device["volume_id"]:
            self._create_volume(context, instance, device)
        self.volume_api.get(context, device["volume_id"])
        connector = self.driver.get_volume_connector(instance) | {"mountpoint": device["device_name"]}
        attachment = self.volume_api.attachment_update(context, device["attachment_id"], connector)
        self._save_device(context, instance, device, connection_info=attachment["connection_info"])
        self.volume_api.attachment_complete(context, device["attachment_id"])
        return device

    def _create_volume(self, context: RequestContext, instance: dict[str, Any], device: dict[str, Any]) -> None:
        """Have Cinder make a volume from an image, a snapshot or nothing, and reserve it. Raises VolumeNotCreated."""
        volume_id = self.volume_api.create(context, device, None)

        def status() -> str:
            return str(self.volume_api.get(context, volume_id)["status"])

        self.bus.wait_for(lambda: status() not in ("creating", "downloading"))
        if status() != "available":
            raise exception.VolumeNotCreated(volume_id=volume_id)
        made = self.volume_api.attachment_create(context, volume_id, instance["uuid"])
        self._save_device(context, instance, device, volume_id=volume_id, attachment_id=made["id"])

    def _reschedule(
        self, context: RequestContext, instance: dict[str, Any], build: dict[str, Any], error: OpenStackError
    ) -> None:
        """Give everything back and have the conductor try the next alternate."""
        build["filter_properties"]["retry"]["exc_reason"] = error.values["reason"]
        self._leave(context, instance, build, vm_state="building", task_state="scheduling")
        handed_on = {k: v for k, v in build.items() if k not in ("host_list", "node", "limits")}
        self.compute_task_api.build_instances(
            context, instances=[instance], host_lists=[build["host_list"]], **handed_on
        )

    def _fail(self, context: RequestContext, instance: dict[str, Any], build: dict[str, Any], error: Exception) -> None:
        """Give everything back and end in ERROR."""
        self._leave(context, instance, build, vm_state="error", task_state=None, power_state=0, network_info=[])
        self.volume_api.delete_terminated(context, build["block_device_mapping"])
        self.conductor.instance_fault_create(context, instance["uuid"], as_fault(error))

    def _tell_schedulers(self, context: RequestContext, instance: dict[str, Any]) -> None:
        """A scheduler that does not hear of it reads the database when it starts."""
        try:
            self.scheduler.update_instance_info(context, self.host, instance)
        except Exception as error:
            LOG.warning("The schedulers do not know of instance %s: %s", instance["uuid"], error)

    def _leave(self, context: RequestContext, instance: dict[str, Any], build: dict[str, Any], **changes: Any) -> None:
        """Nothing of the instance stays on this host, nor is any of the host claimed for it."""
        uuid = instance["uuid"]
        kept = tuple(network["port_id"] for network in build["requested_networks"] if network.get("port_id"))
        self._clean_up(uuid, kept)
        self._save(context, instance, host=None, node=None, **changes)
        self._try_each(
            uuid, [lambda: self.placement.delete_allocation_for_instance(uuid), lambda: self.rt.update_usage(context)]
        )

    def _respawn(self, instance: dict[str, Any], devices: list[dict[str, Any]]) -> None:
        """Start a domain that was there before this host went down."""
        volumes = [device for device in devices if device["connection_info"]]
        self.driver.spawn(instance, {"id": instance["image_ref"]}, instance["network_info"], volumes)
        if instance["power_state"] == PAUSED:
            self.driver.pause(instance)

    def _save(
        self,
        context: RequestContext,
        instance: dict[str, Any],
        expected: dict[str, Any] | None = None,
        /,
        **changes: Any,
    ) -> None:
        """`Instance.save`. Raises UnexpectedTaskStateError."""
        self.conductor.instance_update(context, instance["uuid"], **changes, **(expected or {}))
        instance.update(changes)

    def _save_device(
        self, context: RequestContext, instance: dict[str, Any], device: dict[str, Any], **changes: Any
    ) -> None:
        """`BlockDeviceMapping.save`."""
        device.update(changes)
        where = {"instance_uuid": instance["uuid"], "volume_id": None, "bdm_uuid": device["uuid"]}
        self.conductor.call(context, "block_device_mapping_update", **where, values=changes)

    @contextmanager
    def _event(self, context: RequestContext, uuid: str, name: str) -> Iterator[list[str]]:
        """An event of the action that the request asked for; what is put into the list is why it failed."""
        errors: list[str] = []
        self.conductor.action_event_start(context, uuid, name, self.host)
        try:
            yield errors
        except Exception as error:
            errors.append(str(error))
            raise
        finally:
            self.conductor.action_event_finish(context, uuid, name, "; ".join(errors) or None)

    def _running(self, context: RequestContext, uuid: str, **more: Any) -> None:
        """The build is done."""
        now = self.clock.now().isoformat()
        done = {"vm_state": "active", "task_state": None, "power_state": RUNNING, "launched_at": now}
        self.conductor.instance_update(context, uuid, **done, **more)

    def _clean_up(self, uuid: str, kept: tuple[str, ...] = ()) -> None:
        """Take away what a build may have made. Each part is tried, whatever became of the others."""
        undo: list[Callable[[], None]] = [
            lambda: self.driver.destroy(uuid),
            lambda: self.volume_api.detach_all(uuid),
            lambda: self.network_api.deallocate_for_instance(uuid, kept),
        ]
        self._try_each(uuid, undo)

    def _try_each(self, uuid: str, parts: list[Callable[[], None]]) -> None:
        """Clean-up goes on though a part of it fails; what is left, the conductor's periodic tasks find."""
        for part in parts:
            try:
                part()
            except Exception as error:
                LOG.warning("Clean-up of instance %s is not complete, it is tried again: %s", uuid, error)


def name_devices(devices: list[dict[str, Any]], root: str) -> None:
    """/dev/vda for the root disk, the next free letters for the others."""
    taken = {device["device_name"] for device in devices} | {root}
    free = (name for letter in "bcdefghijklmnopqrstuvwxyz" if (name := f"/dev/vd{letter}") not in taken)
    for device in devices:
        device["device_name"] = device["device_name"] or (root if device["boot_index"] == 0 else next(free))
