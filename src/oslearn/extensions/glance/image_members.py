"""The projects that a shared image is shared with.

Upstream: glance/api/v2/image_members.py.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oslearn.core.config import Config
from oslearn.core.glance.models import Image, Member, image_get
from oslearn.core.oslo import exception
from oslearn.core.oslo.clock import Clock, iso
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.core.oslo.http import Request
from oslearn.extensions.glance import quota
from oslearn.extensions.glance.policies import ImagePolicy
from oslearn.extensions.glance.schemas import json_body

NOT_SHARED = "Only shared images have members."


class ImageMembers:
    """The members of one image: its owner invites, they accept."""

    def __init__(self, handle: Handle, clock: Clock, config: Config, policy: ImagePolicy) -> None:
        self.handle, self.clock, self.config, self.policy = handle, clock, config, policy

    def index(self, req: Request, image_id: str) -> Body:
        """All for the owner, themselves for the others. 200, 403, 404."""
        with self.handle.session() as session:
            image = self._shared(
                session, req, image_id, f"Not allowed to list members for image {image_id}: {NOT_SHARED}"
            )
            self.policy.enforce(req, "get_members", image, member_id=self._member_id(session, req, image))
            query = select(Member).where(Member.image_id == image_id).order_by(Member.created_at, Member.member_id)
            if not req.caller.is_admin and image.owner != req.caller.project_id:
                query = query.where(Member.member_id == req.caller.project_id)
            members = [view_member(member) for member in session.scalars(query)]
        return {"members": members, "schema": "/v2/schemas/members"}

    def create(self, req: Request, image_id: str) -> Body:
        """Share the image with a project, which may then accept it. 200, 400, 403, 404, 409, 413."""
        body = json_body(req)
        if "member" not in body:
            raise exception.BadRequest("Member to be added not specified")
        member_id = body["member"]
        if not member_id or not isinstance(member_id, str) or len(member_id) > 255:
            raise exception.BadRequest("Member can't be empty")
        with self.handle.session() as session:
            image = self._shared(session, req, image_id, f"create members for image {image_id}.")
            self.policy.enforce(req, "add_member", image)
            if session.get(Member, (image_id, member_id)):
                raise exception.Conflict(f"Member {member_id} is duplicated for image {image_id}")
            count = session.scalars(select(func.count()).where(Member.image_id == image_id)).one()
            quota.check_members(self.config, image_id, count + 1)
            now = self.clock.now()
            member = Member(image_id=image_id, member_id=member_id, status="pending", created_at=now, updated_at=now)
            session.add(member)
            return view_member(member)

    def show(self, req: Request, image_id: str, member_id: str) -> Body:
        """One project, and whether it accepted. 200, 404."""
        with self.handle.session() as session:
            image = image_get(session, req.caller, image_id, "Image %s not found.")
            if image.visibility != "shared":
                raise exception.NotFound(NOT_SHARED)
            return view_member(self._find(session, req, image, member_id))

    def update(self, req: Request, image_id: str, member_id: str) -> Body:
        """Accept or reject; the owner may not. 200, 400, 403, 404."""
        body = json_body(req)
        if "status" not in body:
            raise exception.BadRequest("Status not specified")
        with self.handle.session() as session:
            image = self._shared(session, req, image_id, f"update members for image {image_id}.")
            member = self._find(session, req, image, member_id)
            self.policy.enforce(req, "modify_member", image, member_id=member.member_id)
            if body["status"] not in ("pending", "accepted", "rejected"):
                words = 'Status must be "pending", "accepted" or "rejected".'
                raise exception.BadRequest(f"Incorrect request: {words}")
            member.status, member.updated_at = body["status"], self.clock.now()
            return view_member(member)

    def delete(self, req: Request, image_id: str, member_id: str) -> None:
        """Share it with that project no longer. 204, 403, 404."""
        with self.handle.session() as session:
            image = self._shared(session, req, image_id, f"delete members for image {image_id}.")
            member = self._find(session, req, image, member_id)
            self.policy.enforce(req, "delete_member", image)
            session.delete(member)

    def _shared(self, session: Session, req: Request, image_id: str, what: str) -> Image:
        image = image_get(session, req.caller, image_id, "Image %s not found.")
        if image.visibility != "shared":
            raise exception.Forbidden(f"Not allowed to {what}")
        return image

    def _member_id(self, session: Session, req: Request, image: Image) -> str | None:
        """The caller's project if the image is shared with it."""
        return req.caller.project_id if session.get(Member, (image.id, req.caller.project_id)) else None

    def _find(self, session: Session, req: Request, image: Image, member_id: str) -> Member:
        own = image.owner == req.caller.project_id or req.caller.is_admin
        member = session.get(Member, (image.id, member_id)) if own or member_id == req.caller.project_id else None
        if member is None:
            raise exception.NotFound(f"{member_id} not found in the member list of the image {image.id}.")
        self.policy.enforce(req, "get_member", image, member_id=member.member_id)
        return member


def view_member(member: Member) -> Body:
    """A member as the API shows it."""
    shown: Body = {"member_id": member.member_id, "image_id": member.image_id, "status": member.status}
    shown |= {"created_at": iso(member.created_at), "updated_at": iso(member.updated_at)}
    return shown | {"schema": "/v2/schemas/member"}
