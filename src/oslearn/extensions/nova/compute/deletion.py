"""The end of an instance: what nova-api does. Its host's part is in `manager_deletion`.

Interface: `Deletion`; `HostAPI`, whether a host can be told; `check_instance_lock`.
Invariants: of an instance that ends no domain, port, attachment or host resource stays behind.
Upstream: nova/compute/api.py, `_delete`; nova/servicegroup/api.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from oslearn.core.nova.compute.manager import left
from oslearn.core.nova.compute.rpcapi import ComputeAPI
from oslearn.core.nova.db.cells import CELL1
from oslearn.core.nova.network.neutron import NetworkAPI
from oslearn.core.nova.objects import BlockDevice, Instance
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import try_each
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.exception import InstanceIsLocked


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
        # The conductor takes the build request away before it builds: whoever is later finds that it is gone.
        if cell is None and self.db.requests.destroy(uuid):
            self._give_back(context, uuid)
            self.db.specs.destroy(uuid)
        elif found := instance if cell else self.db.instances.find(uuid):
            self._delete_in(context, found, cell or self.db.databases.name_of(uuid) or CELL1)

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
            lambda: self.volume_api.delete_terminated(context, devices),
        ]
        try_each([*parts, *(partial(claim, uuid) for claim in self.claims)], left(uuid))
