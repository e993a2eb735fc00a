"""How others call nova-conductor for what is no boot's: moves, and rows that a host changes while an instance runs.

Interface: `MoveTaskAPI`, the stub of nova-api; `RowsAPI`, the stub of a compute host; `OBJECTS`, what its methods are
today.
Upstream: nova/conductor/rpcapi.py, `ComputeTaskAPI`; nova/objects/block_device.py and migration.py.
"""

from __future__ import annotations

from typing import Any, cast

from oslearn.core.nova.conductor.rpcapi import TARGET, ConductorAPI
from oslearn.core.nova.objects import BlockDevice, Build, Instance, Node, Values
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCClient
from oslearn.extensions.nova.objects import Migration

OBJECTS = {
    "block_device_mapping_create": "BlockDeviceMapping.create",
    "block_device_mapping_destroy": "BlockDeviceMapping.destroy",
    "instance_destroy": "Instance.destroy",
    "instance_get_all_by_host": "InstanceList.get_by_host",
    "migration_update": "Migration.save",
    "virtual_interface_delete_all": "VirtualInterface.delete_by_instance_uuid",
}


class MoveTaskAPI:
    """The client stub of `MoveTasks` and `Retries`."""

    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def build_instances(self, context: RequestContext, instance: Instance, build: Build) -> None:
        """Have a build tried on the next of its alternates."""
        args = {name: value for name, value in build.items() if name not in ("host_list", "node")}
        lists = [build["host_list"]]
        self.client.cast(context, TARGET, "build_instances", instances=[instance], host_lists=lists, **args)

    def migrate_server(self, context: RequestContext, instance: Instance, **args: Any) -> None:
        """Have an instance moved."""
        self.client.cast(context, TARGET, "migrate_server", instance=instance, **args)

    def unshelve_instance(self, context: RequestContext, instance: Instance, **args: Any) -> None:
        """Have a shelved instance started."""
        self.client.cast(context, TARGET, "unshelve_instance", instance=instance, **args)

    def rebuild_instance(self, context: RequestContext, instance: Instance, **args: Any) -> None:
        """Have an instance built anew."""
        self.client.cast(context, TARGET, "rebuild_instance", instance=instance, **args)

    def attach_volume(self, context: RequestContext, instance: Instance, **args: Any) -> Any:
        """Have a volume attached; returns the name that the guest will see."""
        return self.client.call(context, TARGET, "attach_volume", instance=instance, **args)


class RowsAPI:
    """What `Rows` does, from a host, through its way to the conductor."""

    def __init__(self, conductor: ConductorAPI) -> None:
        self.conductor = conductor

    def compute_nodes_create(self, context: RequestContext, nodes: list[Values]) -> tuple[dict[str, Node], set[str]]:
        """Make hosts known with what they have; their rows, and those that have instances. One call for all."""
        rows, busy = self.conductor.call(context, "compute_nodes_create", nodes=nodes)
        return dict(rows), set(busy)

    def instance_get_all_by_host(self, context: RequestContext, host: str) -> list[Instance]:
        """The instances that this host is to have."""
        return list(self.conductor.call(context, "instance_get_all_by_host", host=host))

    def block_device_mapping_create(self, context: RequestContext, uuid: str, values: Values) -> BlockDevice:
        """A new block device."""
        made = self.conductor.call(context, "block_device_mapping_create", instance_uuid=uuid, values=values)
        return cast("BlockDevice", made)

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
