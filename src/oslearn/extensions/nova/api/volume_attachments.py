"""nova-api: the volumes of a server.

Upstream: nova/api/openstack/compute/volume_attachments.py.
"""

from __future__ import annotations

from typing import cast

from oslearn.core.nova.api.common import ServerAccess
from oslearn.core.nova.objects import BlockDevice, Instance, Values
from oslearn.core.oslo import policy
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.exception import BadRequest, Conflict, NotFound
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.strutils import bool_from_string
from oslearn.extensions.nova.api import paging
from oslearn.extensions.nova.api.schemas import LIMIT
from oslearn.extensions.nova.compute.devices import Devices
from oslearn.extensions.nova.db.api import ExtendedDB
from oslearn.extensions.nova.exception import InstanceInvalidState
from oslearn.extensions.nova.volume.cinder import ExtendedVolumeAPI

RULES: dict[str, policy.Rule] = {
    f"os_compute_api:os-volumes-attachments:{verb}": rule
    for rule, verbs in {
        policy.project_reader: ("index", "show"),
        policy.project_member: ("create", "update", "delete"),
        policy.admin_or_service: ("swap",),
    }.items()
    for verb in verbs
}
LIST_QUERY = paging.query({"limit": paging.many(LIMIT), "offset": paging.many(LIMIT)})


class VolumeAttachments:
    """Which volumes a server has, and how they come and go."""

    def __init__(self, access: ServerAccess, db: ExtendedDB, devices: Devices, volume_api: ExtendedVolumeAPI) -> None:
        self.access, self.db, self.devices, self.volume_api = access, db, devices, volume_api

    def index(self, req: Request, server_id: str) -> Body:
        """The volumes of a server. 200, 400, 401, 404."""
        self.access.instance(req, server_id, "os-volumes-attachments:index")
        start, limit = int(req.query.get("offset", 0)), paging.limit(req) or paging.MAX_LIMIT
        rows = self.db.devices.get(server_id)[start : start + limit]
        return {"volumeAttachments": [view(req, row) for row in rows if shown(req, row)]}

    def show(self, req: Request, server_id: str, volume_id: str) -> Body:
        """One of its volumes. 200, 401, 404."""
        self.access.instance(req, server_id, "os-volumes-attachments:show")
        row = self._find(server_id, volume_id)
        if not shown(req, row):
            raise NotFound(f"Instance {server_id} is not attached to volume {volume_id}")
        return {"volumeAttachment": view(req, row)}

    def attach(self, req: Request, server_id: str, wanted: Body) -> Reply:
        """Have a volume attached; the reply names the device, until 2.101. 200, 202, 400, 401, 403, 404, 409."""
        given = wanted["volumeAttachment"]
        instance = self.access.instance(req, server_id, "os-volumes-attachments:create")
        self._check_shelved(req, instance, "attach_volume")
        more: Values = {
            "tag": given.get("tag"),
            "delete_on_termination": bool_from_string(given.get("delete_on_termination", False)),
        }
        volume_id = given["volumeId"]
        device = self.devices.attach_volume(req.caller, instance, volume_id, given.get("device"), **more)
        if req.microversion >= (2, 101):
            return Reply(202)
        row = more | dict.fromkeys(("device_name", "attachment_id", "uuid"))
        row |= {"instance_uuid": server_id, "volume_id": volume_id}
        answer = view(req, cast(BlockDevice, row)) | {"id": volume_id, "device": device}
        hidden = ("attachment_id", "bdm_uuid")
        return Reply(200, {"volumeAttachment": {k: v for k, v in answer.items() if k not in hidden}})

    def update(self, req: Request, server_id: str, volume_id: str, wanted: Body) -> Reply:
        """Change what becomes of a volume; Cinder alone may put another in its place. 202, 400, 401, 403, 404, 409."""
        given = wanted["volumeAttachment"]
        swap = req.microversion < (2, 85) or given["volumeId"] != volume_id
        instance = self.access.instance(req, server_id, f"os-volumes-attachments:{'swap' if swap else 'update'}")
        if not swap:
            self._update_attachment(instance, volume_id, given)
            return Reply(202)
        volume = self.volume_api.get(req.caller, volume_id)
        if not volume.get("migration_status"):
            raise Conflict(f"volume {volume_id} is not migrating; this API should only be called by Cinder")
        raise BadRequest("Volume swap is not supported.")

    def _update_attachment(self, instance: Instance, volume_id: str, given: Values) -> None:
        try:
            row = self._find(instance["uuid"], volume_id)
        except NotFound:
            raise NotFound(f"No volume Block Device Mapping with id {volume_id}.") from None
        fixed = {"id": volume_id, "serverId": instance["uuid"], "device": row["device_name"], "tag": row["tag"]}
        for key, value in fixed.items():
            if key in given and given[key] != value:
                raise BadRequest(f"The {key} property is not mutable")
        if "delete_on_termination" in given:
            values = {"delete_on_termination": bool_from_string(given["delete_on_termination"])}
            self.db.devices.update(instance["uuid"], volume_id, values)

    def detach(self, req: Request, server_id: str, volume_id: str) -> Reply:
        """Have a volume detached, which the guest may delay. 202, 400, 401, 403, 404, 409."""
        instance = self.access.instance(req, server_id, "os-volumes-attachments:delete")
        self._check_shelved(req, instance, "detach_volume")
        volume = self.volume_api.get(req.caller, volume_id)
        if self._find(server_id, volume_id)["boot_index"] == 0:
            raise BadRequest("Cannot detach a root device volume")
        self.devices.detach_volume(req.caller, instance, volume)
        return Reply(202)

    def _find(self, server_id: str, volume_id: str) -> BlockDevice:
        """The block device of a volume. Raises NotFound."""
        for row in self.db.devices.get(server_id):
            if row["volume_id"] == volume_id:
                return row
        raise NotFound(f"Instance {server_id} is not attached to volume {volume_id}")

    def _check_shelved(self, req: Request, instance: Instance, word: str) -> None:
        state = instance["vm_state"]
        if state.startswith("shelved") and req.microversion < (2, 20):
            raise InstanceInvalidState(method=word, instance_uuid=instance["uuid"], attr="vm_state", state=state)


def shown(req: Request, row: BlockDevice) -> bool:
    """Whether it is a volume, and since 2.89 one with an attachment."""
    return bool(row["volume_id"]) and (req.microversion < (2, 89) or row["attachment_id"] is not None)


def view(req: Request, row: BlockDevice) -> Body:
    """An attachment; until 2.89 its id is the volume's."""
    minor = req.microversion[1]
    found: Body = {"volumeId": row["volume_id"], "serverId": row["instance_uuid"]}
    found |= {"device": row["device_name"]} if row["device_name"] else {}
    found |= {"tag": row["tag"]} if minor >= 70 else {}
    found |= {"delete_on_termination": row["delete_on_termination"]} if minor >= 79 else {}
    if minor >= 89:
        return found | {"attachment_id": row["attachment_id"], "bdm_uuid": row["uuid"]}
    return found | {"id": row["volume_id"]}
