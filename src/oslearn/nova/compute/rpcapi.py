"""How others call the nova-compute of a host. Upstream: nova/compute/rpcapi.py."""

from __future__ import annotations

from typing import Any

from oslearn.oslo.context import RequestContext
from oslearn.oslo.messaging import RPCClient, Target


def target(host: str) -> Target:
    """The queue of one host's nova-compute."""
    return Target("compute", host)


class ComputeAPI:
    """The client stub: every method is a cast."""

    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def run_instance(self, context: RequestContext, host: str, uuid: str, requested_networks: list[Any]) -> None:
        """Have an instance built."""
        self.client.cast(
            context, target(host), "run_instance", instance_uuid=uuid, requested_networks=requested_networks
        )

    def terminate_instance(self, context: RequestContext, host: str, uuid: str) -> None:
        """Have an instance deleted."""
        self.client.cast(context, target(host), "terminate_instance", instance_uuid=uuid)
