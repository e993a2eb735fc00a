"""How others call nova-conductor.

Interface: `ConductorAPI`, nova-compute's way to the database; `ComputeTaskAPI`, how builds are handed on.
Invariants: a stub's methods are named for what they do. What travels is one of two RPC methods, `object_action` and
`object_class_action_versions`, which carry the name of an object and its method; `compute_nodes`, which upstream has
not, is one of its own. In 2013 each was (`objects` is empty then).
Upstream: nova/conductor/rpcapi.py; nova/objects, whose remotable methods these are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oslearn.core.nova.objects import BlockDevice, Fault, Instance, NetworkInfo, Node, Values
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCClient, Target

TARGET = Target("conductor")
EXPECTED = "expected_"
"""What the name of a state begins with in which an instance must be, if it is to be changed."""
OBJECTS = {
    "instance_get_by_uuid": "Instance.get_by_uuid",
    "instance_update": "Instance.save",
    "instance_fault_create": "InstanceFault.create",
    "info_cache_refresh": "InstanceInfoCache.refresh",
    "info_cache_save": "InstanceInfoCache.save",
    "action_event_start": "InstanceActionEvent.event_start",
    "action_event_finish": "InstanceActionEvent.event_finish_with_failure",
    "block_device_mapping_get_all": "BlockDeviceMappingList.get_by_instance_uuid",
    "block_device_mapping_update": "BlockDeviceMapping.save",
    "virtual_interface_create": "VirtualInterface.create",
    "compute_node_save": "ComputeNode.save",
}
"""The object and method that each method of the stub is today."""


class ConductorAPI:
    """The client stub of a compute host: what `ConductorManager` does. Raises MessagingTimeout, or what that raised."""

    def __init__(self, client: RPCClient, objects: Mapping[str, str] = OBJECTS) -> None:
        self.client, self.objects = client, objects

    def call(self, context: RequestContext, method: str, **args: object) -> Any:
        """Act on an object; what is no object's is a method of its own."""
        if method not in self.objects:
            return self.client.call(context, TARGET, method, **args)
        name, _, action = self.objects[method].partition(".")
        if action.startswith(("get_by_", "event_", "delete_by_")):  # those that need no object to act on
            rpc, subject = "object_class_action_versions", {"objname": name}
        else:
            rpc, subject = "object_action", {"objinst": name}
        return self.client.call(context, TARGET, rpc, **subject, objmethod=action, kwargs=args)

    def cast(self, context: RequestContext, method: str, **args: object) -> None:
        """What ends an instance in 2013: it waits in the queue if the conductor is down."""
        self.client.cast(context, TARGET, method, **args)

    def instance_get_by_uuid(self, context: RequestContext, uuid: str) -> Instance:
        found: Instance = self.call(context, "instance_get_by_uuid", instance_uuid=uuid)
        return found

    def instance_update(self, context: RequestContext, uuid: str, **updates: Any) -> None:
        """Change an instance, if it is in one of `expected_vm_state` and `expected_task_state`, if they are given.

        Raises UnexpectedTaskStateError.
        """
        expected = {name: updates.pop(name) for name in list(updates) if name.startswith(EXPECTED)}
        self.call(context, "instance_update", instance_uuid=uuid, updates=updates, **expected)

    def instance_fault_create(self, context: RequestContext, uuid: str, fault: Fault) -> None:
        self.call(context, "instance_fault_create", instance_uuid=uuid, fault=fault)

    def instance_error(self, context: RequestContext, uuid: str, fault: Fault) -> None:
        self.cast(context, "instance_error", instance_uuid=uuid, fault=fault)

    def info_cache_refresh(self, context: RequestContext, uuid: str) -> NetworkInfo:
        """What is known of an instance's ports. Raises InstanceNotFound."""
        return list(self.call(context, "info_cache_refresh", instance_uuid=uuid))

    def info_cache_save(self, context: RequestContext, uuid: str, network_info: NetworkInfo) -> None:
        self.call(context, "info_cache_save", instance_uuid=uuid, network_info=network_info)

    def action_event_start(self, context: RequestContext, uuid: str, event: str, host: str) -> None:
        self.call(context, "action_event_start", instance_uuid=uuid, event=event, host=host)

    def action_event_finish(self, context: RequestContext, uuid: str, event: str, error: str | None = None) -> None:
        self.call(context, "action_event_finish", instance_uuid=uuid, event=event, error=error)

    def block_device_mapping_get_all(self, context: RequestContext, uuid: str) -> list[BlockDevice]:
        return list(self.call(context, "block_device_mapping_get_all", instance_uuid=uuid))

    def block_device_mapping_update(self, context: RequestContext, uuid: str, volume_id: str, values: Values) -> None:
        self.call(context, "block_device_mapping_update", instance_uuid=uuid, volume_id=volume_id, values=values)

    def block_device_mapping_save(self, context: RequestContext, uuid: str, bdm_uuid: str, values: Values) -> None:
        """The same of a device that may have no volume yet, by its own id."""
        which: dict[str, object] = {"instance_uuid": uuid, "volume_id": None, "bdm_uuid": bdm_uuid}
        self.call(context, "block_device_mapping_update", **which, values=values)

    def virtual_interface_create(self, context: RequestContext, uuid: str, vif: Values) -> None:
        self.call(context, "virtual_interface_create", instance_uuid=uuid, vif=vif)

    def compute_node_save(self, context: RequestContext, host: str, **values: object) -> None:
        self.call(context, "compute_node_save", host=host, values=values)

    def compute_nodes(self, context: RequestContext) -> dict[str, Node]:
        """Every host's row, by host. One call for all that start together."""
        return dict(self.call(context, "compute_nodes"))


class ComputeTaskAPI:
    """The client stub of those who hand a build on. Upstream: `ComputeTaskAPI`, namespace `compute_task`."""

    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def schedule_and_build_instances(self, context: RequestContext, **args: Any) -> None:
        """Have instances scheduled and built. A cast: nobody waits."""
        self.client.cast(context, TARGET, "schedule_and_build_instances", **args)
