"""Nova's client of Cinder.

Invariants: volumes are attached with the user's token and detached with Nova's own, so that an expired token leaves
no attachment behind.
Upstream: nova/volume/cinder.py. The attachments API is of 2017 (Queens); in 2013 the same was `initialize_connection`
and `attach`.
"""

from __future__ import annotations

from typing import Any

from keystoneauth1 import exceptions as ks

from oslearn.oslo.adapter import Client
from oslearn.oslo.context import RequestContext
from oslearn.oslo.exception import BadRequest

HEADERS = {"OpenStack-API-Version": "volume 3.44"}


class VolumeAPI:
    """Volumes and attachments, as Nova needs them."""

    def __init__(self, client: Client, service_project: str) -> None:
        """`service_project` is the id of the project that Nova's own user is in."""
        self.client, self.service_project = client, service_project

    def check_attachable(self, context: RequestContext, volume_id: str) -> None:
        """Whether the volume is there and free. Raises BadRequest."""
        try:
            volume = self.client.request("GET", f"/v3/{context.project_id}/volumes/{volume_id}", context).json()
        except ks.NotFound:
            raise BadRequest(f"Block Device Mapping is Invalid: failed to get volume {volume_id}.") from None
        if volume["volume"]["status"] != "available":
            raise BadRequest(
                f"Invalid volume: volume '{volume_id}' status must be 'available'. Currently in "
                f"'{volume['volume']['status']}'"
            )

    def attachment_create(
        self, context: RequestContext, volume_id: str, instance_uuid: str, connector: dict[str, Any]
    ) -> dict[str, Any]:
        """Connect a volume to a host; the answer says how the host reaches it. Raises TransportError."""
        body = {"attachment": {"volume_uuid": volume_id, "instance_uuid": instance_uuid, "connector": connector}}
        path = f"/v3/{context.project_id}/attachments"
        return dict(self.client.request("POST", path, context, body, headers=HEADERS).json()["attachment"])

    def attachment_complete(self, context: RequestContext, attachment_id: str) -> None:
        """Say that the instance uses the volume now. Raises TransportError."""
        path = f"/v3/{context.project_id}/attachments/{attachment_id}/action"
        self.client.request("POST", path, context, {"os-complete": None}, headers=HEADERS)

    def detach_all(self, instance_uuid: str) -> None:
        """End every attachment of an instance. Raises TransportError."""
        base = f"/v3/{self.service_project}/attachments"
        query = {"instance_id": instance_uuid, "all_tenants": "1"}
        found = self.client.request("GET", base, params=query, headers=HEADERS).json()
        for attachment in found["attachments"]:
            self.client.request("DELETE", f"{base}/{attachment['id']}", headers=HEADERS)
