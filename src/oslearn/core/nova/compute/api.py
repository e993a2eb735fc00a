"""What nova-api does with a request for an instance, before and after the scheduler.

Interface: `API.create`, `API.delete`; what else can be done with an instance is in its base classes.
Invariants: nothing is written before everything named in the request was found; an instance that was accepted ends
ACTIVE or in ERROR with a fault, and an ERROR holds no host resources.
Upstream: nova/compute/api.py; of 2013 (Grizzly) for the classic flow, in which the caller waits for the scheduler.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from oslearn.core.config import Config
from oslearn.core.nova.compute.api_create import Boot
from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.conductor.rpcapi import ComputeTaskAPI
from oslearn.core.nova.db.databases import CELL1
from oslearn.core.nova.fault import as_fault
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.bus import Bus
from oslearn.core.oslo.clock import Ids
from oslearn.core.oslo.context import RequestContext

LOG = logging.getLogger(__name__)


class API(Boot):
    """Creates and deletes instances."""

    def __init__(
        self,
        db: Any,
        scheduler: SchedulerAPI,
        conductor: ComputeTaskAPI,
        compute: ComputeAPI,
        placement: SchedulerReportClient,
        image_api: ImageAPI,
        network_api: NetworkAPI,
        volume_api: VolumeAPI,
        bus: Bus,
        ids: Ids,
        config: Config,
    ) -> None:
        self.db, self.scheduler, self.conductor, self.compute = db, scheduler, conductor, compute
        self.placement, self.bus, self.ids, self.config = placement, bus, ids, config
        self.image_api, self.network_api, self.volume_api = image_api, network_api, volume_api

    def create(self, context: RequestContext, server: dict[str, Any]) -> list[dict[str, Any]]:
        """Check the request and have each instance scheduled. Raises BadRequest, Conflict, Forbidden."""
        wanted = self.check_request(context, server)
        if self.config.flow == "classic":
            return self._run_instances(context, wanted)
        return self._schedule_and_build(context, wanted, server)

    def delete(self, context: RequestContext, instance: dict[str, Any]) -> None:
        """Have the host delete the instance, or do it here if no host has it or its nova-compute is down."""
        uuid, host = instance["uuid"], instance["host"]
        cell = self.db.cells.of_instance(uuid) if self.config.flow != "classic" else CELL1
        if cell is None:  # the conductor finds that its build request is gone
            self._give_back(context, uuid, [])
            self.db.requests.destroy(uuid)
            self.db.specs.destroy(uuid)
            return
        self.db.target_cell(cell).actions.start(context, uuid, "delete")
        self.db.groups.remove_member(uuid)
        if instance["vm_state"] == "resized":
            self.confirm_resize_on_deleting(context, instance)
        if host and self.host_is_up(host):
            self.db.instances.update(uuid, {"task_state": "deleting", "progress": 0})
            self.compute.terminate_instance(context, host, instance | {"task_state": "deleting"})
            return
        self.db.instances.update(uuid, {"task_state": "deleting"})
        self._give_back(context, uuid, self.db.target_cell(cell).devices.get(uuid), instance)
        self.db.instances.forget_vifs(uuid)
        self.db.target_cell(cell).instances.destroy(uuid)
        self.db.specs.destroy(uuid)

    def _run_instances(self, context: RequestContext, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """2013: write the rows, and wait for the scheduler's answer about each; if there is none, it is in ERROR."""
        volumes = [device for device in wanted["devices"] if device["volume_id"]]
        created = [self.db.instances.create(values, volumes) for values in wanted["instances"]]
        for instance in created:
            try:
                self.scheduler.run_instance(context, instance["uuid"], wanted["spec"], wanted["networks"])
            except Exception as error:
                LOG.warning("Instance %s could not be scheduled: %s", instance["uuid"], error)
                self.db.instances.fail(instance["uuid"], as_fault(error))
        return created

    def _schedule_and_build(
        self, context: RequestContext, wanted: dict[str, Any], server: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Today: reserve the volumes, write build requests, and leave the rest to the conductor."""
        uuids = [values["uuid"] for values in wanted["instances"]]
        try:
            for values in wanted["instances"]:
                values["block_device_mappings"] = self._reserve(context, values["uuid"], wanted["devices"])
            requests = self.db.requests.create(wanted["instances"], wanted["spec"])
            if group := wanted["spec"]["group"]:
                self.db.groups.add_members(group["uuid"], uuids)
            self.conductor.schedule_and_build_instances(
                context,
                build_requests=requests,
                request_specs=[wanted["spec"]] * len(requests),
                image=wanted["image"],
                admin_password=server["adminPass"],
                injected_files=server.get("personality", []),
                requested_networks=wanted["networks"],
                block_device_mapping=wanted["devices"],
                tags=server.get("tags", []),
            )
        except Exception:
            for uuid in uuids:
                self.db.requests.destroy(uuid)
                self.volume_api.detach_all(uuid)
            raise
        return requests

    def _reserve(self, context: RequestContext, uuid: str, devices: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The block devices of one instance, with its volumes reserved for it in Cinder."""
        reserved = []
        for device in devices:
            if device["volume_id"]:
                made = self.volume_api.attachment_create(context, device["volume_id"], uuid)
                device = device | {"attachment_id": made["id"]}
            reserved.append(device)
        return reserved

    def _give_back(
        self, context: RequestContext, uuid: str, devices: list[dict[str, Any]], instance: Any = None
    ) -> None:
        """Free everything without a host. Each part is tried; what is left, the conductor's periodic tasks find."""
        kept = [port["port_id"] for port in (instance or {}).get("network_info", []) if port.get("preserve_on_delete")]
        kept += self.db.specs.get(uuid).get("requested_ports", [])
        parts: list[Callable[[], None]] = [
            lambda: self.network_api.deallocate_for_instance(uuid, kept),
            lambda: self.volume_api.detach_all(uuid),
        ]
        for device in devices:
            if device["volume_id"] and device["delete_on_termination"]:
                parts.append(partial(self.volume_api.delete, context, device["volume_id"]))
        if self.config.flow != "classic":
            parts.append(lambda: self.placement.delete_allocation_for_instance(uuid))
        for part in parts:
            try:
                part()
            except Exception as error:
                LOG.warning("Clean-up of instance %s is not complete, it is tried again: %s", uuid, error)
