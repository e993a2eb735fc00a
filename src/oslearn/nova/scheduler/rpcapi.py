"""How others call nova-scheduler. Upstream: nova/scheduler/rpcapi.py."""

from __future__ import annotations

from typing import Any

from oslearn.oslo.context import RequestContext
from oslearn.oslo.messaging import RPCClient, Target

TARGET = Target("scheduler")


class SchedulerAPI:
    """The client stub."""

    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def run_instance(self, context: RequestContext, uuid: str, spec: dict[str, Any], networks: list[Any]) -> Any:
        """Have a host chosen and the build started; returns the updated instance. Raises NoValidHost."""
        return self.client.call(
            context, TARGET, "run_instance", instance_uuid=uuid, request_spec=spec, requested_networks=networks
        )
