"""What nova-conductor does for a boot, between nova-api and nova-compute.

Interface: `ComputeTaskManager`: `schedule_and_build_instances`, `build_instances`.
Invariants: an instance gets its row only after it is scheduled, in the cell of its host, or in cell 0 if no host fits;
what was accepted ends ACTIVE, deleted or in ERROR with a fault; an ERROR here holds no claim and no volume.
Upstream: nova/conductor/manager.py, `ComputeTaskManager`. Left out: several cells to choose from, accelerators.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from oslearn.core.config import Config
from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.conductor.task_moves import MoveTasks
from oslearn.core.nova.db.databases import CELL0, CELL1
from oslearn.core.nova.exception import MaxRetriesExceeded
from oslearn.core.nova.fault import as_fault
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.quota import recheck_num_instances_quota
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.messaging import RPCContext

LOG = logging.getLogger(__name__)
EVENT = "conductor_schedule_and_build_instances"


class ComputeTaskManager(MoveTasks):
    """The part of the conductor that is no way to the database."""

    def __init__(
        self,
        db: Any,
        scheduler: SchedulerAPI,
        compute: ComputeAPI,
        placement: SchedulerReportClient,
        network_api: NetworkAPI,
        volume_api: VolumeAPI,
        config: Config,
    ) -> None:
        self.db, self.scheduler, self.compute, self.placement = db, scheduler, compute, placement
        self.network_api, self.volume_api, self.config = network_api, volume_api, config

    def schedule_and_build_instances(
        self,
        context: RPCContext,
        build_requests: list[dict[str, Any]],
        request_specs: list[dict[str, Any]],
        **build: Any,
    ) -> None:
        """Have hosts chosen, write the instances into the cell, hand each build to its host."""
        uuids = [request["uuid"] for request in build_requests]
        try:
            host_lists = self.scheduler.select_destinations(context, request_specs[0], uuids)
        except Exception as error:
            LOG.warning("Instances %s could not be scheduled: %s", uuids, error)
            for request in build_requests:
                self._bury_in_cell0(context, request, error)
            return
        written: dict[str, tuple[str, dict[str, Any]]] = {}
        for request, host_list in zip(build_requests, host_lists, strict=True):
            with self._or_give_up(context, request):
                written[request["uuid"]] = self._create_instance(request, host_list[0])
        try:
            self._recheck_quota(build_requests)
        except Exception as error:  # all rows of the request count, so all of it fails
            for request in build_requests:
                self.give_up(context, request, error)
            return
        for request, spec, host_list in zip(build_requests, request_specs, host_lists, strict=True):
            if found := written.get(request["uuid"]):
                with self._or_give_up(context, request):
                    self._build_one(context, request, *found, spec, host_list, build)

    @contextmanager
    def _or_give_up(self, context: RPCContext, request: dict[str, Any]) -> Iterator[None]:
        """What fails inside ends in ERROR."""
        try:
            yield
        except Exception as error:
            LOG.warning("Instance %s was scheduled but not handed on: %s", request["uuid"], error)
            self.give_up(context, request, error)

    def build_instances(
        self,
        context: RPCContext,
        instances: list[dict[str, Any]],
        filter_properties: dict[str, Any],
        request_spec: dict[str, Any],
        host_lists: list[list[dict[str, Any]]],
        **build: Any,
    ) -> None:
        """Try a build that failed on the next of its alternates, which is claimed first."""
        for instance, host_list in zip(instances, host_lists, strict=True):
            try:
                retry = self._next_try(instance, filter_properties["retry"])
                host = self._claim_alternate(instance, request_spec, host_list)
                self._cast_build(context, instance, request_spec, host, host_list, {"retry": retry}, build)
            except Exception as error:
                LOG.warning("Instance %s is not tried again: %s", instance["uuid"], error)
                self.give_up(context, instance, error)

    def _create_instance(self, request: dict[str, Any], host: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The cell of the host, and the row in it."""
        cell, found = self.db.cells.of_host(host["service_host"]), {"availability_zone": host["availability_zone"]}
        devices = request["block_device_mappings"]
        return cell, self.db.target_cell(cell).instances.create(request | found, devices)

    def _build_one(
        self,
        context: RPCContext,
        request: dict[str, Any],
        cell: str,
        instance: dict[str, Any],
        spec: dict[str, Any],
        host_list: list[dict[str, Any]],
        build: Any,
    ) -> None:
        """From a build request to an instance in a cell, and to its host."""
        uuid, host, targeted = request["uuid"], host_list.pop(0), self.db.target_cell(cell)
        targeted.actions.start(context, uuid, "create")
        if request["tags"]:
            targeted.instances.set_tags(uuid, request["tags"])
        self.db.cells.map(uuid, cell)
        if not self.db.requests.destroy(uuid):
            LOG.info("Instance %s was deleted while it was scheduled", uuid)
            self.undo(context, uuid)
            targeted.instances.destroy(uuid)
            return
        retry = {"num_attempts": 1, "hosts": []}
        self._cast_build(context, instance, spec, host, host_list, {"retry": retry}, build)

    def _cast_build(
        self,
        context: RPCContext,
        instance: dict[str, Any],
        spec: dict[str, Any],
        host: dict[str, Any],
        host_list: list[dict[str, Any]],
        filter_properties: dict[str, Any],
        build: dict[str, Any],
    ) -> None:
        """Hand a build to a host, with everything that it needs."""
        filter_properties["retry"]["hosts"].append([host["service_host"], host["nodename"]])
        devices = self.db.devices.get(instance["uuid"])
        if filter_properties["retry"]["num_attempts"] > 1:
            self._renew_attachments(context, instance, devices)
            instance["availability_zone"] = host["availability_zone"]
            self.db.instances.update(instance["uuid"], {"availability_zone": host["availability_zone"]})
        self.compute.build_and_run_instance(
            context,
            host["service_host"],
            instance=instance,
            request_spec=spec,
            filter_properties=filter_properties,
            node=host["nodename"],
            host_list=host_list,
            **build | {"block_device_mapping": devices},
        )

    def _next_try(self, instance: dict[str, Any], retry: dict[str, Any]) -> dict[str, Any]:
        """Count one more try. Raises MaxRetriesExceeded."""
        attempts, most = retry["num_attempts"] + 1, self.config.max_attempts
        if attempts > most:
            raise MaxRetriesExceeded(
                reason=f"Exceeded max scheduling attempts {most} for instance {instance['uuid']}. Last exception: "
                f"{retry.get('exc_reason')}"
            )
        return {"num_attempts": attempts, "hosts": retry["hosts"]}

    def _claim_alternate(
        self, instance: dict[str, Any], spec: dict[str, Any], host_list: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """The first alternate that still has room. Raises MaxRetriesExceeded."""
        while host_list:
            host = host_list.pop(0)
            request = host["allocation_request"]
            if self.placement.claim_resources(instance["uuid"], request, spec["project_id"], spec["user_id"]):
                return host
        raise MaxRetriesExceeded(
            reason=f"Exhausted all hosts available for retrying build failures for instance {instance['uuid']}."
        )

    def _renew_attachments(self, context: RPCContext, instance: dict[str, Any], devices: list[dict[str, Any]]) -> None:
        """The host that failed has given the volumes back: reserve them again."""
        for device in devices:
            if device["volume_id"]:
                made = self.volume_api.attachment_create(context, device["volume_id"], instance["uuid"])
                device["attachment_id"] = made["id"]
                values = {"attachment_id": made["id"]}
                self.db.devices.update(instance["uuid"], None, values, device["uuid"])

    def _recheck_quota(self, requests: list[dict[str, Any]]) -> None:
        """Another request may have been accepted at the same time. Raises TooManyInstances."""
        one = requests[0]
        scopes = self.db.quotas.scopes(one["project_id"], one["user_id"], asked=False)
        recheck_num_instances_quota(scopes, one["flavor"], len(requests))

    def _bury_in_cell0(self, context: RPCContext, request: dict[str, Any], error: Exception) -> None:
        """Keep an instance that has no host, and so no cell, where it can be seen and deleted."""
        cell0, uuid = self.db.target_cell(CELL0), request["uuid"]
        state = {"vm_state": "error", "task_state": None}
        if not cell0.instances.has_row(uuid):
            cell0.instances.create(request | state, request["block_device_mappings"])
        cell0.actions.start(context, uuid, "create")
        cell0.actions.event_start(context, uuid, EVENT)
        fault = as_fault(error)
        cell0.instances.add_fault(uuid, fault)
        if request["tags"]:
            cell0.instances.set_tags(uuid, request["tags"])
        cell0.actions.event_finish(context, uuid, EVENT, fault["message"])
        self.db.cells.map(uuid, CELL0)
        self.undo(context, uuid)
        if not self.db.requests.destroy(uuid):
            cell0.instances.destroy(uuid)

    def give_up(self, context: RPCContext, instance: dict[str, Any], error: Exception) -> None:
        """End in ERROR, in whichever cell the instance came to be."""
        uuid = instance["uuid"]
        if not self.db.instances.has_row(uuid):
            self._bury_in_cell0(context, instance, error)
            return
        self.db.cells.map(uuid, CELL1)
        self.db.requests.destroy(uuid)
        self.undo(context, uuid)
        self.db.instances.fail(uuid, as_fault(error))
        self.db.actions.event_start(context, uuid, EVENT)
        self.db.actions.event_finish(context, uuid, EVENT, str(error))

    def undo(self, context: RPCContext, uuid: str) -> None:
        """Give back what was taken for an instance. Each part is tried, whatever became of the others."""
        undo: list[Callable[[], None]] = [
            lambda: self.network_api.deallocate_for_instance(uuid, self.users_ports(uuid)),
            lambda: self.volume_api.detach_all(uuid),
        ]
        if self.config.flow != "classic":
            undo.insert(0, lambda: self.placement.delete_allocation_for_instance(uuid))
        for part in undo:
            try:
                part()
            except Exception as error:
                LOG.warning("Clean-up of instance %s is not complete, it is tried again: %s", uuid, error)

    def users_ports(self, uuid: str) -> list[str]:
        """The ports that the user made and named in the boot: they stay."""
        return list(self.db.specs.get(uuid).get("requested_ports", []))
