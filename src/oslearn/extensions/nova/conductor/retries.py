"""nova-conductor: a build that failed on one host is tried on another.

Interface: the RPC endpoint `Retries`.
Invariants: an alternate is claimed before its host is asked.
Upstream: nova/conductor/manager.py, `build_instances`.
"""

from __future__ import annotations

import logging
from typing import cast

from oslearn.core.nova.compute.manager import Calls
from oslearn.core.nova.conductor.tasks import Builds
from oslearn.core.nova.objects import (
    BlockDevice,
    FilterProperties,
    Handed,
    Instance,
    RequestSpec,
    Retry,
    Selection,
)
from oslearn.core.oslo.messaging import RPCContext
from oslearn.extensions.nova.exception import MaxRetriesExceeded

LOG = logging.getLogger(__name__)


class Retries:
    """Hands a build that failed to the next of its alternates."""

    def __init__(self, builds: Builds, calls: Calls, max_attempts: int) -> None:
        self.builds, self.db, self.max_attempts = builds, builds.db, max_attempts
        self.placement, self.volume_api = calls.placement, calls.volume_api

    def build_instances(
        self,
        context: RPCContext,
        instances: list[Instance],
        filter_properties: FilterProperties,
        request_spec: RequestSpec,
        host_lists: list[list[Selection]],
        **handed: object,
    ) -> None:
        """Try each on the next of its alternates, or leave it in ERROR."""
        for instance, host_list in zip(instances, host_lists, strict=True):
            try:
                retry = self._next_try(instance, filter_properties["retry"])
                host = self._claim_alternate(instance, request_spec, host_list)
                devices, zone = self.db.devices.get(instance["uuid"]), host["availability_zone"]
                self._renew_attachments(context, instance, devices)
                instance["availability_zone"] = zone
                self.db.instances.update(instance["uuid"], {"availability_zone": zone})
                given = cast("Handed", handed | {"block_device_mapping": devices})
                self.builds.cast_build(context, instance, request_spec, host, host_list, retry, given)
            except Exception as error:
                LOG.warning("Instance %s is not tried again: %s", instance["uuid"], error)
                self.builds.give_up(context, instance, error)

    def _next_try(self, instance: Instance, retry: Retry) -> Retry:
        """Count one more try. Raises MaxRetriesExceeded."""
        attempts, most = retry["num_attempts"] + 1, self.max_attempts
        if attempts > most:
            raise MaxRetriesExceeded(
                reason=f"Exceeded max scheduling attempts {most} for instance {instance['uuid']}. Last exception: "
                f"{retry.get('exc_reason')}"
            )
        return {"num_attempts": attempts, "hosts": retry["hosts"]}

    def _claim_alternate(self, instance: Instance, spec: RequestSpec, host_list: list[Selection]) -> Selection:
        """The first alternate that still has room. Raises MaxRetriesExceeded."""
        while host_list:
            host = host_list.pop(0)
            request = host["allocation_request"]
            if self.placement.claim_resources(instance["uuid"], request, spec["project_id"], spec["user_id"]):
                return host
        raise MaxRetriesExceeded(
            reason=f"Exhausted all hosts available for retrying build failures for instance {instance['uuid']}."
        )

    def _renew_attachments(self, context: RPCContext, instance: Instance, devices: list[BlockDevice]) -> None:
        """The host that failed has given the volumes back: reserve them again."""
        for device in devices:
            if device["volume_id"]:
                made = self.volume_api.attachment_create(context, device["volume_id"], instance["uuid"])
                device["attachment_id"] = made["id"]
                values = {"attachment_id": made["id"]}
                self.db.devices.update(instance["uuid"], None, values, device["uuid"])
