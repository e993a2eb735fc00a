"""What the nova-compute of a host has: whom it calls, what it writes down, what its instances use; `build` makes them.

Interface: `Calls`; `Journal`: `event`, `save`, `save_device`, `running`; `ResourceTracker.instance_claim` for a build,
and `update_usage` when an instance came or went; `clean_up`, when a build failed; `left`.
Invariants: it has no database, the conductor reads and writes for it, and what is known here of an instance is changed
with that. The scheduler has claimed in Placement before; a host does not build what nobody claimed of it.
Upstream: nova/compute/manager.py; nova/compute/resource_tracker.py, which counts in memory, here the conductor counts,
in SQL; nova/objects/instance.py, `save`; nova/compute/utils.py, `EventReporter`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.conductor.rpcapi import ComputeTaskAPI, ConductorAPI
from oslearn.core.nova.exception import ComputeResourcesUnavailable
from oslearn.core.nova.image.glance import ImageAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.objects import BlockDevice, Instance, Node, Values
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.nova.virt.libvirt import RUNNING, LibvirtDriver
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import try_each


@dataclass(frozen=True)
class Calls:
    """Stubs and clients, the same for all hosts of one process; `admin` is Neutron as an operator sees it."""

    conductor: ConductorAPI
    tasks: ComputeTaskAPI
    scheduler: SchedulerAPI
    compute: ComputeAPI
    placement: SchedulerReportClient
    image_api: ImageAPI
    network_api: NetworkAPI
    volume_api: VolumeAPI
    admin: Client


class Journal:
    """What a host has the conductor write down of its instances."""

    def __init__(self, host: str, conductor: ConductorAPI, clock: Clock) -> None:
        self.host, self.conductor, self.clock = host, conductor, clock

    @contextmanager
    def event(self, context: RequestContext, uuid: str, name: str) -> Iterator[list[str]]:
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

    def save(
        self, context: RequestContext, instance: Instance, expected: Mapping[str, list[str | None]] | None = None, /,
        **changes: object,
    ) -> None:  # fmt: skip
        """Change an instance, if it is in one of the `expected` states. Raises UnexpectedTaskStateError."""
        self.conductor.instance_update(context, instance["uuid"], **changes, **(expected or {}))
        cast("Values", instance).update(changes)

    def save_device(self, context: RequestContext, instance: Instance, device: BlockDevice, **changes: object) -> None:
        cast("Values", device).update(changes)
        self.conductor.block_device_mapping_save(context, instance["uuid"], device["uuid"], changes)

    def running(self, context: RequestContext, uuid: str) -> None:
        """The build is done."""
        now = self.clock.now().isoformat()
        done = {"vm_state": "active", "task_state": None, "power_state": RUNNING, "launched_at": now}
        self.conductor.instance_update(context, uuid, **done)


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
        self.conductor.block_device_mapping_get_all(context, instance["uuid"])  # upstream: is the root disk a volume?
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


def clean_up(calls: Calls, driver: LibvirtDriver, uuid: str, kept: Iterable[str] = ()) -> None:
    """Take away what a build may have made. Each part is tried; the ports that are `kept` are the user's."""
    parts: list[Callable[[], object]] = [
        lambda: driver.destroy(uuid),  # first, for a guest must not write to what it no longer has
        lambda: calls.volume_api.detach_all(uuid),
        lambda: calls.network_api.deallocate_for_instance(uuid, kept),
    ]
    try_each(parts, left(uuid))


def left(uuid: str) -> str:
    """What the log says when a part fails; the conductor finds what is left."""
    return f"Clean-up of instance {uuid} is not complete"
