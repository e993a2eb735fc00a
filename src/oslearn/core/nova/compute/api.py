"""What nova-api does with a request for an instance, before the conductor has it.

Interface: `API.create`.
Invariants: nothing is written before everything named in the request was found; an instance that was accepted ends
ACTIVE or in ERROR with a fault, and an ERROR holds no host resources.
Upstream: nova/compute/api.py. What else can be done with an instance is in `oslearn.extensions.nova.compute`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from oslearn.core.nova.compute.api_create import BootChecks, ServerRequest
from oslearn.core.nova.conductor.rpcapi import ComputeTaskAPI
from oslearn.core.nova.db.api import NovaDB
from oslearn.core.nova.objects import Instance, RequestSpec, Values
from oslearn.core.nova.volume.cinder import VolumeAPI
from oslearn.core.oslo.context import RequestContext


class API:
    """Creates instances as today: what is accepted is a build request, and the conductor does the rest."""

    def __init__(self, db: NovaDB, checks: BootChecks, conductor: ComputeTaskAPI, volume_api: VolumeAPI) -> None:
        self.db, self.checks, self.conductor, self.volume_api = db, checks, conductor, volume_api
        self.on_accept: list[Callable[[RequestSpec, list[str]], None]] = []
        """Who else wants to know of instances that were asked for; each may refuse."""

    def create(self, context: RequestContext, server: ServerRequest) -> list[Instance]:
        """Check the request, reserve its volumes, write build requests, and leave the rest to the conductor.

        Raises BadRequest, Conflict, Forbidden.
        """
        instances, spec, found = self.checks.check(context, server)
        uuids = [values["uuid"] for values in instances]
        try:
            # Cinder first: a volume that somebody else has taken meanwhile is refused while the user still listens.
            for values in instances:
                values["block_device_mappings"] = self._reserve(context, values["uuid"], found.devices)
            requests = self.db.requests.create(instances, spec)
            for tell in self.on_accept:
                tell(spec, uuids)
            self.conductor.schedule_and_build_instances(
                context,
                build_requests=requests,
                request_specs=[spec] * len(requests),
                image=found.image,
                admin_password=server["adminPass"],
                injected_files=server["given"].get("personality", []),  # which the extensions' schema lets in
                requested_networks=found.networks,
                block_device_mapping=found.devices,
                tags=server["given"].get("tags", []),
            )
        except Exception:
            # Of a request that is refused nothing stays, not even the first of several instances.
            for uuid in uuids:
                self.db.requests.destroy(uuid)
                self.volume_api.detach_all(uuid)
            raise
        return cast(list[Instance], requests)

    def _reserve(self, context: RequestContext, uuid: str, devices: Iterable[Values]) -> list[Values]:
        """The block devices of one instance, with its volumes reserved for it in Cinder."""
        reserved = []
        for device in devices:
            if device["volume_id"]:
                made = self.volume_api.attachment_create(context, device["volume_id"], uuid)
                device = device | {"attachment_id": made["id"]}
            reserved.append(device)
        return reserved
