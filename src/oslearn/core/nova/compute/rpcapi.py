"""How others call the nova-compute of a host.

Interface: `ComputeAPI`, the client stub; `target(host)`, `ALT`.
Upstream: nova/compute/rpcapi.py.
"""

from __future__ import annotations

from typing import Any

from oslearn.core.nova.objects import Build, ExternalEvent, Instance, RequestedNetwork
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCClient, Target

ALT = "compute-alt"
"""A second topic of the same process: what must get through while a build is waiting."""


def target(host: str | None, topic: str = "compute") -> Target:
    """A queue of one host's nova-compute."""
    assert host  # who asks has looked whether a host has the instance
    return Target(topic, host)


class ComputeAPI:
    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def cast(self, context: RequestContext, host: str | None, method: str, topic: str = "compute", **args: Any) -> None:
        self.client.cast(context, target(host, topic), method, **args)

    def call(self, context: RequestContext, host: str | None, method: str, **args: Any) -> Any:
        return self.client.call(context, target(host), method, **args)

    def run_instance(
        self, context: RequestContext, host: str, uuid: str, requested_networks: list[RequestedNetwork]
    ) -> None:
        self.cast(context, host, "run_instance", instance_uuid=uuid, requested_networks=requested_networks)

    def build_and_run_instance(self, context: RequestContext, host: str, instance: Instance, build: Build) -> None:
        self.cast(context, host, "build_and_run_instance", instance=instance, **build)

    def external_instance_event(
        self, context: RequestContext, host: str, instances: list[Instance], events: list[ExternalEvent]
    ) -> None:
        """Tell a host what another service says of its instances."""
        self.cast(context, host, "external_instance_event", ALT, instances=instances, events=events)
