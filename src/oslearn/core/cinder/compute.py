"""Cinder's client of Nova: does an instance use this attachment?

Upstream: cinder/compute/nova.py.
"""

from __future__ import annotations

from oslearn.core.oslo.adapter import Client, TransportError

HEADERS = {"OpenStack-API-Version": "compute 2.89"}


class NovaClient:
    """Asks as Cinder's own user."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def uses(self, server_id: str, volume_id: str, attachment_id: str) -> bool:
        """Whether Nova knows of the attachment. If Nova does not answer, it may."""
        path = f"/v2.1/servers/{server_id}/os-volume_attachments/{volume_id}"
        try:
            found = self.client.request("GET", path, headers=HEADERS).json()["volumeAttachment"]
        except TransportError as error:
            return getattr(error, "http_status", None) != 404
        return bool(found["attachment_id"] == attachment_id)
