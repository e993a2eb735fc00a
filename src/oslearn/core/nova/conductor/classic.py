"""nova-conductor in 2013: each thing that a host may do with the database is an RPC method.

Interface: `ClassicConductorAPI`, the stub of that time; `ClassicConductorManager`, the endpoint.
Upstream: nova/conductor/rpcapi.py and manager.py of 2013 (Grizzly).
"""

from __future__ import annotations

from typing import Any

from oslearn.core.nova.conductor.manager import ConductorManager
from oslearn.core.nova.conductor.rpcapi import TARGET, ConductorAPI
from oslearn.core.nova.objects import Fault
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCContext


class ClassicConductorAPI(ConductorAPI):
    """What ends an instance is a cast: it waits in the queue if the conductor is down."""

    def call(self, context: RequestContext, method: str, **args: object) -> Any:
        """The method as it is called."""
        return self.client.call(context, TARGET, method, **args)

    def instance_error(self, context: RequestContext, uuid: str, fault: Fault) -> None:
        """End in ERROR."""
        self.client.cast(context, TARGET, "instance_error", instance_uuid=uuid, fault=fault)

    def instance_destroy(self, context: RequestContext, uuid: str) -> None:
        """Mark as deleted."""
        self.client.cast(context, TARGET, "instance_destroy", instance_uuid=uuid)


class ClassicConductorManager(ConductorManager):
    """The endpoint, with what a host of today does in two steps."""

    def instance_error(self, context: RPCContext, instance_uuid: str, fault: Fault) -> None:
        """End in ERROR with that fault and give the host's resources back."""
        self.db.instances.fail(instance_uuid, fault)
