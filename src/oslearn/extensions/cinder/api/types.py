"""Volume types: `/v3/types`, their extra specs, and which projects may use them.

Invariants: there is always a default type, and it cannot be deleted; a type in use keeps its extra specs.
Upstream: cinder/api/v3/types.py, cinder/api/contrib/types_manage.py, types_extra_specs.py, volume_type_access.py,
cinder/api/v3/default_types.py. Left out: encryption, QoS specs.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from oslearn.core.cinder.api.views import fields
from oslearn.core.cinder.db import CinderDB
from oslearn.core.cinder.models import Volume, VolumeType
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body, RequestContext
from oslearn.core.oslo.http import Reply, Request
from oslearn.core.oslo.policy import Enforcer
from oslearn.extensions.cinder import exceptions as e
from oslearn.extensions.cinder.api import schemas, views
from oslearn.extensions.cinder.api.common import ACCEPTED, Action, Actions, boolean
from oslearn.extensions.cinder.api.listing import ListSpec, listed
from oslearn.extensions.cinder.models import DefaultVolumeType, Snapshot, VolumeTypeProject

ACCESS = "volume_extension:volume_type_access:"
ACTIONS = {
    "addProjectAccess": Action("add_project_access", ACCESS + "add_project_access", schemas.ADD_ACCESS),
    "removeProjectAccess": Action("remove_project_access", ACCESS + "remove_project_access", schemas.REMOVE_ACCESS),
}
DEFAULT_TYPE = "__DEFAULT__"


def allowed(context: RequestContext) -> list[ColumnElement[bool]]:
    """The condition under which a caller sees a type."""
    mine = select(VolumeTypeProject.volume_type_id).where(VolumeTypeProject.project_id == context.project_id)
    return [] if context.is_admin else [or_(VolumeType.is_public, VolumeType.id.in_(mine))]


def listable(req: Request) -> list[ColumnElement[bool]]:
    """The condition under which a list has a type: an admin may ask for those that are not public, or for all."""
    asked = req.query.get("is_public", "true").lower()
    if req.caller.is_admin and asked != "none":
        return [VolumeType.is_public == boolean("is_public", asked)]
    return allowed(req.caller)


LISTED = ListSpec("volume_type", VolumeType, {"extra_specs": "extra_specs"}, views.type_detail, views.type_detail,
                  "types", listable, ("is_public",))  # fmt: skip


def default_type(session: Session, context: RequestContext, name: str | None = None) -> VolumeType:
    """The named type, the project's default or the cloud's. Raises NotFound."""
    mine = session.get(DefaultVolumeType, context.project_id)
    name = name or (mine.volume_type_id if mine else DEFAULT_TYPE)
    return type_by_name(session, context, name)


def type_by_name(session: Session, context: RequestContext, name: str) -> VolumeType:
    """A type by id or name. Raises NotFound."""
    named = or_(VolumeType.id == name, VolumeType.name == name)
    found = session.scalars(select(VolumeType).where(named, *allowed(context))).first()
    if found is None:
        raise e.ResourceNotFound(title="Volume type" if len(name) == 36 else "Volume type with name", id=name)
    return found


def type_by_id(session: Session, context: RequestContext, id: str) -> VolumeType:
    """A type by id. Raises NotFound."""
    found = session.scalar(select(VolumeType).where(VolumeType.id == id, *allowed(context)))
    if found is None:
        raise e.ResourceNotFound(title="Volume type", id=id)
    return found


class Types:
    """The handlers of types."""

    def __init__(self, db: CinderDB) -> None:
        self.db = db

    def list_types(self, req: Request, session: Session) -> Body:
        """The types that the caller may use. 200, 400."""
        body = listed(self.db, req, session, LISTED, LISTED.summary)
        return {key.replace("types_links", "type_links"): value for key, value in body.items()}

    def show_type(self, req: Request, session: Session, id: str) -> Body:
        """200, 404. The id may be `default`."""
        found = default_type(session, req.caller) if id == "default" else type_by_id(session, req.caller, id)
        return {"volume_type": views.type_detail(req, found)}

    def create_type(self, req: Request, session: Session, wanted: Body) -> Body:
        """200, 400, 409 if the name is taken."""
        public = boolean("is_public", wanted.get("os-volume-type-access:is_public"), True)
        check_name(session, wanted["name"])
        values = {"name": wanted["name"], "description": wanted.get("description"), "is_public": public}
        made = self.db.new(session, VolumeType, extra_specs=wanted.get("extra_specs") or {}, **values)
        return {"volume_type": views.type_view(req, made)}

    def update_type(self, req: Request, session: Session, id: str, wanted: Body) -> Body:
        """200, 400, 404, 409 if the name is taken."""
        found = type_by_id(session, req.caller, id)
        values = {name: value for name, value in wanted.items() if value is not None}
        if not values.get("name", "x").strip():
            raise exception.BadRequest("Volume type name can not be empty.")
        if not values:
            raise exception.BadRequest("Specify volume type name, description, is_public or a combination thereof.")
        if "is_public" in values:
            values["is_public"] = boolean("is_public", values["is_public"])
        check_name(session, values.get("name"), id)
        self.db.save(found, **values)
        return {"volume_type": views.type_update(req, found)}

    def delete_type(self, req: Request, session: Session, id: str) -> Reply:
        """202, 400 if it is in use or a default, 404."""
        found = type_by_id(session, req.caller, id)
        defaults = session.scalar(select(DefaultVolumeType.project_id).where(DefaultVolumeType.volume_type_id == id))
        if found.name == DEFAULT_TYPE or defaults:
            raise exception.BadRequest(f"The volume type {id} is a default volume type and cannot be deleted.")
        if any(session.scalar(select(model.id).where(model.volume_type_id == id)) for model in (Volume, Snapshot)):
            raise exception.BadRequest("Target volume type is still in use.")
        session.delete(found)
        return ACCEPTED


class TypeAccess:
    """Which projects may use a type that is not public."""

    def __init__(self, policy: Enforcer) -> None:
        self.actions = Actions(self, ACTIONS, policy)

    def list_type_access(self, req: Request, session: Session, id: str) -> Body:
        """200, 404, also for a public type."""
        if type_by_id(session, req.caller, id).is_public:
            raise exception.NotFound("Access list not available for public volume types.")
        rows = session.scalars(select(VolumeTypeProject).where(VolumeTypeProject.volume_type_id == id))
        return {"volume_type_access": [fields(row, "volume_type_id project_id") for row in rows]}

    def act_on_type(self, req: Request, session: Session, id: str) -> Reply:
        """202, 400 for a public type, 404, 409 if the project has access already."""
        found = type_by_id(session, req.caller, id)
        if found.is_public:
            reason = "Type access modification is not applicable to public volume type."
            raise e.Invalid(what="volume type", reason=reason)
        return Reply(202, self.actions.run(req, session, found).body or "")

    def add_project_access(self, req: Request, session: Session, kind: VolumeType, values: Body) -> None:
        if session.get(VolumeTypeProject, (kind.id, values["project"])):
            pair = f"{kind.id} / {values['project']}"
            raise exception.Conflict(f"Volume type access for {pair} combination already exists.")
        session.add(VolumeTypeProject(volume_type_id=kind.id, project_id=values["project"]))

    def remove_project_access(self, req: Request, session: Session, kind: VolumeType, values: Body) -> None:
        access = session.get(VolumeTypeProject, (kind.id, values["project"]))
        if access is None:
            pair = f"{kind.id} / {values['project']}"
            raise exception.NotFound(f"Volume type access not found for {pair} combination.")
        session.delete(access)


class ExtraSpecs:
    """What a type asks of a backend."""

    def __init__(self, db: CinderDB) -> None:
        self.db = db

    def list_extra_specs(self, req: Request, session: Session, id: str) -> Body:
        """Those that the caller may see. 200, 404."""
        return {"extra_specs": views.type_view(req, type_by_id(session, req.caller, id))["extra_specs"]}

    def show_extra_spec(self, req: Request, session: Session, id: str, key: str) -> Body:
        """One of them. 200, 404."""
        specs = self.list_extra_specs(req, session, id)["extra_specs"]
        if key not in specs:
            raise exception.NotFound(f"Volume Type {id} has no extra specs with key {key}.")
        return {key: specs[key]}

    def create_extra_specs(self, req: Request, session: Session, id: str, wanted: Body) -> Body:
        """200, 400, 404: they are added to those that are there."""
        self._save_extra_specs(req, session, id, wanted)
        return {"extra_specs": wanted}

    def update_extra_spec(self, req: Request, session: Session, id: str, key: str, wanted: Body) -> Body:
        """Another value for one key; the body must name the key of the path. 200, 400, 404."""
        if key not in wanted:
            raise exception.BadRequest("Request body and URI mismatch")
        self._save_extra_specs(req, session, id, wanted)
        return wanted

    def delete_extra_spec(self, req: Request, session: Session, id: str, key: str) -> None:
        """One less, unless a volume has the type. 202, 400, 404."""
        self.show_extra_spec(req, session, id, key)
        self._save_extra_specs(req, session, id, {}, without=key)

    def _save_extra_specs(self, req: Request, session: Session, id: str, specs: Body, without: str = "") -> None:
        found = type_by_id(session, req.caller, id)
        if session.scalar(select(Volume.id).where(Volume.volume_type_id == id)):
            raise exception.BadRequest("Volume Type is currently in use.")
        kept = {key: value for key, value in found.extra_specs.items() if key != without}
        self.db.save(found, extra_specs=kept | specs)


class DefaultTypes:
    """Projects' own default types."""

    def list_default_types(self, req: Request, session: Session) -> Body:
        """The defaults of all projects that have one of their own. 200."""
        rows = session.scalars(select(DefaultVolumeType))
        return {"default_types": [fields(row, "project_id volume_type_id") for row in rows]}

    def show_default_type(self, req: Request, session: Session, id: str) -> Body:
        """A project's own default. 200, 404."""
        row = session.get(DefaultVolumeType, id)
        if row is None:
            raise exception.NotFound(f"Default type for project {id} not found.")
        return {"default_type": fields(row, "project_id volume_type_id")}

    def set_default_type(self, req: Request, session: Session, id: str, wanted: Body) -> Body:
        """Give a project a default of its own. 200, 400, 404."""
        kind = type_by_name(session, req.caller, wanted["volume_type"])
        row = session.merge(DefaultVolumeType(project_id=id, volume_type_id=kind.id))
        return {"default_type": fields(row, "project_id volume_type_id")}

    def unset_default_type(self, req: Request, session: Session, id: str) -> None:
        """The cloud's default holds again. 204."""
        session.execute(delete(DefaultVolumeType).where(DefaultVolumeType.project_id == id))


def check_name(session: Session, name: str | None, id: str = "") -> None:
    """Raises Conflict if another type has the name."""
    if session.scalar(select(VolumeType.id).where(VolumeType.name == name, VolumeType.id != id)):
        raise exception.Conflict(f"Volume Type {name} already exists.")


def check_size(kind: VolumeType, size: int) -> None:
    """Whether volumes of the type may be so large. Raises InvalidInput."""
    words = {"max": "greater than the maximum allowable", "min": "less than the minimum required"}
    for end in words:
        bound = kind.extra_specs.get(f"provisioning:{end}_vol_size") or ""
        if bound.isdigit() and (size > int(bound) if end == "max" else size < int(bound)):
            what = f"is {words[end]} size of '{bound}' for volume type '{kind.name}'."
            raise e.InvalidInput(reason=f"Specified volume size of '{size}' {what}")
