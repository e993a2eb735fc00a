"""nova-conductor: the only way from a compute host to the database, and who hands builds on.

Interface: the RPC endpoint `ConductorManager`; what builds ask of it is `tasks.ComputeTaskManager`.
Invariants: a compromised compute host can call these methods and no others, and cannot give an instance to another
project; times travel as text.
Upstream: nova/conductor/manager.py: today's `object_action`, and the methods of 2013 that it took the place of.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.nova.conductor.rpcapi import EXPECTED, OBJECTS
from oslearn.core.nova.conductor.tasks import ComputeTaskManager
from oslearn.core.nova.objects import Fault
from oslearn.core.oslo.messaging import RPCContext

READ_ONLY = {"id", "uuid", "project_id", "user_id", "reservation_id", "created_at", "deleted", "deleted_at"}
"""Columns that a compute host may not change."""
METHODS = {action: method for method, action in OBJECTS.items()}


class ConductorManager(ComputeTaskManager):
    """The RPC endpoint."""

    def object_action(self, context: RPCContext, objinst: str, objmethod: str, kwargs: dict[str, Any]) -> Any:
        """Act on an object for a host that has no database. Raises KeyError for a method that is none."""
        return getattr(self, METHODS[f"{objinst}.{objmethod}"])(context, **kwargs)

    def object_class_action_versions(
        self, context: RPCContext, objname: str, objmethod: str, kwargs: dict[str, Any]
    ) -> Any:
        """Find or make an object for a host that has no database. Raises KeyError for a method that is none."""
        return getattr(self, METHODS[f"{objname}.{objmethod}"])(context, **kwargs)

    def instance_get_by_uuid(self, context: RPCContext, instance_uuid: str) -> dict[str, Any]:
        """The instance: host, flavor's memory, vCPUs and disk, image, and its volumes. Raises InstanceNotFound."""
        instance = self.db.instances.get(instance_uuid)
        return instance | {"block_device_mapping": self.db.devices.get(instance_uuid)}

    def instance_get_all_by_host(self, context: RPCContext, host: str) -> list[dict[str, Any]]:
        """The instances that a host should have."""
        return self.db.instances.get_by_host(host)

    def instance_update(
        self, context: RPCContext, instance_uuid: str, updates: dict[str, Any], **expected: list[str | None]
    ) -> None:
        """Change an instance. Raises ValueError for a column that is not the host's, UnexpectedTaskStateError."""
        if extra := READ_ONLY & set(updates):
            raise ValueError(f"a compute host may not change {', '.join(sorted(extra))}")
        states = {name.removeprefix(EXPECTED): values for name, values in expected.items()}
        self.db.instances.update(instance_uuid, updates, **states)

    def instance_error(self, context: RPCContext, instance_uuid: str, fault: Fault) -> None:
        """End in ERROR with that fault and give the host's resources back."""
        self.db.instances.fail(instance_uuid, fault)

    def instance_fault_create(self, context: RPCContext, instance_uuid: str, fault: Fault) -> None:
        """Keep why something failed."""
        self.db.instances.add_fault(instance_uuid, fault)

    def instance_destroy(self, context: RPCContext, instance_uuid: str) -> None:
        """Mark as deleted and give the host's resources back."""
        self.db.instances.destroy(instance_uuid)
        self.db.specs.destroy(instance_uuid)

    def info_cache_refresh(self, context: RPCContext, instance_uuid: str) -> list[Any]:
        """What is known of an instance's ports."""
        return self.db.instances.network_info(instance_uuid)

    def info_cache_save(self, context: RPCContext, instance_uuid: str, network_info: list[Any]) -> None:
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

    def block_device_mapping_get_all(self, context: RPCContext, instance_uuid: str) -> list[dict[str, Any]]:
        """An instance's block devices."""
        return self.db.devices.get(instance_uuid)

    def block_device_mapping_update(
        self, context: RPCContext, instance_uuid: str, volume_id: str | None, values: dict[str, Any],
        bdm_uuid: str | None = None,
    ) -> None:  # fmt: skip
        """Note a block device's name, volume or attachment; it is named by its own id or by the volume's."""
        self.db.devices.update(instance_uuid, volume_id, values, bdm_uuid)

    def block_device_mapping_create(self, context: RPCContext, instance_uuid: str, values: dict[str, Any]) -> Any:
        """A new block device."""
        return self.db.devices.create(instance_uuid, values)

    def block_device_mapping_destroy(self, context: RPCContext, instance_uuid: str, volume_id: str) -> None:
        """Forget a volume."""
        self.db.devices.destroy(instance_uuid, volume_id)

    def migration_update(self, context: RPCContext, migration_uuid: str, values: dict[str, Any]) -> None:
        """How far a move is."""
        self.db.migrations.update(migration_uuid, values)

    def evacuated_from(self, context: RPCContext, host: str) -> list[dict[str, Any]]:
        """The moves of instances that a host lost while it was down."""
        return self.db.migrations.evacuated_from(host)

    def virtual_interface_create(self, context: RPCContext, instance_uuid: str, vif: dict[str, Any]) -> None:
        """Note a port."""
        self.db.instances.add_vif(instance_uuid, vif)

    def virtual_interface_delete_all(self, context: RPCContext, instance_uuid: str) -> None:
        """Forget an instance's ports."""
        self.db.instances.forget_vifs(instance_uuid)

    def compute_node_save(self, context: RPCContext, host: str, values: dict[str, Any]) -> None:
        """Note what a host has, and count what it has in use."""
        self.db.hosts.save(host, values)
