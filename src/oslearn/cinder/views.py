"""Volumes as the API shows them.

Upstream: cinder/api/v3/views/volumes.py, cinder/api/contrib/volume_tenant_attribute.py. Left out: hosts, migration.
"""

from __future__ import annotations

from typing import Any

from oslearn.cinder.models import Volume, VolumeType
from oslearn.oslo.clock import iso_micro
from oslearn.oslo.microversion import Version
from oslearn.oslo.wsgi import Request


def summary(req: Request, volume: Volume) -> dict[str, Any]:
    """The volume in a short list."""
    ends = {"self": f"/v3/{req.caller.project_id}", "bookmark": f"/{req.caller.project_id}"}
    links = [{"rel": rel, "href": f"{req.prefix}{path}/volumes/{volume.id}"} for rel, path in ends.items()]
    return {"id": volume.id, "name": volume.name, "links": links}


def view(req: Request, volume: Volume, detail: bool = False) -> dict[str, Any]:
    """The volume as the API shows it at the request's microversion."""
    version, ready = req.microversion, volume.status != "creating"
    shown = {k: getattr(volume, k) for k in ("status", "size", "availability_zone", "description", "user_id")}
    shown |= summary(req, volume) | {"bootable": str(volume.bootable).lower(), "metadata": volume.volume_metadata}
    shown |= {"created_at": iso_micro(volume.created_at), "updated_at": iso_micro(volume.updated_at)}
    shown |= {"volume_type": volume.volume_type.name, "snapshot_id": None, "source_volid": None, "encrypted": False}
    shown |= {"replication_status": None, "consistencygroup_id": None, "multiattach": False}
    made = [a for a in volume.attachments if a.attach_status == "attached"]
    shown["attachments"] = [
        {
            "id": volume.id,
            "attachment_id": attachment.id,
            "volume_id": volume.id,
            "server_id": attachment.instance_uuid,
            "host_name": attachment.attached_host if req.caller.is_admin else None,
            "device": attachment.mountpoint,
            "attached_at": iso_micro(attachment.attach_time),
        }
        for attachment in made
    ]
    later: dict[Version, dict[str, Any]] = {
        (3, 13): {"group_id": None},
        (3, 48): {"shared_targets": not ready, "service_uuid": None},
    }
    later |= {(3, 63): {"volume_type_id": volume.volume_type.id}, (3, 65): {"consumes_quota": True}}
    for since, more in later.items():
        shown |= more if version >= since else {}
    return shown | ({"os-vol-tenant-attr:tenant_id": volume.project_id} if detail else {})


def type_view(kind: VolumeType) -> dict[str, Any]:
    """A volume type as the API shows it."""
    shown = {"id": kind.id, "name": kind.name, "is_public": True, "description": kind.description, "extra_specs": {}}
    return shown | {"os-volume-type-access:is_public": True}
