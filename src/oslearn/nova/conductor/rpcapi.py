"""How nova-compute calls nova-conductor. Upstream: nova/conductor/rpcapi.py."""

from __future__ import annotations

from typing import Any

from oslearn.oslo.context import RequestContext
from oslearn.oslo.messaging import RPCClient, Target

TARGET = Target("conductor")


class ConductorAPI:
    """The client stub. What ends a build or an instance is cast: it waits in the queue if the conductor is down."""

    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def instance_get_by_uuid(self, context: RequestContext, uuid: str) -> dict[str, Any]:
        """The instance and its volumes."""
        found = self.client.call(context, TARGET, "instance_get_by_uuid", instance_uuid=uuid)
        return dict(found)

    def instance_update(self, context: RequestContext, uuid: str, **updates: Any) -> None:
        """Change an instance's state."""
        self.client.call(context, TARGET, "instance_update", instance_uuid=uuid, updates=updates)

    def instance_error(self, context: RequestContext, uuid: str, fault: dict[str, Any]) -> None:
        """End in ERROR."""
        self.client.cast(context, TARGET, "instance_error", instance_uuid=uuid, fault=fault)

    def instance_destroy(self, context: RequestContext, uuid: str) -> None:
        """Mark as deleted."""
        self.client.cast(context, TARGET, "instance_destroy", instance_uuid=uuid)

    def block_device_mapping_update(
        self, context: RequestContext, uuid: str, volume_id: str, values: dict[str, Any]
    ) -> None:
        """Note a volume's attachment."""
        self.client.call(
            context, TARGET, "block_device_mapping_update", instance_uuid=uuid, volume_id=volume_id, values=values
        )
