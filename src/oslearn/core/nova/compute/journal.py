"""What a compute host has written down of its instances, and takes away when a build fails.

Interface: `Journal`: `event`, `save`, `save_device`, `running`; `CleanUp`: a domain, ports, attachments.
Invariants: every change is an RPC call to the conductor, and what is known here of the instance is changed with it.
Upstream: nova/objects/instance.py, `save`; nova/compute/utils.py, `EventReporter`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import cast

from oslearn.core.nova.conductor.rpcapi import ConductorAPI
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.objects import BlockDevice, Instance, Values
from oslearn.core.nova.virt.driver import RUNNING, ComputeDriver
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.clock import Clock
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import try_each


class Journal:
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
        self,
        context: RequestContext,
        instance: Instance,
        expected: Mapping[str, list[str | None]] | None = None,
        /,
        **changes: object,
    ) -> None:
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


class CleanUp:
    """Takes away what a build may have made."""

    def __init__(self, driver: ComputeDriver, network_api: NetworkAPI, volume_api: VolumeAPI) -> None:
        self.driver, self.network_api, self.volume_api = driver, network_api, volume_api

    def __call__(self, uuid: str, kept: Iterable[str] = (), *then: Callable[[], object]) -> None:
        """Each part is tried, and then what else is to be done; the ports that are `kept` are the user's."""
        parts: list[Callable[[], object]] = [
            lambda: self.driver.destroy(uuid),  # first, for a guest must not write to what it no longer has
            lambda: self.volume_api.detach_all(uuid),
            lambda: self.network_api.deallocate_for_instance(uuid, kept),
        ]
        try_each([*parts, *then], left(uuid))


def left(uuid: str) -> str:
    """What the log says when a part fails; the conductor finds what is left."""
    return f"Clean-up of instance {uuid} is not complete"
