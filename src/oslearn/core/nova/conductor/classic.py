"""nova-conductor in 2013: each thing that a host may do with the database is an RPC method.

Interface: the RPC endpoint `ClassicConductorManager`.
Upstream: nova/conductor/manager.py of 2013 (Grizzly).
"""

from __future__ import annotations

from oslearn.core.nova.conductor.manager import ConductorManager
from oslearn.core.nova.objects import Fault
from oslearn.core.oslo.messaging import RPCContext


class ClassicConductorManager(ConductorManager):
    """The endpoint, with what a host of today does in two steps."""

    def instance_error(self, context: RPCContext, instance_uuid: str, fault: Fault) -> None:
        """End in ERROR with that fault and give the host's resources back."""
        self.db.instances.fail(instance_uuid, fault)
