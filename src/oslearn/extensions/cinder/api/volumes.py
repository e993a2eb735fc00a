"""Volumes: `/v3/volumes`.

Invariants: a volume is deleted only when nothing is attached to it and nothing hangs on it; a project never has more
than its quota; what a volume is made from is there, is complete and fits.
Upstream: cinder/api/v3/volumes.py, cinder/volume/api.py, cinder/volume/flows/api/create_volume.py. Left out: groups,
encryption.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oslearn.core.cinder.api.views import volume_summary
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Volume, VolumeType
from oslearn.core.config import Config
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.extensions.cinder import exceptions as e
from oslearn.extensions.cinder import quota
from oslearn.extensions.cinder.api import views
from oslearn.extensions.cinder.api.common import ACCEPTED, Messages, boolean, not_frozen
from oslearn.extensions.cinder.api.listing import ListSpec, elsewhere, ungrouped
from oslearn.extensions.cinder.api.types import check_size, default_type, type_by_name
from oslearn.extensions.cinder.image.glance import GlanceClientWrapper
from oslearn.extensions.cinder.models import Backup, Snapshot

FILTERS = ("name", "status", "bootable", "migration_status", "availability_zone", "size")
LISTED = ListSpec("volume", Volume, {name: name for name in FILTERS} | {"metadata": "volume_metadata"},
            volume_summary, views.volume_detail, "", ungrouped, ("group_id", "consumes_quota"))  # fmt: skip
Source = Volume | Snapshot | Backup
SOURCES: dict[str, tuple[str, type[Any], tuple[str, ...]]] = {
    "snapshot": ("snapshot_id", Snapshot, ("available",)),
    "source volume": ("source_volid", Volume, ("available", "in-use")),
    "backup": ("backup_id", Backup, ("available",)),
}
"""What a volume can be made from: where the body has its id, its table, in which status it is ready."""
DELETABLE = ("available", "error", "error_restoring", "error_extending", "error_managing")
GIB = 1 << 30


class VolumeCreation:
    """Has volumes made."""

    def __init__(self, db: CinderDB, config: Config, image: GlanceClientWrapper, messages: Messages) -> None:
        self.db, self.config, self.image, self.messages = db, config, image, messages

    def run(self, req: Request, session: Session, given: Body, hints: Body, backup: Backup | None = None) -> Volume:
        """Check what is wanted, write the row, tell the scheduler. Raises BadRequest, NotFound, QuotaError.

        `backup` is one that is restored into the new volume.
        """
        asked = given.get("volume_type")
        kind = type_by_name(session, req.caller, asked) if asked else None
        sources = self._sources(req, session, given) | ({"backup": backup} if backup else {})
        image = self.image.find(req.caller, given["imageRef"]) if given.get("imageRef") is not None else None
        if sum(source is not None for source in (*sources.values(), image)) > 1:
            raise e.InvalidInput(reason="May specify only one of backup, imageRef, snapshot, source volume")
        source = next((source for source in sources.values() if source), None)
        size = checked_size(given.get("size"), source)
        if image:
            check_image(image, size)
        origin = source.volume if isinstance(source, Snapshot) else source if isinstance(source, Volume) else None
        zone = given.get("availability_zone") or (origin or self.config).availability_zone
        if zone != self.config.availability_zone:
            raise exception.BadRequest(f"Availability zone '{zone}' is invalid.")
        if kind is None:
            wish = (image or {}).get("cinder_img_volume_type")
            kind = origin.volume_type if origin else default_type(session, req.caller, wish)
        check_size(kind, size)
        if origin and not same_backend(origin.volume_type, kind):
            words = "compatible; either match source volume, or omit type argument"
            reason = f"Invalid volume_type provided: {kind.id} (requested type is not {words})."
            raise e.InvalidInput(reason=reason)
        quota.check(session, self.config, str(req.caller.project_id), kind.name, volumes=1, gigabytes=size)
        ids = {SOURCES[name][0]: found and found.id for name, found in sources.items()}
        values = {"size": size, "availability_zone": zone, "volume_type": kind, "multiattach": is_multiattach(kind)}
        values |= {"name": given.get("name"), "description": given.get("description"), "status": "creating"}
        values |= {"project_id": req.caller.project_id, "user_id": req.caller.user_id}
        values |= {"snapshot_id": ids["snapshot_id"], "source_volid": ids["source_volid"]}
        volume = self.db.new(session, Volume, volume_metadata=given.get("metadata") or {}, **values)
        spec = ids | {"volume_id": volume.id, "image_id": image and image["id"], "extra_specs": kind.extra_specs}
        spec |= {"origin_id": origin and origin.id}
        more = {"snapshot_id": ids["snapshot_id"], "image_id": spec["image_id"], "backup_id": ids["backup_id"]}
        passed = {"request_spec": spec, "filter_properties": hints}
        self.messages.schedule(req, volume, "create_volume", **passed, **more)
        return volume

    def _sources(self, req: Request, session: Session, given: Body) -> dict[str, Source | None]:
        """What the volume is to be made from. Raises NotFound, BadRequest for what is not ready."""
        for key in ("consistencygroup_id", "group_id"):
            if given.get(key):
                raise e.ResourceNotFound(title="Group", id=given[key])
        if req.microversion < (3, 47):
            given.pop("backup_id", None)
        found: dict[str, Source | None] = dict.fromkeys(SOURCES)
        for name, (key, model, ready) in SOURCES.items():
            if given.get(key):
                source: Source = self.db.get(session, model, given[key], req.caller)
                found[name] = source
                if source.status not in ready:
                    reason = f"Originating {name} status must be one of '{', '.join(ready)}' values"
                    raise e.Invalid(what=model.title.lower(), reason=reason)
        return found


class VolumeDeletion:
    """Has volumes deleted."""

    def __init__(self, db: CinderDB, messages: Messages) -> None:
        self.db, self.messages = db, messages

    def run(self, req: Request, session: Session, volume: Volume, *, cascade: bool, force: bool) -> None:
        """Have a volume deleted. Raises InvalidVolume."""
        not_frozen(session, volume)
        in_the_way = snapshots = list(session.scalars(select(Snapshot).where(Snapshot.volume_id == volume.id)))
        if cascade:
            in_the_way = [s for s in snapshots if s.project_id != volume.project_id and not req.caller.is_admin]
            in_the_way += [s for s in snapshots if s.status not in ("available", "error", "deleting") and not force]
        attached = any(attachment.attach_status == "attached" for attachment in volume.attachments)
        if in_the_way or attached or not (force or volume.status in DELETABLE):
            must = "" if force else f"status must be {' or '.join(DELETABLE)} and "
            raise e.InvalidVolume(reason=f"Volume {must}{UNDELETABLE}")
        if volume.host is None:
            return session.delete(volume)  # no backend has it
        self.db.save(volume, status="deleting")
        return self.messages.cast(req, volume, "delete_volume", cascade=cascade)


class VolumeRequests:
    """The handlers of volumes, but for those that look at one."""

    def __init__(self, db: CinderDB, policy: Enforcer, creation: VolumeCreation, deletion: VolumeDeletion) -> None:
        self.db, self.policy, self.creation, self.deletion = db, policy, creation, deletion

    def create_volume(self, req: Request, session: Session, wanted: Body) -> Body:
        """202, 400, 404 for an unknown type or source, 413 over quota."""
        given = stripped(wanted["volume"])
        if boolean("multiattach", given.get("multiattach")):
            raise exception.BadRequest(MULTIATTACH)
        hints = {"scheduler_hints": wanted.get("OS-SCH-HNT:scheduler_hints")}
        volume = self.creation.run(req, session, given, hints)
        return {"volume": views.volume_view(req, volume)}

    def show_volume_summary(self, req: Request, session: Session) -> Body:
        """200: how many volumes there are, how large they are together, and which metadata they have."""
        mine = [] if elsewhere(req) else [Volume.project_id == req.caller.project_id]
        count, size = session.execute(select(func.count(), func.coalesce(func.sum(Volume.size), 0)).where(*mine)).one()
        summary: Body = {"total_count": count, "total_size": int(size)}
        if req.microversion >= (3, 36):
            found: dict[str, set[str]] = {}
            for metadata in session.scalars(select(Volume.volume_metadata).where(*mine)):
                for key, value in metadata.items():
                    found.setdefault(key, set()).add(value)
            summary["metadata"] = {key: sorted(values) for key, values in found.items()}
        return {"volume-summary": summary}

    def update_volume(self, req: Request, session: Session, id: str, wanted: Body) -> Body:
        """Another name, description or metadata; nothing else of a volume is its owner's to write. 200, 400, 404."""
        volume, values = self.db.get(session, Volume, id, req.caller), stripped(wanted)
        if volume.status == "maintenance":
            raise e.InvalidVolume(reason="The volume cannot be updated during maintenance.")
        if "metadata" in values:
            values["volume_metadata"] = values.pop("metadata")
        self.db.save(volume, **values)
        return {"volume": views.volume_view(req, volume)}

    def delete_volume(self, req: Request, session: Session, id: str) -> Reply:
        """202, 400 while it is in use, 403 for force without the right, 404."""
        cascade = boolean("cascade", req.query.get("cascade"))
        force = req.microversion >= (3, 23) and boolean("force", req.query.get("force"))
        volume = self.db.get(session, Volume, id, req.caller)
        if force:
            self.policy.enforce(req.caller, "volume:force_delete")
        self.deletion.run(req, session, volume, cascade=cascade, force=force)
        return ACCEPTED


def stripped(values: Body) -> Body:
    """Names without spaces around them, old words for fields replaced."""
    old = {"display_name": "name", "display_description": "description", "image_id": "imageRef"}
    renamed = {old.get(key, key): value for key, value in values.items()}
    return renamed | {k: v.strip() for k, v in renamed.items() if k in ("name", "description") and v is not None}


def checked_size(size: int | str | None, source: Source | None) -> int:
    """The size that was asked for, or the source's. Raises InvalidInput."""
    least: int = getattr(source, "volume_size", 0) or getattr(source, "size", 0)
    wanted = int(least if size is None else size)
    if wanted <= 0:
        raise e.InvalidInput(reason=f"Volume size '{size}' must be an integer and greater than 0")
    if source is not None and wanted < least:
        if isinstance(source, Backup):
            least_size = f"the backup size {least}GB. It must be >= backup size."
            raise e.InvalidInput(reason=f"Volume size {wanted}GB cannot be smaller than {least_size}")
        kind = "original volume size  " if isinstance(source, Volume) else "the snapshot size "
        must = f"{least}GB. They must be >= original {source.title.lower()} size."
        raise e.InvalidInput(reason=f"Volume size '{wanted}'GB cannot be smaller than {kind}{must}")
    return wanted


def check_image(image: Body, size: int) -> None:
    """Whether the image is ready and fits. Raises BadRequest."""
    if image["status"] != "active":
        raise e.InvalidInput(reason=f"Image {image['id']} is not active.")
    gigabytes, virtual = (-(-(image.get(key) or 0) // GIB) for key in ("size", "virtual_size"))
    if gigabytes > size:
        reason = f"Size of specified image {gigabytes}GB is larger than volume size {size}GB."
        raise e.InvalidInput(reason=reason)
    if image["min_disk"] > size:
        reason = f"Volume size {size}GB cannot be smaller than the image minDisk size {image['min_disk']}GB."
        raise e.InvalidInput(reason=reason)
    if virtual > size:
        reason = f"Image virtual size is {virtual}GB and doesn't fit in a volume of size {size}GB."
        raise exception.BadRequest(f"Image {image['id']} is unacceptable: {reason}")


def same_backend(one: VolumeType, other: VolumeType) -> bool:
    """Whether volumes of two types lie on the same backends."""
    return bool(one.extra_specs.get("volume_backend_name") == other.extra_specs.get("volume_backend_name"))


def is_multiattach(kind: VolumeType) -> bool:
    """Whether several instances may use a volume of the type."""
    return bool(kind.extra_specs.get("multiattach") == "<is> True")


UNDELETABLE = (
    "must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated "
    "from snapshots after volume transfer."
)
MULTIATTACH = (
    "multiattach parameter has been removed. The default behavior is to use multiattach enabled volume types. Contact "
    "your administrator to create a multiattach enabled volume type and use it to create multiattach volumes."
)
