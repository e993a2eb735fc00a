"""What the API shows of things, at the request's microversion.

Upstream: cinder/api/v3/views/, cinder/api/views/, cinder/api/contrib/.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from oslearn.core.cinder.api.base import links
from oslearn.core.cinder.models import Attachment, Backup, Snapshot, Transfer, Volume, VolumeType
from oslearn.core.oslo.clock import iso_micro
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.microversion import Version

Shown = dict[str, Any]
USER_VISIBLE_EXTRA_SPECS = ("RESKEY:availability_zones", "multiattach", "replication_enabled")
HIDDEN_STATUS = {"managing": "creating", "error_managing": "error", "error_managing_deleting": "deleting"}


def fields(row: Any, names: str) -> Shown:
    """Columns as the API writes them."""
    values = {name: getattr(row, name) for name in names.split()}
    return {name: iso_micro(v) if isinstance(v, datetime) else v for name, v in values.items()}


def since(req: Request, later: dict[Version, Shown]) -> Shown:
    """What the request's microversion knows already."""
    return {k: v for version, more in later.items() if req.microversion >= version for k, v in more.items()}


def volume_summary(req: Request, volume: Volume) -> Shown:
    """A volume in a short list."""
    return fields(volume, "id name") | {"links": links(req, "volumes", volume.id)}


def volume_view(req: Request, volume: Volume) -> Shown:
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
    later: dict[Version, Shown] = {
        (3, 13): {"group_id": None},
        (3, 21): {"provider_id": None} if admin else {},
        (3, 48): {"shared_targets": volume.service_uuid is None, "service_uuid": volume.service_uuid},
        (3, 61): {"cluster_name": None} if admin else {},
        (3, 63): {"volume_type_id": volume.volume_type_id},
        (3, 65): {"consumes_quota": True},
    }
    return shown | since(req, later) | ({"migration_status": volume.migration_status} if admin else {})


def volume_detail(req: Request, volume: Volume) -> Shown:
    """A volume as it is shown alone, or in a detailed list."""
    shown = volume_view(req, volume) | {"os-vol-tenant-attr:tenant_id": volume.project_id}
    if req.caller.is_admin:
        shown |= {"os-vol-host-attr:host": volume.host, "os-vol-mig-status-attr:name_id": None}
        shown |= {"os-vol-mig-status-attr:migstat": volume.migration_status}
    return shown | ({"volume_image_metadata": volume.glance_metadata} if volume.glance_metadata else {})


def visible_metadata(volume: Volume) -> Shown:
    """The user's metadata, and what an admin wrote that a user may see."""
    return volume.volume_metadata | {
        k: v for k, v in volume.admin_metadata.items() if k in ("readonly", "attached_mode")
    }


def snapshot_summary(req: Request, snapshot: Snapshot) -> Shown:
    """A snapshot as its creation and its update show it, and in a short list."""
    shown = fields(snapshot, "id created_at updated_at name description volume_id status")
    return shown | {"size": snapshot.volume_size, "metadata": snapshot.snapshot_metadata}


def snapshot_view(req: Request, snapshot: Snapshot) -> Shown:
    """The same with what later microversions brought."""
    later: dict[Version, Shown] = {(3, 14): {"group_snapshot_id": None}, (3, 41): {"user_id": snapshot.user_id}}
    return snapshot_summary(req, snapshot) | since(req, later | {(3, 65): {"consumes_quota": True}})


def snapshot_detail(req: Request, snapshot: Snapshot) -> Shown:
    """A snapshot as it is shown alone, or in a detailed list."""
    extended = {f"os-extended-snapshot-attributes:{k}": v for k, v in fields(snapshot, "project_id progress").items()}
    return snapshot_view(req, snapshot) | extended


def attachment_summary(req: Request, attachment: Attachment) -> Shown:
    """An attachment in a short list."""
    shown = {"status": attachment.attach_status, "instance": attachment.instance_uuid}
    return fields(attachment, "id volume_id") | shown


def attachment_detail(req: Request, attachment: Attachment) -> Shown:
    """An attachment; what is not known yet is an empty string or `null` in letters."""
    times = {"attached_at": iso_micro(attachment.attach_time) or "", "detached_at": ""}
    return attachment_summary(req, attachment) | times | fields(attachment, "attach_mode connection_info")


def type_object(kind: VolumeType) -> Shown:
    """A volume type as an action shows the one of its volume: all columns."""
    columns = fields(kind, "id name description is_public extra_specs created_at updated_at")
    return columns | {"qos_specs_id": None, "deleted": False, "deleted_at": None}


def type_update(req: Request, kind: VolumeType) -> Shown:
    """A volume type as its update shows it; who is no admin sees few of its extra specs."""
    seen = {k: v for k, v in kind.extra_specs.items() if req.caller.is_admin or k in USER_VISIBLE_EXTRA_SPECS}
    return fields(kind, "id name is_public description") | {"extra_specs": seen}


def type_view(req: Request, kind: VolumeType) -> Shown:
    """A volume type as its creation shows it."""
    return type_update(req, kind) | {"os-volume-type-access:is_public": kind.is_public}


def type_detail(req: Request, kind: VolumeType) -> Shown:
    """The same as it is shown alone, or in a list."""
    return type_view(req, kind) | ({"qos_specs_id": None} if req.caller.is_admin else {})


def backup_summary(req: Request, backup: Backup) -> Shown:
    """A backup as its creation and its update show it, and in a short list."""
    return fields(backup, "id name") | {"links": links(req, "backups", backup.id)}


def backup_detail(req: Request, backup: Backup) -> Shown:
    """A backup as it is shown alone, or in a detailed list; whose it is only an admin is told."""
    names = "status size object_count availability_zone container created_at updated_at name description fail_reason"
    shown = backup_summary(req, backup) | fields(backup, f"{names} volume_id snapshot_id data_timestamp")
    shown |= {"is_incremental": backup.parent_id is not None}
    shown |= {"has_dependent_backups": backup.num_dependent_backups > 0}
    later: dict[Version, Shown] = {(3, 43): {"metadata": backup.backup_metadata}}
    if req.caller.is_admin:
        later |= {(3, 18): {"os-backup-project-attr:project_id": backup.project_id}}
        later |= {(3, 56): {"user_id": backup.user_id}}
    return shown | since(req, later)


def transfer_summary(req: Request, transfer: Transfer) -> Shown:
    """A transfer in a short list."""
    return fields(transfer, "id name volume_id") | {"links": links(req, "os-volume-transfer", transfer.id)}


def transfer_detail(req: Request, transfer: Transfer) -> Shown:
    """A transfer."""
    ends = {"source_project_id": transfer.project_id, "destination_project_id": None, "accepted": False}
    later: dict[Version, Shown] = {(3, 55): fields(transfer, "no_snapshots"), (3, 57): ends}
    return transfer_summary(req, transfer) | fields(transfer, "created_at") | since(req, later)
