"""Cinder's client of Nova: does an instance use this attachment?

Interface: `Guard`, which cinder-api asks before an attachment ends.
Upstream: cinder/compute/nova.py; cinder/volume/api.py (`attachment_deletion_allowed`).
"""

from __future__ import annotations

from oslearn.core.cinder.models import Attachment, Volume
from oslearn.core.oslo.adapter import Client, TransportError
from oslearn.core.oslo.context import SERVICE
from oslearn.core.oslo.http import Request
from oslearn.extensions.cinder import exceptions as e

HEADERS = {"OpenStack-API-Version": "compute 2.89"}


class Guard:
    """Who may end an attachment: a service; a user if Nova, asked by Cinder's own user, does not know of it."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def attachment_deletion_allowed(self, req: Request, volume: Volume, attachment: Attachment | None) -> None:
        """Raises ConflictNovaUsingAttachment."""
        if SERVICE in req.caller.service_roles or attachment is None or not attachment.instance_uuid:
            return
        if self._uses(attachment.instance_uuid, volume.id, attachment.id):
            raise e.ConflictNovaUsingAttachment(instance_id=attachment.instance_uuid)

    def _uses(self, server_id: str, volume_id: str, attachment_id: str) -> bool:
        """Whether Nova knows of the attachment. If Nova does not answer, it may."""
        path = f"/v2.1/servers/{server_id}/os-volume_attachments/{volume_id}"
        try:
            found = self.client.request("GET", path, headers=HEADERS).json()["volumeAttachment"]
        except TransportError as error:
            return getattr(error, "http_status", None) != 404
        return bool(found["attachment_id"] == attachment_id)
