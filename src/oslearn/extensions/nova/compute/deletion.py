"""The end of an instance: what nova-api does, and its host.

Interface: `Deletion`; `HostAPI`, whether a host can be told; `check_instance_lock`; the RPC endpoints `Termination` and
in 2013's flow, `ClassicTermination`.
Invariants: of an instance that ends no domain, port, attachment or host resource stays behind.
Upstream: nova/compute/api.py, `_delete`; nova/compute/manager.py, `_delete_instance`; nova/servicegroup/api.py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from oslearn.core.nova.compute.journal import CleanUp, Journal
from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.conductor.rpcapi import ClassicConductorAPI, ConductorAPI
from oslearn.core.nova.db.databases import CELL1
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.objects import BlockDevice, Instance
from oslearn.core.nova.scheduler.report import SchedulerReportClient
from oslearn.core.nova.scheduler.rpcapi import SchedulerAPI
from oslearn.core.nova.virt.driver import ComputeDriver
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.conductor.rows import RowsAPI
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.exception import InstanceIsLocked

LOG = logging.getLogger(__name__)


def check_instance_lock(context: RequestContext, instance: Instance) -> None:
    """Only an admin changes an instance that is locked. Raises InstanceIsLocked."""
    if instance["locked_by"] and not context.is_admin:
        raise InstanceIsLocked(instance_uuid=instance["uuid"])


class HostAPI:
    """Says which processes serve."""

    def __init__(self, db: ExtendedDB, serves: Callable[[str, str], bool]) -> None:
        """`serves` says of a topic and a host whether that process answers."""
        self.db, self.serves = db, serves

    def is_up(self, host: str) -> bool:
        """Its nova-compute serves, and no operator has forced it down."""
        return self.serves("compute", host) and not self.db.services.forced_down(host)


class Deletion:
    """The end of an instance, whether a host has it or not."""

    def __init__(
        self,
        db: ExtendedDB,
        hosts: HostAPI,
        compute: ComputeAPI,
        volume_api: VolumeAPI,
        network_api: NetworkAPI,
        claims: Sequence[Callable[[str], None]] = (),
    ) -> None:
        """`claims` give back, by an instance's id, what else was claimed for it; in 2013 there was nothing else."""
        self.db, self.hosts, self.compute, self.claims = db, hosts, compute, claims
        self.volume_api, self.network_api = volume_api, network_api
        self.before: list[Callable[[RequestContext, Instance], None]] = []
        """What another operation has to bring to an end first."""

    def delete(self, context: RequestContext, instance: Instance) -> None:
        """Delete an instance, or take its build request away: then the conductor finds it gone and builds nothing."""
        uuid = instance["uuid"]
        cell = self.db.databases.name_of(uuid) if self.db.databases.several else CELL1
        if cell is not None:
            self._delete_in(context, instance, cell)
            return
        # The conductor takes the build request away before it builds: whoever is later finds that it is gone.
        self._give_back(context, uuid)
        self.db.requests.destroy(uuid)
        self.db.specs.destroy(uuid)

    def _delete_in(self, context: RequestContext, instance: Instance, cell: str) -> None:
        """Have the host delete it, or do it here if no host has it or its nova-compute is down."""
        uuid, host = instance["uuid"], instance["host"]
        # Before anything is done, so that it can be seen who asked for it even if this process ends here.
        self.db.target_cell(cell).actions.start(context, uuid, "delete")
        self.db.groups.remove_member(uuid)
        for hook in self.before:
            hook(context, instance)
        if host and self.hosts.is_up(host):
            # Before the cast: a second request must find that the first is under way.
            self.db.instances.update(uuid, {"task_state": "deleting", "progress": 0})
            self.compute.cast(context, host, "terminate_instance", instance=instance | {"task_state": "deleting"})
            return
        self.db.instances.update(uuid, {"task_state": "deleting"})
        ports = [vif["port_id"] for vif in instance["network_info"] if vif.get("preserve_on_delete")]
        self._give_back(context, uuid, self.db.target_cell(cell).devices.get(uuid), ports)
        # The row goes last: until then a deletion that ended half way can be asked for again.
        self.db.instances.forget_vifs(uuid)
        self.db.target_cell(cell).instances.destroy(uuid)
        self.db.specs.destroy(uuid)

    def _give_back(
        self, context: RequestContext, uuid: str, devices: Iterable[BlockDevice] = (), ports: Iterable[str] = ()
    ) -> None:
        """Free everything without a host; the ports that its user made are kept.

        Each part is tried: what is left the conductor's periodic tasks find.
        """
        kept = [*ports, *self.db.specs.get(uuid).get("requested_ports", [])]
        parts: list[Callable[[], object]] = [
            lambda: self.network_api.deallocate_for_instance(uuid, kept),
            lambda: self.volume_api.detach_all(uuid),
        ]
        for device in devices:
            if device["volume_id"] and device["delete_on_termination"]:
                parts.append(partial(self.volume_api.delete, context, device["volume_id"]))
        parts += [partial(claim, uuid) for claim in self.claims]
        for part in parts:
            try:
                part()
            except Exception as error:
                LOG.warning("Clean-up of instance %s is not complete, it is tried again: %s", uuid, error)


class Termination:
    """The endpoint that deletes, today."""

    def __init__(
        self,
        journal: Journal,
        conductor: ConductorAPI,
        rows: RowsAPI,
        scheduler: SchedulerAPI,
        placement: SchedulerReportClient,
        network_api: NetworkAPI,
        volume_api: VolumeAPI,
        driver: ComputeDriver,
    ) -> None:
        self.journal, self.conductor, self.rows, self.scheduler = journal, conductor, rows, scheduler
        self.placement, self.network_api, self.volume_api, self.driver = placement, network_api, volume_api, driver

    def terminate_instance(self, context: RPCContext, instance: Instance) -> None:
        """Delete the instance and all that it holds; volumes stay, detached, unless they are to go with it."""
        uuid = instance["uuid"]
        with self.journal.event(context, uuid, "compute_terminate_instance"):
            kept = [port["port_id"] for port in instance["network_info"] if port.get("preserve_on_delete")]
            devices = self.conductor.block_device_mapping_get_all(context, uuid)
            self.driver.destroy(uuid)
            self.network_api.deallocate_for_instance(uuid, kept)
            self.rows.virtual_interface_delete_all(context, uuid)
            self.conductor.info_cache_save(context, uuid, [])
            if any(device["volume_id"] for device in devices):
                self.volume_api.detach_all(uuid)
            self.volume_api.delete_terminated(context, devices)
            gone = {"vm_state": "deleted", "task_state": None, "power_state": 0}
            now = self.journal.clock.now().isoformat()
            self.conductor.instance_update(context, uuid, **gone, terminated_at=now)
            self.placement.delete_allocation_for_instance(uuid)
            self.scheduler.delete_instance_info(context, self.journal.host, uuid)
            self.rows.instance_destroy(context, uuid)  # last: until then the message may come again


class ClassicTermination:
    """The endpoint that deletes, in 2013."""

    def __init__(self, clean_up: CleanUp, conductor: ClassicConductorAPI) -> None:
        self.clean_up, self.conductor = clean_up, conductor

    def terminate_instance(self, context: RPCContext, instance: Instance) -> None:
        """Delete the instance and all that it holds; volumes stay, detached."""
        self.clean_up(instance["uuid"])
        # A cast: it waits in the queue if the conductor is down.
        self.conductor.cast(context, "instance_destroy", instance_uuid=instance["uuid"])
