"""Volumes: `/v3/{project_id}/volumes`, and their types.

Invariants: a volume is deleted only when nothing is attached; a project never has more volumes or
gigabytes than its quota.
Upstream: cinder/api/v3/volumes.py, cinder/volume/api.py. Left out: cinder-scheduler and cinder-volume (a volume is
available once the reply to its creation is out; upstream's is `creating` for a while), volumes from an image, a
snapshot or another volume, growing, encryption, groups, multi-attach.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oslearn.cinder import exceptions as e
from oslearn.cinder.base import Controller, everything, mark
from oslearn.cinder.models import Volume, VolumeType
from oslearn.cinder.views import summary, type_view, view
from oslearn.oslo import exception, schema
from oslearn.oslo.wsgi import Reply, Request

DEFAULT_TYPE = "__DEFAULT__"
TEXT = {"type": ["string", "null"], "maxLength": 255}
METADATA = {"type": ["object", "null"], "additionalProperties": {"type": "string", "maxLength": 255}}
CREATE = {
    "type": "object",
    "properties": {
        "volume": {
            "type": "object",
            "properties": {
                "name": TEXT,
                "description": TEXT,
                "size": {"type": ["integer", "null"], "minimum": 1},
                "availability_zone": TEXT,
                "metadata": METADATA,
                "volume_type": TEXT,
            },
        },
        "OS-SCH-HNT:scheduler_hints": {"type": ["object", "null"]},
    },
    "required": ["volume"],
    "additionalProperties": False,
}
UPDATE = {
    "type": "object",
    "properties": {
        "volume": {
            "type": "object",
            "properties": {"name": TEXT, "description": TEXT, "metadata": METADATA},
            "additionalProperties": False,
            "minProperties": 1,
        }
    },
    "required": ["volume"],
    "additionalProperties": False,
}
UNDELETABLE = (
    "Volume status must be available or error or error_restoring or error_extending or error_managing and must not be "
    "migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots "
    "after volume transfer."
)
FILTERS = ("name", "status", "bootable", "availability_zone", "id", "user_id", "description", "size")


class Volumes(Controller):
    """The handlers of volumes."""

    def list_volumes(self, req: Request, project_id: str) -> dict[str, Any]:
        """200, 400: id, name and links."""
        return {"volumes": [summary(req, volume) for volume in self._listed(req, project_id)]}

    def list_volumes_detail(self, req: Request, project_id: str) -> dict[str, Any]:
        """200, 400."""
        return {"volumes": [view(req, volume, True) for volume in self._listed(req, project_id)]}

    def show_volume(self, req: Request, project_id: str, volume_id: str) -> dict[str, Any]:
        """200, 400, 404."""
        self._enter(req, project_id, "volume:get")
        with self.handle.session() as session:
            return {"volume": view(req, self._volume(session, req.caller, volume_id), True)}

    def create_volume(self, req: Request, project_id: str) -> Reply:
        """202, 400, 404 for an unknown type, 413 over quota."""
        self._enter(req, project_id, "volume:create")
        wanted = schema.check(req.json_body(), CREATE)["volume"]
        check_source(wanted)
        zone = wanted.get("availability_zone") or self.config.availability_zone
        if zone != self.config.availability_zone:
            raise e.InvalidInput(reason=f"Availability zone '{zone}' is invalid.")
        with self.handle.session() as session:
            self._check_quota(session, project_id, wanted["size"])
            volume = Volume(id=self.ids.uuid(), project_id=project_id, user_id=req.caller.user_id, size=wanted["size"])
            volume.name, volume.description = wanted.get("name"), wanted.get("description")
            volume.volume_metadata, volume.availability_zone = wanted.get("metadata") or {}, zone
            volume.volume_type, volume.bootable = self._type(session, wanted.get("volume_type")), False
            volume.status, volume.created_at = "creating", self.clock.now()
            session.add(volume)
            body = view(req, volume)
            volume.status, volume.updated_at = "available", self.clock.now()
        return Reply(202, {"volume": body})

    def update_volume(self, req: Request, project_id: str, volume_id: str) -> dict[str, Any]:
        """200, 400, 404."""
        self._enter(req, project_id, "volume:update")
        values = schema.check(req.json_body(), UPDATE)["volume"]
        with self.handle.session() as session:
            volume = self._volume(session, req.caller, volume_id)
            for name, value in values.items():
                setattr(volume, "volume_metadata" if name == "metadata" else name, value)
            volume.updated_at = self.clock.now()
            return {"volume": view(req, volume)}

    def delete_volume(self, req: Request, project_id: str, volume_id: str) -> Reply:
        """202, 400 while it is in use, 404."""
        self._enter(req, project_id, "volume:delete")
        with self.handle.session() as session:
            volume = self._volume(session, req.caller, volume_id)
            if volume.attachments or volume.status not in ("available", "error"):
                raise e.InvalidVolume(reason=UNDELETABLE)
            session.delete(volume)
        return Reply(202)

    def act_on_volume(self, req: Request, project_id: str, volume_id: str) -> Reply:
        """202 or 200, 400, 404: the actions that Nova and the client need."""
        self._enter(req, project_id, "volume:update")
        body = req.json_body()
        with self.handle.session() as session:
            volume = self._volume(session, req.caller, volume_id)
            match body:
                case {"os-begin_detaching": _}:
                    change_status(volume, "in-use", "detaching")
                case {"os-roll_detaching": _}:
                    change_status(volume, "detaching", "in-use")
                case {"os-set_bootable": {"bootable": bool(bootable)}}:
                    volume.bootable = bootable
                    return Reply(200)
                case _:
                    raise exception.BadRequest(f"There is no such action: {next(iter(body), None)}")
        return Reply(202)

    def list_types(self, req: Request, project_id: str) -> dict[str, Any]:
        """200."""
        self._enter(req, project_id, "volume:get")
        with self.handle.session() as session:
            return {"volume_types": [type_view(kind) for kind in session.scalars(select(VolumeType))]}

    def show_type(self, req: Request, project_id: str, type_id: str) -> dict[str, Any]:
        """200, 404."""
        self._enter(req, project_id, "volume:get")
        with self.handle.session() as session:
            name = VolumeType.name == DEFAULT_TYPE if type_id == "default" else VolumeType.id == type_id
            kind = session.scalar(select(VolumeType).where(name))
            if kind is None:
                raise e.VolumeTypeNotFound(volume_type_id=type_id)
            return {"volume_type": type_view(kind)}

    def list_availability_zones(self, req: Request, project_id: str) -> dict[str, Any]:
        """200."""
        self._enter(req, project_id, "volume:get")
        zone = {"zoneName": self.config.availability_zone, "zoneState": {"available": True}}
        return {"availabilityZoneInfo": [zone]}

    def _listed(self, req: Request, project_id: str) -> list[Volume]:
        """Newest first."""
        self._enter(req, project_id, "volume:get")
        statement = select(Volume).order_by(Volume.created_at.desc(), Volume.id.desc())
        if not everything(req):
            statement = statement.where(Volume.project_id == project_id)
        for name in FILTERS:
            if name in req.query:
                value: Any = req.query[name]
                value = value.lower() == "true" if name == "bootable" else value
                statement = statement.where(getattr(Volume, name) == value)
        with self.handle.session() as session:
            return mark(req.query, list(session.scalars(statement)))

    def _check_quota(self, session: Session, project_id: str, size: int) -> None:
        used = select(func.count(), func.coalesce(func.sum(Volume.size), 0)).where(Volume.project_id == project_id)
        volumes, gigabytes = session.execute(used).one()
        if 0 <= self.config.quota_volumes <= volumes:
            raise e.VolumeLimitExceeded(allowed=self.config.quota_volumes)
        if 0 <= self.config.quota_gigabytes < gigabytes + size:
            raise e.VolumeSizeExceedsAvailableQuota(
                requested=size, quota=self.config.quota_gigabytes, consumed=gigabytes
            )

    def _type(self, session: Session, name: str | None) -> VolumeType:
        wanted = name or DEFAULT_TYPE
        kind = session.scalar(select(VolumeType).where((VolumeType.name == wanted) | (VolumeType.id == wanted)))
        if kind is None:
            raise e.VolumeTypeNotFoundByName(volume_type_name=wanted)
        return kind


def check_source(wanted: dict[str, Any]) -> None:
    """A volume starts empty here. Raises NotFound for a snapshot or another volume, BadRequest, InvalidInput."""
    if wanted.get("imageRef"):
        raise exception.BadRequest("Invalid image identifier or unable to access requested image.")
    if wanted.get("snapshot_id"):
        raise exception.NotFound(f"Snapshot {wanted['snapshot_id']} could not be found.")
    if wanted.get("source_volid"):
        raise e.VolumeNotFound(volume_id=wanted["source_volid"])
    if wanted.get("size") is None:
        raise e.InvalidInput(reason="Volume size 'None' must be an integer and greater than 0")


def change_status(volume: Volume, expected: str, wanted: str) -> None:
    """From one status to the next. Raises InvalidVolume."""
    if volume.status != expected:
        reason = f"Volume {volume.id} status must be {expected}, but the current status is {volume.status}."
        raise e.InvalidVolume(reason=reason)
    volume.status = wanted
