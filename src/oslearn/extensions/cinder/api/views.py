"""What the API shows of everything but volumes and attachments, at the request's microversion.

Upstream: cinder/api/v3/views/, cinder/api/views/, cinder/api/contrib/.
"""

from __future__ import annotations

from oslearn.core.cinder.api.views import fields, links, since
from oslearn.core.cinder.models import VolumeType
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Request, Version
from oslearn.extensions.cinder.models import Backup, Snapshot, Transfer

USER_VISIBLE_EXTRA_SPECS = ("RESKEY:availability_zones", "multiattach", "replication_enabled")


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
