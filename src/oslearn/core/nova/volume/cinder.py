"""Nova's client of Cinder: attachments.

Interface: `VolumeAPI`.
Invariants: volumes are attached with the user's token and detached with Nova's own, so that an expired token leaves
no attachment behind; what Cinder refuses is told to the user as Nova words it.
Upstream: nova/volume/cinder.py. The attachments API is of 2017 (Queens); in 2013 the same was `initialize_connection`
and `attach`, one after the other on the compute host, which is how the classic flow uses it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from keystoneauth1 import exceptions as ks

from oslearn.core.nova.exception import InvalidBDM
from oslearn.core.nova.objects import Values
from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, NotFound

LOG = logging.getLogger(__name__)
HEADERS = {"OpenStack-API-Version": "volume 3.44"}


class VolumeAPI:
    def __init__(self, client: Client, service_project: str) -> None:
        """`service_project` is the id of the project that Nova's own user is in."""
        self.client, self.service_project = client, service_project

    def get(self, context: RequestContext, volume_id: str) -> Values:
        """A volume. Raises NotFound."""
        path = f"/v3/{context.project_id}/volumes/{volume_id}"
        try:
            return dict(self.client.request("GET", path, context, headers=HEADERS).json()["volume"])
        except ks.NotFound:
            raise NotFound(f"Volume {volume_id} could not be found.") from None

    def check_attachable(self, context: RequestContext, volume_id: str) -> None:
        """Whether the volume is there and free. Raises BadRequest."""
        try:
            status = self.get(context, volume_id)["status"]
        except NotFound:
            raise InvalidBDM(reason=f"failed to get volume {volume_id}.") from None
        if status != "available":
            raise BadRequest(
                f"Invalid volume: volume '{volume_id}' status must be 'available'. Currently in '{status}'"
            )

    def delete(self, context: RequestContext, volume_id: str) -> None:
        """Delete a volume. Raises TransportError."""
        self.client.request("DELETE", f"/v3/{context.project_id}/volumes/{volume_id}", context)

    def attachment_create(
        self, context: RequestContext, volume_id: str, instance_uuid: str, connector: Values | None = None
    ) -> Values:
        """Reserve a volume; with a connector also connect it, and hear how it is reached. Raises TransportError."""
        body = {"attachment": {"volume_uuid": volume_id, "instance_uuid": instance_uuid, "connector": connector}}
        path = f"/v3/{context.project_id}/attachments"
        return dict(self.client.request("POST", path, context, body, headers=HEADERS).json()["attachment"])

    def attachment_update(self, context: RequestContext, attachment_id: str, connector: Values) -> Values:
        """Connect a reserved volume to a host; the answer says how it is reached. Raises TransportError."""
        path = f"/v3/{context.project_id}/attachments/{attachment_id}"
        body = {"attachment": {"connector": connector}}
        return dict(self.client.request("PUT", path, context, body, headers=HEADERS).json()["attachment"])

    def attachment_complete(self, context: RequestContext, attachment_id: str) -> None:
        """Say that the instance uses the volume now. Raises TransportError."""
        path = f"/v3/{context.project_id}/attachments/{attachment_id}/action"
        self.client.request("POST", path, context, {"os-complete": None}, headers=HEADERS)

    def delete_terminated(self, context: RequestContext, devices: Iterable[Mapping[str, Any]]) -> None:
        """Delete the volumes that are to go with their instance; each is tried."""
        for device in devices:
            if device["volume_id"] and device["delete_on_termination"]:
                try:
                    self.delete(context, device["volume_id"])
                except Exception as error:
                    LOG.warning("Volume %s is not deleted: %s", device["volume_id"], error)

    def detach_all(self, instance_uuid: str) -> None:
        """End every attachment of an instance. Raises TransportError."""
        base = f"/v3/{self.service_project}/attachments"
        query = {"instance_id": instance_uuid, "all_tenants": "1"}
        found = self.client.request("GET", base, params=query, headers=HEADERS).json()
        for attachment in found["attachments"]:
            self.client.request("DELETE", f"{base}/{attachment['id']}", headers=HEADERS)
