"""Nova's client of Cinder: volumes while an instance runs.

Interface: `Volumes`, a part of `VolumeAPI`.
Invariants: what Cinder refuses is told to the user as Nova words it.
Upstream: nova/volume/cinder.py.
"""

from __future__ import annotations

from typing import Any

from keystoneauth1 import exceptions as ks

from oslearn.core.oslo.adapter import Client
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, Forbidden, NotFound

VERSION = {"OpenStack-API-Version": "volume 3.44"}


class Volumes:
    """With the user's token."""

    client: Client

    def get(self, context: RequestContext, volume_id: str) -> dict[str, Any]:
        """A volume. Raises NotFound."""
        return dict(self._ask(context, "GET", f"volumes/{volume_id}", volume_id)["volume"])

    def check_attached(self, context: RequestContext, volume_id: str) -> None:
        """Whether somebody uses it. Raises BadRequest."""
        status = self.get(context, volume_id)["status"]
        if status != "in-use":
            raise BadRequest(
                f"Invalid volume: volume '{volume_id}' status must be 'in-use'. Currently in '{status}' status"
            )

    def begin_detaching(self, context: RequestContext, volume_id: str) -> None:
        """Say that it is about to leave. Raises BadRequest."""
        self._ask(context, "POST", f"volumes/{volume_id}/action", volume_id, {"os-begin_detaching": None})

    def roll_detaching(self, context: RequestContext, volume_id: str) -> None:
        """Say that it stays. Raises BadRequest."""
        self._ask(context, "POST", f"volumes/{volume_id}/action", volume_id, {"os-roll_detaching": None})

    def attachment_reserve(self, context: RequestContext, volume_id: str, instance_uuid: str) -> str:
        """Let nobody else have a volume; returns the attachment's id. Raises BadRequest."""
        body = {"attachment": {"volume_uuid": volume_id, "instance_uuid": instance_uuid, "connector": None}}
        return str(self._ask(context, "POST", "attachments", volume_id, body)["attachment"]["id"])

    def attachment_delete(self, context: RequestContext, attachment_id: str) -> None:
        """End an attachment. Raises NotFound."""
        self._ask(context, "DELETE", f"attachments/{attachment_id}", attachment_id)

    def attachment_get_all(self, context: RequestContext, instance_uuid: str) -> set[str]:
        """The ids of an instance's attachments. Raises TransportError."""
        base, query = f"/v3/{context.project_id}/attachments", {"instance_id": instance_uuid}
        found = self.client.request("GET", base, context, params=query, headers=VERSION).json()
        return {attachment["id"] for attachment in found["attachments"]}

    def has_attachment(self, context: RequestContext, attachment_id: str) -> bool:
        """Whether Cinder knows an attachment. Raises TransportError."""
        try:
            return bool(self._ask(context, "GET", f"attachments/{attachment_id}", attachment_id))
        except NotFound:
            return False

    def create_snapshot_force(self, context: RequestContext, volume_id: str, name: str) -> dict[str, Any]:
        """A snapshot of a volume that is in use. Raises BadRequest, Forbidden."""
        body = {"snapshot": {"volume_id": volume_id, "force": True, "name": name, "description": ""}}
        return dict(self._ask(context, "POST", "snapshots", volume_id, body)["snapshot"])

    def _ask(self, context: RequestContext, method: str, path: str, volume_id: str, body: Any = None) -> Any:
        try:
            reply = self.client.request(method, f"/v3/{context.project_id}/{path}", context, body, headers=VERSION)
        except ks.NotFound:
            raise NotFound(f"Volume {volume_id} could not be found.") from None
        except ks.BadRequest as error:
            raise BadRequest(f"Invalid input received: {error}") from None
        except ks.RequestEntityTooLarge as error:
            raise Forbidden(str(error)) from None
        return reply.json() if reply.content else {}
