"""What nova-api does with a request for an instance, before and after the scheduler.

Interface: `API.create`, `API.delete`; `Deletion`, which 2013's flow has as well.
Invariants: nothing is written before everything named in the request was found; an instance that was accepted ends
ACTIVE or in ERROR with a fault, and an ERROR holds no host resources.
Upstream: nova/compute/api.py. What else can be done with an instance is in `oslearn.extensions.nova.compute`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import cast

from oslearn.core.nova.compute.api_create import BootChecks
from oslearn.core.nova.compute.api_hosts import HostAPI
from oslearn.core.nova.compute.api_request import ServerRequest
from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.conductor.rpcapi import ComputeTaskAPI
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.db.databases import CELL1
from oslearn.core.nova.exception import InstanceIsLocked
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.objects import BlockDevice, Instance, Values
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.context import RequestContext

LOG = logging.getLogger(__name__)


def check_instance_lock(context: RequestContext, instance: Instance) -> None:
    """Only an admin changes an instance that is locked. Raises InstanceIsLocked."""
    if instance["locked_by"] and not context.is_admin:
        raise InstanceIsLocked(instance_uuid=instance["uuid"])


class Deletion:
    """The end of an instance, whether a host has it or not."""

    def __init__(
        self,
        db: NovaDB,
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
        """What an operation that is not in the core has to bring to an end first."""

    def delete(self, context: RequestContext, instance: Instance, cell: str = CELL1) -> None:
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
            self.compute.terminate_instance(context, host, instance | {"task_state": "deleting"})
            return
        self.db.instances.update(uuid, {"task_state": "deleting"})
        ports = [vif["port_id"] for vif in instance["network_info"] if vif.get("preserve_on_delete")]
        self.give_back(context, uuid, self.db.target_cell(cell).devices.get(uuid), ports)
        # The row goes last: until then a deletion that ended half way can be asked for again.
        self.db.instances.forget_vifs(uuid)
        self.db.target_cell(cell).instances.destroy(uuid)
        self.db.specs.destroy(uuid)

    def give_back(
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


class API:
    """Creates and deletes instances as today: what is accepted is a build request, and the conductor does the rest."""

    def __init__(
        self, db: NovaDB, checks: BootChecks, conductor: ComputeTaskAPI, volume_api: VolumeAPI, deletion: Deletion
    ) -> None:
        self.db, self.checks, self.conductor, self.volume_api = db, checks, conductor, volume_api
        self.deletion = deletion

    def create(self, context: RequestContext, server: ServerRequest) -> list[Instance]:
        """Check the request, reserve its volumes, write build requests, and leave the rest to the conductor.

        Raises BadRequest, Conflict, Forbidden.
        """
        wanted = self.checks.check(context, server)
        spec, uuids = wanted["spec"], [values["uuid"] for values in wanted["instances"]]
        try:
            # Cinder first: a volume that somebody else has taken meanwhile is refused while the user still listens.
            for values in wanted["instances"]:
                values["block_device_mappings"] = self._reserve(context, values["uuid"], wanted["devices"])
            requests = self.db.requests.create(wanted["instances"], spec)
            if group := spec["group"]:
                self.db.groups.add_members(group["uuid"], uuids)
            self.conductor.schedule_and_build_instances(
                context,
                build_requests=requests,
                request_specs=[spec] * len(requests),
                image=wanted["image"],
                admin_password=server["adminPass"],
                injected_files=server["personality"],
                requested_networks=wanted["networks"],
                block_device_mapping=wanted["devices"],
                tags=server["tags"],
            )
        except Exception:
            # Of a request that is refused nothing stays, not even the first of several instances.
            for uuid in uuids:
                self.db.requests.destroy(uuid)
                self.volume_api.detach_all(uuid)
            raise
        return cast(list[Instance], requests)

    def delete(self, context: RequestContext, instance: Instance) -> None:
        """Delete an instance, or take its build request away: then the conductor finds it gone and builds nothing."""
        uuid = instance["uuid"]
        cell = self.db.cells.of_instance(uuid)
        if cell is not None:
            self.deletion.delete(context, instance, cell)
            return
        # The conductor takes the build request away before it builds: whoever is later finds that it is gone.
        self.deletion.give_back(context, uuid)
        self.db.requests.destroy(uuid)
        self.db.specs.destroy(uuid)

    def _reserve(self, context: RequestContext, uuid: str, devices: Iterable[Values]) -> list[Values]:
        """The block devices of one instance, with its volumes reserved for it in Cinder."""
        reserved = []
        for device in devices:
            if device["volume_id"]:
                made = self.volume_api.attachment_create(context, device["volume_id"], uuid)
                device = device | {"attachment_id": made["id"]}
            reserved.append(device)
        return reserved
