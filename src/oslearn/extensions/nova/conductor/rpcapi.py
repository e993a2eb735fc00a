"""How nova-api hands on what takes several hosts, or a host and Cinder.

Interface: `MoveTaskAPI`.
Upstream: nova/conductor/rpcapi.py, `ComputeTaskAPI`.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.nova.conductor.rpcapi import TARGET
from oslearn.core.nova.objects import Instance
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCClient


class MoveTaskAPI:
    """The client stub of `MoveTasks`."""

    def __init__(self, client: RPCClient) -> None:
        self.client = client

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
