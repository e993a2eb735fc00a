"""What the controllers share: who sees an image, who may do what with it, and how its status changes.

Interface: `Controller`: `get`, `enforce`, `move`; `RULES`; `visible_to`, `json_body`.
Invariants: an image that the caller may not see does not exist for it (404, not 403); a status changes only along
`TRANSITIONS`, and of two requests at once only one changes it.
Upstream: glance/policies/, glance/domain/__init__.py, glance/db/sqlalchemy/api.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, update
from sqlalchemy.orm import Session

from oslearn.core.config import Config
from oslearn.core.glance.models import Image, Member
from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.clock import Clock, Ids
from oslearn.core.oslo.context import RequestContext
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Request
from oslearn.core.oslo.store import Store

Target = Mapping[str, Any]
TRANSITIONS = {
    "queued": ("saving", "uploading"),
    "saving": ("active", "queued"),
    "uploading": ("importing", "queued"),
    "importing": ("active", "queued"),
    "active": ("deactivated",),
    "deactivated": ("active",),
}


def is_member(context: RequestContext, target: Target) -> bool:
    """The project that a shared image is shared with."""
    return context.project_id is not None and context.project_id == target.get("member_id")


def download_image(context: RequestContext, target: Target) -> bool:
    """Members download what they see; readers do not."""
    return policy.project_member(context, {"project_id": context.project_id})


def get_member(context: RequestContext, target: Target) -> bool:
    """The owner's project and the one that it is shared with."""
    return policy.project_reader(context, target) or is_member(context, target)


def modify_member(context: RequestContext, target: Target) -> bool:
    """Only who the image is shared with accepts it."""
    return context.is_admin or (is_member(context, target) and download_image(context, target))


MEMBER = ("add_image", "modify_image", "upload_image", "delete_image", "deactivate", "reactivate", "communitize_image",
          "add_member", "delete_member")  # fmt: skip
RULES: dict[str, policy.Rule] = {
    **dict.fromkeys(MEMBER, policy.project_member),
    "get_image": policy.project_reader,
    "publicize_image": policy.admin,
    "copy_image": policy.admin,
    "delete_image_location": policy.admin,
    "download_image": download_image,
    "get_member": get_member,
    "get_members": get_member,
    "modify_member": modify_member,
    "tasks_api_access": policy.admin,
    "get_metadef_namespaces": policy.project_reader,
    "add_metadef_namespace": policy.admin,
    "stores_info_detail": policy.admin_or_service,
}


class Controller:
    """A controller of the image API."""

    def __init__(self, handle: Handle, store: Store, ids: Ids, clock: Clock, config: Config) -> None:
        self.handle, self.store, self.ids, self.clock, self.config = handle, store, ids, clock, config
        self.has_worked = False
        self.policy = policy.Enforcer(RULES, "You are not authorized to complete %(action)s action.")

    def get(self, session: Session, req: Request, image_id: str, message: str = "No image found with ID %s") -> Image:
        """An image that the caller may see. Raises NotFound."""
        image, caller = session.get(Image, image_id), req.caller
        if image is None or not (
            policy.owner(caller, {"project_id": image.owner})
            or image.visibility in ("public", "community")
            or (image.visibility == "shared" and session.get(Member, (image_id, caller.project_id)) is not None)
        ):
            raise exception.NotFound(message % image_id)
        return image

    def enforce(self, req: Request, action: str, image: Image | None = None, **target: Any) -> None:
        """Let pass or refuse. Raises PolicyNotAuthorized."""
        self.policy.enforce(req.caller, action, ({"project_id": image.owner} if image else {}) | target)

    def enforce_visibility(self, req: Request, visibility: Any, owner: str | None) -> None:
        """What everybody may see takes a right of its own. Raises PolicyNotAuthorized."""
        action = {"public": "publicize_image", "community": "communitize_image"}.get(visibility)
        if action:
            self.enforce(req, action, project_id=owner)

    def move(self, session: Session, image: Image, status: str, **values: Any) -> None:
        """Change the status. Raises Conflict, BadRequest for an image that may not have data yet."""
        here = [state for state, after in TRANSITIONS.items() if status in after]
        missing = [name for name in ("disk_format", "container_format") if not getattr(image, name)]
        if status in ("saving", "importing") and image.status in here and missing:
            words = ("Property", "") if len(missing) == 1 else ("Properties", "")
            raise exception.BadRequest(f"{words[0]} {', '.join(missing)} must be set prior to saving data.")
        values |= {"status": status, "updated_at": self.clock.now()}
        taken = update(Image).where(Image.id == image.id, Image.status.in_(here)).values(values)
        if not session.execute(taken).rowcount:  # type: ignore[attr-defined]
            raise exception.Conflict(f"Image status transition from {image.status} to {status} is not allowed")


def visible_to(caller: RequestContext, member_status: str = "accepted") -> ColumnElement[bool]:
    """The condition for what the caller finds in a list; an admin and a service find all."""
    if policy.admin_or_service(caller, {}):
        return Image.id.is_not(None)
    shared = [Member.image_id == Image.id, Member.member_id == caller.project_id]
    if member_status != "all":
        shared.append(Member.status == member_status)
    return or_(
        Image.owner == caller.project_id,
        Image.visibility.in_(["public", "community"]),
        and_(Image.visibility == "shared", exists().where(*shared)),
    )


def json_body(req: Request) -> dict[str, Any]:
    """The body. Raises BadRequest in Glance's words."""
    if not req.content_length:
        raise exception.BadRequest("Body expected in request.")
    try:
        return req.json_body()
    except exception.MalformedRequestBody:
        raise exception.BadRequest("Malformed JSON in request body.") from None
