"""nova-conductor: the only way from a compute host to the database.

Interface: the RPC endpoints `ConductorManager`, what a host may do, and `ObjectActions`, how it asks for it today; what
builds ask of the conductor is `oslearn.core.nova.conductor.tasks.ComputeTaskManager`.
Invariants: a compromised compute host can call these methods and no others, and cannot give an instance to another
project; times travel as text.
Upstream: nova/conductor/manager.py: today's `object_action`, and the methods of 2013 that it took the place of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oslearn.core.nova.conductor.rpcapi import EXPECTED, OBJECTS
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.objects import BlockDevice, Fault, NetworkInfo, Node, Values
from oslearn.core.oslo.messaging import Listener, RPCContext

READ_ONLY = {"id", "uuid", "project_id", "user_id", "reservation_id", "created_at", "deleted", "deleted_at"}
"""Columns that a compute host may not change."""


class ConductorManager:
    """What a host without a database may have read and written."""

    def __init__(self, db: NovaDB) -> None:
        self.db = db

    def instance_get_by_uuid(self, context: RPCContext, instance_uuid: str) -> Values:
        """The instance: host, flavor's memory, vCPUs and disk, image, and its volumes. Raises InstanceNotFound."""
        instance = self.db.instances.get(instance_uuid)
        return {**instance, "block_device_mapping": self.db.devices.get(instance_uuid)}

    def instance_update(
        self, context: RPCContext, instance_uuid: str, updates: Values, **expected: list[str | None]
    ) -> None:
        """Change an instance. Raises ValueError for a column that is not the host's, UnexpectedTaskStateError."""
        if extra := READ_ONLY & set(updates):
            raise ValueError(f"a compute host may not change {', '.join(sorted(extra))}")
        states = {name.removeprefix(EXPECTED): values for name, values in expected.items()}
        self.db.instances.update(instance_uuid, updates, **states)

    def instance_fault_create(self, context: RPCContext, instance_uuid: str, fault: Fault) -> None:
        self.db.instances.add_fault(instance_uuid, fault)

    def instance_error(self, context: RPCContext, instance_uuid: str, fault: Fault) -> None:
        """End in ERROR with that fault and give the host's resources back (2013; today it is done in two steps)."""
        self.db.instances.fail(instance_uuid, fault)

    def info_cache_refresh(self, context: RPCContext, instance_uuid: str) -> NetworkInfo:
        """What is known of an instance's ports."""
        return self.db.instances.network_info(instance_uuid)

    def info_cache_save(self, context: RPCContext, instance_uuid: str, network_info: NetworkInfo) -> None:
        """Keep what Neutron said of an instance's ports."""
        self.db.instances.update(instance_uuid, {"network_info": network_info})

    def action_event_start(self, context: RPCContext, instance_uuid: str, event: str, host: str) -> None:
        """A host begins to work on what a request asked for."""
        self.db.actions.event_start(context, instance_uuid, event, host)

    def action_event_finish(
        self, context: RPCContext, instance_uuid: str, event: str, error: str | None = None
    ) -> None:
        """It is done with it."""
        self.db.actions.event_finish(context, instance_uuid, event, error)

    def block_device_mapping_get_all(self, context: RPCContext, instance_uuid: str) -> list[BlockDevice]:
        return self.db.devices.get(instance_uuid)

    def block_device_mapping_update(
        self, context: RPCContext, instance_uuid: str, volume_id: str | None, values: Values,
        bdm_uuid: str | None = None,
    ) -> None:  # fmt: skip
        """Note a block device's name, volume or attachment; it is named by its own id or by the volume's."""
        self.db.devices.update(instance_uuid, volume_id, values, bdm_uuid)

    def virtual_interface_create(self, context: RPCContext, instance_uuid: str, vif: Values) -> None:
        self.db.instances.add_vif(instance_uuid, vif)

    def compute_node_save(self, context: RPCContext, host: str, values: Values) -> None:
        """Note what a host has, and count what it has in use."""
        self.db.hosts.save(host, values)

    def compute_nodes(self, context: RPCContext) -> dict[str, Node]:
        """Every host's row, by host."""
        return {node.host: {"id": node.id, "uuid": node.uuid} for node in self.db.hosts.get_all()}


class ObjectActions:
    """How a host of today asks: it names an object and the object's method."""

    def __init__(self, endpoints: Sequence[object], objects: Mapping[str, str] = OBJECTS) -> None:
        """The methods are those of `endpoints`; `objects` says by which name each is called."""
        self.served = Listener("nova-conductor", endpoints)
        self.methods = {action: method for method, action in objects.items()}

    def object_action(self, context: RPCContext, objinst: str, objmethod: str, kwargs: dict[str, Any]) -> Any:
        """Act on an object. Raises KeyError for a method that is none."""
        return self.served.method(self.methods[f"{objinst}.{objmethod}"])(context, **kwargs)

    def object_class_action_versions(
        self, context: RPCContext, objname: str, objmethod: str, kwargs: dict[str, Any]
    ) -> Any:
        """Find or make an object. Raises KeyError for a method that is none."""
        return self.served.method(self.methods[f"{objname}.{objmethod}"])(context, **kwargs)
