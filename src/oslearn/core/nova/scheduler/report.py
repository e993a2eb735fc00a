"""Nova's client of Placement: candidates, claims and traits.

Interface: `SchedulerReportClient`, which every process of Nova has.
Invariants: Nova asks with its own token, for Placement answers no user; who writes names the generation that it read.
Upstream: nova/scheduler/client/report.py. Left out: provider trees, the cache of them, aggregates' mirror.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from keystoneauth1 import exceptions as ks

from oslearn.core.nova.objects import AllocationRequest
from oslearn.core.oslo.adapter import Client, TransportError

LOG = logging.getLogger(__name__)
DISABLED = "COMPUTE_STATUS_DISABLED"
TRIES = 4
"""How often a claim is tried that others' writing disturbs."""


class SchedulerReportClient:
    def __init__(self, client: Client) -> None:
        self.client = client

    def get_allocation_candidates(self, query: Mapping[str, str | int]) -> list[AllocationRequest]:
        """What could be claimed; nothing if Placement does not answer, which looks the same from outside."""
        path = f"/allocation_candidates?{urlencode(sorted(query.items()), doseq=True)}"
        try:
            return list(self.request("GET", path, "1.36").json()["allocation_requests"])
        except TransportError as error:
            LOG.warning("Placement API service is not responding: %s", error)
            return []

    def get_allocs_for_consumer(self, uuid: str) -> dict[str, Any]:
        """What a consumer has claimed. Raises TransportError."""
        return dict(self.request("GET", f"/allocations/{uuid}", "1.28").json())

    def get_allocations_for_resource_provider(self, provider: str) -> dict[str, Any]:
        """Who claimed what of a provider. Raises TransportError."""
        return dict(self.request("GET", f"/resource_providers/{provider}/allocations", "1.0").json()["allocations"])

    def claim_resources(self, uuid: str, request: AllocationRequest, project_id: str, user_id: str) -> bool:
        """Take what a candidate offers; False if there is no more of it. Raises TransportError.

        Placement refuses, too, if somebody else wrote about the host meanwhile. That says nothing about how much is
        left, so it is tried again.
        """
        owner = {"project_id": project_id, "user_id": user_id}
        for left in reversed(range(TRIES)):
            known = self.get_allocs_for_consumer(uuid)
            body = {**request, **owner, "consumer_generation": known.get("consumer_generation")}
            try:
                self.request("PUT", f"/allocations/{uuid}", "1.36", body)
            except ks.HttpError as error:
                if left and concurrent(error):
                    continue
                LOG.warning("Unable to claim resources for instance %s: %s", uuid, error)
                return False
            return True
        return False

    def delete_allocation_for_instance(self, uuid: str) -> None:
        """Give back what a consumer claimed, if anything. Raises TransportError."""
        try:
            self.request("DELETE", f"/allocations/{uuid}", "1.28")
        except ks.NotFound:
            return

    def request(self, method: str, path: str, version: str, body: object = None) -> Any:
        """Placement's answer, at a microversion. Raises TransportError."""
        headers = {"OpenStack-API-Version": f"placement {version}", "Accept": "application/json"}
        return self.client.request(method, path, body=body, headers=headers)


def concurrent(error: ks.HttpError) -> bool:
    """Whether Placement refused because somebody else wrote in between."""
    try:
        said = error.response.json() if error.response is not None else {}
        return bool(said["errors"][0]["code"] == "placement.concurrent_update")
    except (KeyError, IndexError, TypeError, ValueError):
        return False
