"""How a host called nova-conductor in 2013: each method of the stub is an RPC method.

Interface: `ClassicConductorAPI`.
Upstream: nova/conductor/rpcapi.py of 2013 (Grizzly).
"""

from __future__ import annotations

from typing import Any

from oslearn.core.nova.conductor.rpcapi import TARGET, ConductorAPI
from oslearn.core.nova.objects import Fault
from oslearn.core.oslo.context import RequestContext


class ClassicConductorAPI(ConductorAPI):
    """What ends an instance is a cast: it waits in the queue if the conductor is down."""

    def call(self, context: RequestContext, method: str, **args: object) -> Any:
        """The method as it is called."""
        return self.client.call(context, TARGET, method, **args)

    def instance_error(self, context: RequestContext, uuid: str, fault: Fault) -> None:
        """End in ERROR."""
        self.cast(context, "instance_error", instance_uuid=uuid, fault=fault)

    def cast(self, context: RequestContext, method: str, **args: object) -> None:
        """Have it done whenever the conductor is there."""
        self.client.cast(context, TARGET, method, **args)
