"""Nova's client of Cinder: volumes while an instance runs.

Interface: `ExtendedVolumeAPI`.
Upstream: nova/volume/cinder.py.
"""

from __future__ import annotations

from typing import Any, Self

from keystoneauth1 import exceptions as ks

from oslearn.core.nova.objects import BlockDevice, Values
from oslearn.core.nova.volume.cinder import HEADERS, VolumeAPI
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.exception import BadRequest, Forbidden, NotFound


class ExtendedVolumeAPI(VolumeAPI):
    """Volumes that come, go and move with a running instance, and every attachment there is."""

    @classmethod
    def of(cls, core: VolumeAPI) -> Self:
        """Over the same client."""
        return cls(core.client, core.service_project)

    def check_attached(self, context: RequestContext, volume_id: str) -> None:
        """Whether somebody uses it. Raises BadRequest."""
        status = self.get(context, volume_id)["status"]
        if status != "in-use":
            raise BadRequest(
                f"Invalid volume: volume '{volume_id}' status must be 'in-use'. Currently in '{status}' status"
            )

    def begin_detaching(self, context: RequestContext, volume_id: str) -> None:
        """Say that it is about to leave. Raises BadRequest."""
        self.ask(context, "POST", f"volumes/{volume_id}/action", volume_id, {"os-begin_detaching": None})

    def roll_detaching(self, context: RequestContext, volume_id: str) -> None:
        """Say that it stays. Raises BadRequest."""
        self.ask(context, "POST", f"volumes/{volume_id}/action", volume_id, {"os-roll_detaching": None})

    def attachment_reserve(self, context: RequestContext, volume_id: str, instance_uuid: str) -> str:
        """Let nobody else have a volume; returns the attachment's id. Raises BadRequest."""
        body = {"attachment": {"volume_uuid": volume_id, "instance_uuid": instance_uuid, "connector": None}}
        return str(self.ask(context, "POST", "attachments", volume_id, body)["attachment"]["id"])

    def attachment_delete(self, context: RequestContext, attachment_id: str) -> None:
        """End an attachment. Raises NotFound."""
        self.ask(context, "DELETE", f"attachments/{attachment_id}", attachment_id)

    def attachment_get_all(self, context: RequestContext, instance_uuid: str) -> set[str]:
        """The ids of an instance's attachments. Raises TransportError."""
        base, query = f"/v3/{context.project_id}/attachments", {"instance_id": instance_uuid}
        found = self.client.request("GET", base, context, params=query, headers=HEADERS).json()
        return {attachment["id"] for attachment in found["attachments"]}

    def has_attachment(self, context: RequestContext, attachment_id: str) -> bool:
        """Whether Cinder knows an attachment. Raises TransportError."""
        try:
            return bool(self.ask(context, "GET", f"attachments/{attachment_id}", attachment_id))
        except NotFound:
            return False

    def create_snapshot_force(self, context: RequestContext, volume_id: str, name: str) -> Values:
        """A snapshot of a volume that is in use. Raises BadRequest, Forbidden."""
        body = {"snapshot": {"volume_id": volume_id, "force": True, "name": name, "description": ""}}
        return dict(self.ask(context, "POST", "snapshots", volume_id, body)["snapshot"])

    def attachments_of_instances(self) -> list[Values]:
        """Every attachment that is for an instance. Raises TransportError."""
        base = f"/v3/{self.service_project}/attachments/detail"
        found = self.client.request("GET", base, params={"all_tenants": "1"}, headers=HEADERS).json()["attachments"]
        return [attachment for attachment in found if attachment["instance"]]

    def attachment_end(self, attachment_id: str) -> None:
        """End one. Raises TransportError."""
        path = f"/v3/{self.service_project}/attachments/{attachment_id}"
        self.client.request("DELETE", path, headers=HEADERS)

    def volumes_detaching(self) -> set[str]:
        """The volumes that were about to leave an instance. Raises TransportError."""
        query = {"all_tenants": "1", "status": "detaching"}
        base = f"/v3/{self.service_project}/volumes"
        return {volume["id"] for volume in self.client.request("GET", base, params=query).json()["volumes"]}

    def create(self, context: RequestContext, device: BlockDevice, zone: str | None) -> str:
        """A volume for a block device that is made from an image, from a snapshot or from nothing; returns its id."""
        given = {"size": device["volume_size"], "imageRef": device["image_id"], "snapshot_id": device["snapshot_id"],
                 "volume_type": device["volume_type"], "availability_zone": zone}  # fmt: skip
        body = {"name": "", "description": ""} | {key: value for key, value in given.items() if value is not None}
        path = f"/v3/{context.project_id}/volumes"
        return str(self.client.request("POST", path, context, {"volume": body}).json()["volume"]["id"])

    def get_snapshot(self, context: RequestContext, snapshot_id: str) -> Values:
        """A snapshot. Raises NotFound."""
        return dict(self.ask(context, "GET", f"snapshots/{snapshot_id}", snapshot_id)["snapshot"])

    def ask(self, context: RequestContext, method: str, path: str, volume_id: str, body: object = None) -> Any:
        """What Cinder answers about a volume. Raises NotFound, BadRequest, Forbidden."""
        try:
            reply = self.client.request(method, f"/v3/{context.project_id}/{path}", context, body, headers=HEADERS)
        except ks.NotFound:
            raise NotFound(f"Volume {volume_id} could not be found.") from None
        except ks.BadRequest as error:
            raise BadRequest(f"Invalid input received: {error}") from None
        except ks.RequestEntityTooLarge as error:
            raise Forbidden(str(error)) from None
        return reply.json() if reply.content else {}
