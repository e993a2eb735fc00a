"""What nova-conductor does for a boot, between nova-api and nova-compute.

Interface: the RPC endpoint `ComputeTaskManager`: `schedule_and_build_instances`; `Builds`: `cast_build`, `give_up`;
`Holdings.give_back`.
Invariants: an instance gets its row only after it is scheduled, in the cell of its host, or in cell 0 if no host fits;
what was accepted ends ACTIVE, deleted or in ERROR with a fault; an ERROR here holds no claim and no volume.
Upstream: nova/conductor/manager.py, `ComputeTaskManager`. Left out: several cells to choose from, accelerators.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from oslearn.core.nova.compute.manager import Calls, left
from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.db.cells import CELL0, CELL1
from oslearn.core.nova.exception import as_fault
from oslearn.core.nova.objects import Build, BuildRequest, Handed, Instance, RequestSpec, Retry, Selection
from oslearn.core.nova.quota import recheck_num_instances_quota
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import try_each
from oslearn.core.oslo.messaging import RPCContext

LOG = logging.getLogger(__name__)
EVENT = "conductor_schedule_and_build_instances"


class ComputeTaskManager:
    """The endpoint: what others may ask of the conductor, and no more than that is public."""

    def __init__(self, scheduler: SchedulerAPI, builds: Builds) -> None:
        self.scheduler, self.builds, self.db = scheduler, builds, builds.db

    def schedule_and_build_instances(
        self, context: RPCContext, build_requests: list[BuildRequest], request_specs: list[RequestSpec],
        tags: list[str], **handed: object,
    ) -> None:  # fmt: skip
        """Have hosts chosen, write the instances into the cell, hand each build to its host.

        The `tags` go no further: the build requests have them, too.
        """
        uuids = [request["uuid"] for request in build_requests]
        try:
            host_lists = self.scheduler.select_destinations(context, request_specs[0], uuids)
        except Exception as error:
            LOG.warning("Instances %s could not be scheduled: %s", uuids, error)
            for request in build_requests:
                self.builds.bury_in_cell0(context, request, error)
            return
        written: dict[str, tuple[str, Instance]] = {}
        for request, host_list in zip(build_requests, host_lists, strict=True):
            with self._or_give_up(context, request):
                written[request["uuid"]] = self._create_instance(request, host_list[0])
        try:
            self._recheck_quota(build_requests)
        except Exception as error:  # all rows of the request count, so all of it fails
            for request in build_requests:
                self.builds.give_up(context, request, error)
            return
        for request, spec, host_list in zip(build_requests, request_specs, host_lists, strict=True):
            if found := written.get(request["uuid"]):
                with self._or_give_up(context, request):
                    self._build_one(context, request, *found, spec, host_list, cast("Handed", handed))

    @contextmanager
    def _or_give_up(self, context: RPCContext, request: Instance) -> Iterator[None]:
        """What fails inside ends in ERROR."""
        try:
            yield
        except Exception as error:
            LOG.warning("Instance %s was scheduled but not handed on: %s", request["uuid"], error)
            self.builds.give_up(context, request, error)

    def _create_instance(self, request: BuildRequest, host: Selection) -> tuple[str, Instance]:
        """The cell of the host, and the row in it."""
        cell, found = self.db.cells.of_host(host["service_host"]), {"availability_zone": host["availability_zone"]}
        devices = request["block_device_mappings"]
        return cell, self.db.target_cell(cell).instances.create({**request, **found}, [{**one} for one in devices])

    def _build_one(
        self, context: RPCContext, request: BuildRequest, cell: str, instance: Instance,
        spec: RequestSpec, host_list: list[Selection], handed: Handed,
    ) -> None:  # fmt: skip
        """From a build request to an instance in a cell, and to its host."""
        uuid, host, targeted = request["uuid"], host_list.pop(0), self.db.target_cell(cell)
        targeted.actions.start(context, uuid, "create")
        # Before the request goes: who looks must find the one or the other (`Instances.find`).
        self.db.cells.map(uuid, cell)
        if not self.db.requests.destroy(uuid):
            LOG.info("Instance %s was deleted while it was scheduled", uuid)
            self.builds.holdings.give_back(uuid)
            targeted.instances.destroy(uuid)
            return
        given: Handed = {**handed, "block_device_mapping": self.db.devices.get(uuid)}
        self.builds.cast_build(context, instance, spec, host, host_list, {"num_attempts": 1, "hosts": []}, given)

    def _recheck_quota(self, requests: list[BuildRequest]) -> None:
        """Another request may have been accepted at the same time. Raises TooManyInstances."""
        one = requests[0]
        scopes = self.db.quotas.scopes(one["project_id"], one["user_id"], asked=False)
        recheck_num_instances_quota(scopes, one["flavor"], len(requests))


class Builds:
    """What becomes of a build once it is scheduled: it goes to its host, or it ends. No message can ask for that."""

    def __init__(self, db: NovaDB, compute: ComputeAPI, holdings: Holdings) -> None:
        self.db, self.compute, self.holdings = db, compute, holdings

    def cast_build(
        self, context: RPCContext, instance: Instance, spec: RequestSpec, host: Selection,
        host_list: list[Selection], retry: Retry, handed: Handed,
    ) -> None:  # fmt: skip
        """Hand a build to a host, with everything that it needs.

        Of this `host_list`, `retry` and `request_spec` are for who tries again elsewhere: only the extensions do.
        """
        retry["hosts"].append([host["service_host"], host["nodename"]])
        build: Build = {
            "request_spec": spec,
            "filter_properties": {"retry": retry},
            "node": host["nodename"],
            "host_list": host_list,
            **handed,
        }
        self.compute.build_and_run_instance(context, host["service_host"], instance, build)

    def bury_in_cell0(self, context: RequestContext, request: BuildRequest, error: Exception) -> None:
        """Keep an instance that has no host, and so no cell, where it can be seen and deleted."""
        cell0, uuid = self.db.target_cell(CELL0), request["uuid"]
        self.db.cells.map(uuid, CELL0)  # first: no row in cell 0 is one that nobody finds
        if not cell0.instances.has_row(uuid):  # a message that is offered again finds what it wrote before
            failed = {**request, "vm_state": "error", "task_state": None}
            cell0.instances.create(failed, [{**device} for device in request["block_device_mappings"]])
        cell0.actions.start(context, uuid, "create")
        cell0.actions.event_start(context, uuid, EVENT)
        fault = as_fault(error)
        cell0.instances.add_fault(uuid, fault)
        cell0.actions.event_finish(context, uuid, EVENT, fault["message"])
        self.holdings.give_back(uuid)
        if not self.db.requests.destroy(uuid):
            cell0.instances.destroy(uuid)

    def give_up(self, context: RequestContext, instance: Instance, error: Exception) -> None:
        """End in ERROR, in whichever cell the instance came to be."""
        uuid = instance["uuid"]
        if not self.db.instances.has_row(uuid):
            self.bury_in_cell0(context, cast("BuildRequest", instance), error)
            return
        self.db.cells.map(uuid, CELL1)
        self.db.requests.destroy(uuid)
        self.holdings.give_back(uuid)
        self.db.instances.fail(uuid, as_fault(error))
        self.db.actions.event_start(context, uuid, EVENT)
        self.db.actions.event_finish(context, uuid, EVENT, str(error))


class Holdings:
    """Gives back what was taken for instances."""

    def __init__(self, db: NovaDB, calls: Calls, placement: SchedulerReportClient | None) -> None:
        """`placement` is None where nobody claims anything, as in 2013."""
        self.db, self.placement, self.network_api, self.volume_api = db, placement, calls.network_api, calls.volume_api

    def give_back(self, uuid: str) -> None:
        """Each part is tried, whatever became of the others."""
        parts: list[Callable[[], object]] = [
            lambda: self.network_api.deallocate_for_instance(uuid, self.users_ports(uuid)),
            lambda: self.volume_api.detach_all(uuid),
        ]
        if placement := self.placement:
            parts.insert(0, lambda: placement.delete_allocation_for_instance(uuid))
        try_each(parts, left(uuid))

    def users_ports(self, uuid: str) -> list[str]:
        """The ports that the user made and named in the boot: they stay."""
        return self.db.specs.get(uuid).get("requested_ports", [])
