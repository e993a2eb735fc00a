"""What a compute host has, and what its instances use.

Interface: `ResourceTracker.instance_claim` for a build; `update_usage` when an instance came or went.
Invariants: the scheduler has claimed in Placement before; a host does not build what nobody claimed of it.
Upstream: nova/compute/resource_tracker.py, which counts in memory; here the conductor counts, in SQL.
"""

from __future__ import annotations

from typing import cast

from oslearn.core.nova.conductor.rpcapi import ConductorAPI
from oslearn.core.nova.exception import ComputeResourcesUnavailable
from oslearn.core.nova.objects import Instance, Node, Values
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.oslo.context import RequestContext


class ResourceTracker:
    """Of one host. `node` has the id and uuid of its row, and of its provider in Placement."""

    def __init__(self, host: str, node: Node, conductor: ConductorAPI, placement: SchedulerReportClient | None) -> None:
        """`placement` is None where nobody claims anything, as in 2013."""
        self.host, self.node, self.conductor, self.placement = host, node, conductor, placement

    def instance_claim(self, context: RequestContext, instance: Instance) -> None:
        """Put the instance on this host. Raises ComputeResourcesUnavailable, TransportError."""
        place = {"host": self.host, "node": self.host, "launched_on": self.host, "compute_id": self.node["id"]}
        self.conductor.instance_update(context, instance["uuid"], **place)
        cast("Values", instance).update(place)
        self.conductor.block_device_mapping_get_all(context, instance["uuid"])
        self.check_claim(instance["uuid"])
        self.update_usage(context)

    def check_claim(self, uuid: str) -> None:
        """Placement says of this host what it says of the instance. Raises ComputeResourcesUnavailable."""
        if self.placement is None:
            return
        here = self.placement.get_allocations_for_resource_provider(self.node["uuid"]).get(uuid, {})
        theirs = self.placement.get_allocs_for_consumer(uuid)["allocations"].get(self.node["uuid"], {})
        if not here or here["resources"] != theirs.get("resources"):
            raise ComputeResourcesUnavailable(reason=f"instance {uuid} has no allocation on {self.host}")

    def update_usage(self, context: RequestContext) -> None:
        """Have what is in use counted."""
        self.conductor.compute_node_save(context, self.host)
