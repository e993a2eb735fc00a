"""What the API shows of volumes and attachments, at the request's microversion.

Interface: a function for each form; `fields`, `since` and `links` are what they are made of.
Upstream: cinder/api/v3/views/, cinder/api/views/, cinder/api/contrib/.
"""

from __future__ import annotations

from datetime import datetime

from oslearn.core.cinder.models import Attachment, Base, Volume
from oslearn.core.oslo.clock import iso_micro
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request, Version

HIDDEN_STATUS = {"managing": "creating", "error_managing": "error", "error_managing_deleting": "deleting"}


def fields(row: Base, names: str) -> Body:
    """Columns as the API writes them."""
    values = {name: getattr(row, name) for name in names.split()}
    return {name: iso_micro(v) if isinstance(v, datetime) else v for name, v in values.items()}


def since(req: Request, later: dict[Version, Body]) -> Body:
    """What the request's microversion knows already."""
    return {k: v for version, more in later.items() if req.microversion >= version for k, v in more.items()}


def links(req: Request, collection: str, id: str) -> list[Body]:
    ends = {"self": f"/v3{req.context.project}", "bookmark": req.context.project}
    return [{"rel": rel, "href": f"{req.prefix}{path}/{collection}/{id}"} for rel, path in ends.items()]


def volume_summary(req: Request, volume: Volume) -> Body:
    return fields(volume, "id name") | {"links": links(req, "volumes", volume.id)}


def volume_view(req: Request, volume: Volume) -> Body:
    """A volume as its creation and its update show it."""
    names = "status size availability_zone created_at updated_at description snapshot_id source_volid user_id"
    admin = req.caller.is_admin
    shown = volume_summary(req, volume) | fields(volume, f"{names} multiattach")
    shown |= {"status": HIDDEN_STATUS.get(volume.status, volume.status), "bootable": str(volume.bootable).lower()}
    shown |= {"volume_type": volume.volume_type.name, "metadata": visible_metadata(volume), "encrypted": False}
    shown |= {"replication_status": None, "consistencygroup_id": None}
    known = admin or "service" in req.caller.roles
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
    later: dict[Version, Body] = {
        (3, 13): {"group_id": None},
        (3, 21): {"provider_id": None} if admin else {},
        (3, 48): {"shared_targets": volume.service_uuid is None, "service_uuid": volume.service_uuid},
        (3, 61): {"cluster_name": None} if admin else {},
        (3, 63): {"volume_type_id": volume.volume_type_id},
        (3, 65): {"consumes_quota": True},
    }
    return shown | since(req, later) | ({"migration_status": volume.migration_status} if admin else {})


def volume_detail(req: Request, volume: Volume) -> Body:
    """A volume as it is shown alone, or in a detailed list."""
    shown = volume_view(req, volume) | {"os-vol-tenant-attr:tenant_id": volume.project_id}
    if req.caller.is_admin:
        shown |= {"os-vol-host-attr:host": volume.host, "os-vol-mig-status-attr:name_id": None}
        shown |= {"os-vol-mig-status-attr:migstat": volume.migration_status}
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
