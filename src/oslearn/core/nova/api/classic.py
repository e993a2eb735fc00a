"""nova-api in 2013: what it does with a request for an instance, before and after the scheduler.

Interface: `ClassicAPI`, with the method of today's API.
Invariants: nothing is written before everything named in the request was found; an instance that was accepted ends
ACTIVE or in ERROR with a fault, and an ERROR holds no host resources.
Upstream: nova/compute/api.py of 2013 (Grizzly); nova/scheduler/rpcapi.py, `run_instance`.
"""

from __future__ import annotations

import logging

from oslearn.core.nova.compute.api_create import BootChecks, ServerRequest
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.exception import as_fault
from oslearn.core.nova.objects import Instance
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.oslo.context import RequestContext

LOG = logging.getLogger(__name__)


class ClassicAPI:
    """Creates instances as in 2013: it writes each row itself, and the user waits until a host is found."""

    def __init__(self, db: NovaDB, checks: BootChecks, scheduler: SchedulerAPI) -> None:
        self.db, self.checks, self.scheduler = db, checks, scheduler

    def create(self, context: RequestContext, server: ServerRequest) -> list[Instance]:
        """Write the rows, and wait for the scheduler's answer about each; if there is none, it is in ERROR.

        Raises BadRequest, Conflict, Forbidden.
        """
        instances, spec, found = self.checks.check(context, server)
        volumes = [device for device in found.devices if device["volume_id"]]
        created = [self.db.instances.create(values, volumes) for values in instances]
        for instance in created:
            try:
                self.scheduler.run_instance(context, instance["uuid"], spec, found.networks)
            except Exception as error:
                LOG.warning("Instance %s could not be scheduled: %s", instance["uuid"], error)
                self.db.instances.fail(instance["uuid"], as_fault(error))
        return created
