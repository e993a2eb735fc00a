"""How others call nova-scheduler.

Interface: `SchedulerAPI`, the client stub; `TARGET`.
Upstream: nova/scheduler/rpcapi.py.
"""

from __future__ import annotations

from oslearn.core.nova.objects import Instance, RequestedNetwork, RequestSpec, Selection
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.messaging import RPCClient, Target

TARGET = Target("scheduler")


class SchedulerAPI:
    def __init__(self, client: RPCClient) -> None:
        self.client = client

    def run_instance(
        self, context: RequestContext, uuid: str, spec: RequestSpec, networks: list[RequestedNetwork]
    ) -> Instance:
        """Have a host chosen and the build started (2013); returns the updated instance. Raises NoValidHost."""
        args = {"instance_uuid": uuid, "request_spec": spec, "requested_networks": networks}
        found: Instance = self.client.call(context, TARGET, "run_instance", **args)
        return found

    def select_destinations(
        self, context: RequestContext, spec_obj: RequestSpec, instance_uuids: list[str]
    ) -> list[list[Selection]]:
        """Have hosts chosen and claimed: for each instance a Selection and its alternates. Raises NoValidHost."""
        args = {"spec_obj": spec_obj, "instance_uuids": instance_uuids, "return_objects": True}
        found = self.client.call(context, TARGET, "select_destinations", **args, return_alternates=True)
        return list(found)

    def update_instance_info(self, context: RequestContext, host: str, instance: Instance) -> None:
        """Tell every scheduler that a host has an instance."""
        known = {"uuid": instance["uuid"], "vcpus": instance["vcpus"], "memory_mb": instance["memory_mb"],
                 "root_gb": instance["root_gb"]}  # fmt: skip
        self.client.fanout(context, TARGET.topic, "update_instance_info", host_name=host, instance_info=known)
