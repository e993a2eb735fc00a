"""What the API shows of volumes and attachments, up to the microversion that Nova asks for; later ones are shown by the
extensions.

Interface: a function for each form; `fields` and `links` are what they are made of.
Upstream: cinder/api/v3/views/, cinder/api/views/, cinder/api/contrib/.
"""

from __future__ import annotations

from datetime import datetime

from oslearn.core.cinder.models import Attachment, Base, Volume
from oslearn.core.oslo.clock import iso_micro
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request


def fields(row: Base, names: str) -> Body:
    """Columns as the API writes them."""
    values = {name: getattr(row, name) for name in names.split()}
    return {name: iso_micro(v) if isinstance(v, datetime) else v for name, v in values.items()}


def links(req: Request, collection: str, id: str) -> list[Body]:
    ends = {"self": f"/v3{req.context.project}", "bookmark": req.context.project}
    return [{"rel": rel, "href": f"{req.prefix}{path}/{collection}/{id}"} for rel, path in ends.items()]


def volume_summary(req: Request, volume: Volume) -> Body:
    return fields(volume, "id name") | {"links": links(req, "volumes", volume.id)}


def volume_view(req: Request, volume: Volume) -> Body:
    """A volume as its creation and its update show it."""
    names = "status size availability_zone created_at updated_at description snapshot_id source_volid user_id"
    shown = volume_summary(req, volume) | fields(volume, f"{names} multiattach")
    shown |= {"bootable": str(volume.bootable).lower()}
    shown |= {"volume_type": volume.volume_type.name, "metadata": visible_metadata(volume), "encrypted": False}
    shown |= {"replication_status": None, "consistencygroup_id": None}
    known = req.caller.is_admin or "service" in req.caller.roles
    shown["attachments"] = [
        {
            "id": volume.id,
            "attachment_id": attachment.id,
            "volume_id": volume.id,
            "server_id": attachment.instance_uuid,
            "host_name": attachment.attached_host if known else None,
            "device": attachment.mountpoint,
            "attached_at": iso_micro(attachment.attach_time),
        }
        for attachment in volume.attachments
        if attachment.attach_status == "attached"
    ]
    return shown | ({"group_id": None} if req.microversion >= (3, 13) else {})


def volume_detail(req: Request, volume: Volume) -> Body:
    """A volume as it is shown alone."""
    shown = volume_view(req, volume) | {"os-vol-tenant-attr:tenant_id": volume.project_id}
    return shown | ({"volume_image_metadata": volume.glance_metadata} if volume.glance_metadata else {})


def visible_metadata(volume: Volume) -> Body:
    """The user's metadata, and what an admin wrote that a user may see."""
    return volume.volume_metadata | {
        k: v for k, v in volume.admin_metadata.items() if k in ("readonly", "attached_mode")
    }


def attachment_summary(req: Request, attachment: Attachment) -> Body:
    shown = {"status": attachment.attach_status, "instance": attachment.instance_uuid}
    return fields(attachment, "id volume_id") | shown


def attachment_detail(req: Request, attachment: Attachment) -> Body:
    """An attachment; what is not known yet is an empty string or `null` in letters."""
    times = {"attached_at": iso_micro(attachment.attach_time) or "", "detached_at": ""}
    return attachment_summary(req, attachment) | times | fields(attachment, "attach_mode connection_info")
