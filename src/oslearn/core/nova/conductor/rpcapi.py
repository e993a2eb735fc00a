"""How others call nova-conductor.

Interface: `ConductorAPI`, nova-compute's way to the database; `ComputeTaskAPI`, how builds are handed on.
Invariants: the methods are named for what they do; how they travel is the flow's. In 2013 each was an RPC method; today
there are two, `object_action` and `object_class_action_versions`, which carry the name of an object and its method.
Upstream: nova/conductor/rpcapi.py; nova/objects, whose remotable methods these are.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.nova.objects import Fault, Instance
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCClient, Target

TARGET = Target("conductor")
EXPECTED = "expected_"
"""What the name of a state begins with in which an instance must be, if it is to be changed."""
OBJECTS = {
    "instance_get_by_uuid": "Instance.get_by_uuid",
    "instance_get_all_by_host": "InstanceList.get_by_host",
    "instance_update": "Instance.save",
    "instance_destroy": "Instance.destroy",
    "instance_fault_create": "InstanceFault.create",
    "info_cache_refresh": "InstanceInfoCache.refresh",
    "info_cache_save": "InstanceInfoCache.save",
    "action_event_start": "InstanceActionEvent.event_start",
    "action_event_finish": "InstanceActionEvent.event_finish_with_failure",
    "block_device_mapping_get_all": "BlockDeviceMappingList.get_by_instance_uuid",
    "block_device_mapping_create": "BlockDeviceMapping.create",
    "block_device_mapping_update": "BlockDeviceMapping.save",
    "block_device_mapping_destroy": "BlockDeviceMapping.destroy",
    "migration_update": "Migration.save",
    "virtual_interface_create": "VirtualInterface.create",
    "virtual_interface_delete_all": "VirtualInterface.delete_by_instance_uuid",
    "compute_node_save": "ComputeNode.save",
}
"""How a method is called today."""
CLASS_METHODS = {"get_by_uuid", "get_by_host", "get_by_instance_uuid", "event_start", "event_finish_with_failure",
                 "delete_by_instance_uuid"}  # fmt: skip
"""Those that need no object to act on."""


class ConductorAPI:
    """The client stub of a compute host."""

    def __init__(self, client: RPCClient, flow: str = "classic") -> None:
        self.client, self.flow = client, flow

    def call(self, context: RequestContext, method: str, **args: Any) -> Any:
        """Call a method of the conductor, as the flow does."""
        if self.flow == "classic" or method not in OBJECTS:
            return self.client.call(context, TARGET, method, **args)
        name, _, action = OBJECTS[method].partition(".")
        if action in CLASS_METHODS:
            rpc, subject = "object_class_action_versions", {"objname": name}
        else:
            rpc, subject = "object_action", {"objinst": name}
        return self.client.call(context, TARGET, rpc, **subject, objmethod=action, kwargs=args)

    def instance_get_by_uuid(self, context: RequestContext, uuid: str) -> dict[str, Any]:
        """The instance and its block devices."""
        return dict(self.call(context, "instance_get_by_uuid", instance_uuid=uuid))

    def instance_update(self, context: RequestContext, uuid: str, **updates: Any) -> None:
        """Change an instance, if it is in one of `expected_vm_state` and `expected_task_state`, if they are given.

        Raises UnexpectedTaskStateError.
        """
        expected = {name: updates.pop(name) for name in list(updates) if name.startswith(EXPECTED)}
        self.call(context, "instance_update", instance_uuid=uuid, updates=updates, **expected)

    def instance_error(self, context: RequestContext, uuid: str, fault: Fault) -> None:
        """End in ERROR (2013). A cast: it waits in the queue if the conductor is down."""
        self.client.cast(context, TARGET, "instance_error", instance_uuid=uuid, fault=fault)

    def instance_destroy(self, context: RequestContext, uuid: str) -> None:
        """Mark as deleted. In 2013's flow a cast, for the same reason."""
        if self.flow == "classic":
            self.client.cast(context, TARGET, "instance_destroy", instance_uuid=uuid)
        else:
            self.call(context, "instance_destroy", instance_uuid=uuid)

    def instance_fault_create(self, context: RequestContext, uuid: str, fault: Fault) -> None:
        """Keep why something failed."""
        self.call(context, "instance_fault_create", instance_uuid=uuid, fault=fault)

    def action_event_start(self, context: RequestContext, uuid: str, event: str, host: str) -> None:
        """This host begins to work on what a request asked for."""
        self.call(context, "action_event_start", instance_uuid=uuid, event=event, host=host)

    def action_event_finish(self, context: RequestContext, uuid: str, event: str, error: str | None = None) -> None:
        """It is done with it, or `error` says why not."""
        self.call(context, "action_event_finish", instance_uuid=uuid, event=event, error=error)

    def block_device_mapping_get_all(self, context: RequestContext, uuid: str) -> list[dict[str, Any]]:
        """An instance's block devices."""
        return list(self.call(context, "block_device_mapping_get_all", instance_uuid=uuid))

    def block_device_mapping_update(
        self, context: RequestContext, uuid: str, volume_id: str, values: dict[str, Any]
    ) -> None:
        """Note a volume's attachment."""
        self.call(context, "block_device_mapping_update", instance_uuid=uuid, volume_id=volume_id, values=values)

    def block_device_mapping_create(self, context: RequestContext, uuid: str, values: dict[str, Any]) -> dict[str, Any]:
        """A new block device."""
        return dict(self.call(context, "block_device_mapping_create", instance_uuid=uuid, values=values))

    def block_device_mapping_destroy(self, context: RequestContext, uuid: str, volume_id: str) -> None:
        """Forget a volume."""
        self.call(context, "block_device_mapping_destroy", instance_uuid=uuid, volume_id=volume_id)

    def migration_update(self, context: RequestContext, migration_uuid: str, values: dict[str, Any]) -> None:
        """How far a move is."""
        self.call(context, "migration_update", migration_uuid=migration_uuid, values=values)

    def compute_node_save(self, context: RequestContext, host: str, **values: Any) -> None:
        """Note what a host has, and have counted what it has in use."""
        self.call(context, "compute_node_save", host=host, values=values)


class ComputeTaskAPI:
    """The client stub of those who hand a build on. Upstream: `ComputeTaskAPI`, namespace `compute_task`."""

    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def schedule_and_build_instances(self, context: RequestContext, **args: Any) -> None:
        """Have instances scheduled and built. A cast: nobody waits."""
        self.client.cast(context, TARGET, "schedule_and_build_instances", **args)

    def build_instances(self, context: RequestContext, **args: Any) -> None:
        """Have an instance built on another host."""
        self.client.cast(context, TARGET, "build_instances", **args)

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
