"""What the API shows of everything but attachments, at the request's microversion.

Upstream: cinder/api/v3/views/, cinder/api/views/, cinder/api/contrib/.
"""

from __future__ import annotations

from oslearn.core.cinder.api import views as core
from oslearn.core.cinder.api.views import fields, links
from oslearn.core.cinder.models import Volume, VolumeType
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request, Version
from oslearn.extensions.cinder.models import Backup, Snapshot, Transfer

HIDDEN_STATUS = {"managing": "creating", "error_managing": "error", "error_managing_deleting": "deleting"}
USER_VISIBLE_EXTRA_SPECS = ("RESKEY:availability_zones", "multiattach", "replication_enabled")


def since(req: Request, later: dict[Version, Body]) -> Body:
    """What the request's microversion knows already."""
    return {k: v for version, more in later.items() if req.microversion >= version for k, v in more.items()}


def volume_view(req: Request, volume: Volume) -> Body:
    """A volume as its creation and its update show it."""
    admin = req.caller.is_admin
    later: dict[Version, Body] = {
        (3, 21): {"provider_id": None} if admin else {},
        (3, 48): {"shared_targets": volume.service_uuid is None, "service_uuid": volume.service_uuid},
        (3, 61): {"cluster_name": None} if admin else {},
        (3, 63): {"volume_type_id": volume.volume_type_id},
        (3, 65): {"consumes_quota": True},
    }
    shown = core.volume_view(req, volume) | {"status": HIDDEN_STATUS.get(volume.status, volume.status)}
    return shown | since(req, later) | ({"migration_status": volume.migration_status} if admin else {})


def volume_detail(req: Request, volume: Volume) -> Body:
    """A volume as it is shown alone, or in a detailed list."""
    shown = volume_view(req, volume) | {"os-vol-tenant-attr:tenant_id": volume.project_id}
    if req.caller.is_admin:
        shown |= {"os-vol-host-attr:host": volume.host, "os-vol-mig-status-attr:name_id": None}
        shown |= {"os-vol-mig-status-attr:migstat": volume.migration_status}
    return shown | ({"volume_image_metadata": volume.glance_metadata} if volume.glance_metadata else {})


def snapshot_summary(req: Request, snapshot: Snapshot) -> Body:
    """A snapshot as its creation and its update show it, and in a short list."""
    shown = fields(snapshot, "id created_at updated_at name description volume_id status")
    return shown | {"size": snapshot.volume_size, "metadata": snapshot.snapshot_metadata}


def snapshot_view(req: Request, snapshot: Snapshot) -> Body:
    """The same with what later microversions brought."""
    later: dict[Version, Body] = {(3, 14): {"group_snapshot_id": None}, (3, 41): {"user_id": snapshot.user_id}}
    return snapshot_summary(req, snapshot) | since(req, later | {(3, 65): {"consumes_quota": True}})


def snapshot_detail(req: Request, snapshot: Snapshot) -> Body:
    """A snapshot as it is shown alone, or in a detailed list."""
    extended = {f"os-extended-snapshot-attributes:{k}": v for k, v in fields(snapshot, "project_id progress").items()}
    return snapshot_view(req, snapshot) | extended


def type_object(kind: VolumeType) -> Body:
    """A volume type as an action shows the one of its volume: all columns."""
    columns = fields(kind, "id name description is_public extra_specs created_at updated_at")
    return columns | {"qos_specs_id": None, "deleted": False, "deleted_at": None}


def type_update(req: Request, kind: VolumeType) -> Body:
    """A volume type as its update shows it; who is no admin sees few of its extra specs."""
    seen = {k: v for k, v in kind.extra_specs.items() if req.caller.is_admin or k in USER_VISIBLE_EXTRA_SPECS}
    return fields(kind, "id name is_public description") | {"extra_specs": seen}


def type_view(req: Request, kind: VolumeType) -> Body:
    """A volume type as its creation shows it."""
    return type_update(req, kind) | {"os-volume-type-access:is_public": kind.is_public}


def type_detail(req: Request, kind: VolumeType) -> Body:
    """The same as it is shown alone, or in a list."""
    return type_view(req, kind) | ({"qos_specs_id": None} if req.caller.is_admin else {})


def backup_summary(req: Request, backup: Backup) -> Body:
    """A backup as its creation and its update show it, and in a short list."""
    return fields(backup, "id name") | {"links": links(req, "backups", backup.id)}


def backup_detail(req: Request, backup: Backup) -> Body:
    """A backup as it is shown alone, or in a detailed list; whose it is only an admin is told."""
    names = "status size object_count availability_zone container created_at updated_at name description fail_reason"
    shown = backup_summary(req, backup) | fields(backup, f"{names} volume_id snapshot_id data_timestamp")
    shown |= {"is_incremental": backup.parent_id is not None}
    shown |= {"has_dependent_backups": backup.num_dependent_backups > 0}
    later: dict[Version, Body] = {(3, 43): {"metadata": backup.backup_metadata}}
    if req.caller.is_admin:
        later |= {(3, 18): {"os-backup-project-attr:project_id": backup.project_id}}
        later |= {(3, 56): {"user_id": backup.user_id}}
    return shown | since(req, later)


def transfer_summary(req: Request, transfer: Transfer) -> Body:
    """A transfer in a short list."""
    return fields(transfer, "id name volume_id") | {"links": links(req, "os-volume-transfer", transfer.id)}


def transfer_detail(req: Request, transfer: Transfer) -> Body:
    """A transfer as it is shown alone, or in a detailed list; its key is not in it."""
    ends = {"source_project_id": transfer.project_id, "destination_project_id": None, "accepted": False}
    later: dict[Version, Body] = {(3, 55): fields(transfer, "no_snapshots"), (3, 57): ends}
    return transfer_summary(req, transfer) | fields(transfer, "created_at") | since(req, later)
