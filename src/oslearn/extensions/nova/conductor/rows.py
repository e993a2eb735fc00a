"""nova-conductor: rows that a host may change while an instance runs, and when it ends.

Interface: the RPC endpoint `Rows`, and `RowsAPI`, its stub; `OBJECTS`, how they are called today.
Upstream: nova/objects/block_device.py and migration.py.
"""

from __future__ import annotations

from oslearn.core.nova.conductor.rpcapi import ConductorAPI
from oslearn.core.nova.objects import BlockDevice, Values
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.objects import Migration

OBJECTS = {
    "block_device_mapping_create": "BlockDeviceMapping.create",
    "block_device_mapping_destroy": "BlockDeviceMapping.destroy",
    "instance_destroy": "Instance.destroy",
    "migration_update": "Migration.save",
    "virtual_interface_delete_all": "VirtualInterface.delete_by_instance_uuid",
}


class Rows:
    """Block devices that come and go, moves, and the end of an instance."""

    def __init__(self, db: ExtendedDB) -> None:
        self.db = db

    def block_device_mapping_create(self, context: RPCContext, instance_uuid: str, values: Values) -> BlockDevice:
        """A new block device."""
        return self.db.devices.create(instance_uuid, values)

    def block_device_mapping_destroy(self, context: RPCContext, instance_uuid: str, volume_id: str) -> None:
        """Forget a volume."""
        self.db.devices.destroy(instance_uuid, volume_id)

    def migration_update(self, context: RPCContext, migration_uuid: str, values: Values) -> None:
        """How far a move is."""
        self.db.migrations.update(migration_uuid, values)

    def evacuated_from(self, context: RPCContext, host: str) -> list[Migration]:
        """The moves of instances that a host lost while it was down."""
        return self.db.migrations.evacuated_from(host)

    def instance_destroy(self, context: RPCContext, instance_uuid: str) -> None:
        """Mark as deleted and give the host's resources back."""
        self.db.instances.destroy(instance_uuid)
        self.db.specs.destroy(instance_uuid)

    def virtual_interface_delete_all(self, context: RPCContext, instance_uuid: str) -> None:
        """Forget an instance's ports."""
        self.db.instances.forget_vifs(instance_uuid)


class RowsAPI:
    """The same from a host, through its way to the conductor."""

    def __init__(self, conductor: ConductorAPI) -> None:
        self.conductor = conductor

    def block_device_mapping_create(self, context: RequestContext, uuid: str, values: Values) -> BlockDevice:
        """A new block device."""
        made: BlockDevice = self.conductor.call(
            context, "block_device_mapping_create", instance_uuid=uuid, values=values
        )
        return made

    def block_device_mapping_destroy(self, context: RequestContext, uuid: str, volume_id: str | None) -> None:
        """Forget a volume."""
        self.conductor.call(context, "block_device_mapping_destroy", instance_uuid=uuid, volume_id=volume_id)

    def migration_update(self, context: RequestContext, migration_uuid: str, values: Values) -> None:
        """How far a move is."""
        self.conductor.call(context, "migration_update", migration_uuid=migration_uuid, values=values)

    def evacuated_from(self, context: RequestContext, host: str) -> list[Migration]:
        """The moves of instances that this host lost while it was down."""
        return list(self.conductor.call(context, "evacuated_from", host=host))

    def instance_destroy(self, context: RequestContext, uuid: str) -> None:
        """Mark as deleted."""
        self.conductor.call(context, "instance_destroy", instance_uuid=uuid)

    def virtual_interface_delete_all(self, context: RequestContext, uuid: str) -> None:
        """Forget an instance's ports."""
        self.conductor.call(context, "virtual_interface_delete_all", instance_uuid=uuid)
