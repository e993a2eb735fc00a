"""The projects that a shared image is shared with.

Upstream: glance/api/v2/image_members.py.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oslearn.core.glance import quota
from oslearn.core.glance.base import Controller, json_body
from oslearn.core.glance.models import Image, Member
from oslearn.core.glance.views import view_member
from oslearn.core.oslo import exception
from oslearn.core.oslo.http import Request

ROUTES = [
    ("GET", "/v2/images/{image_id}/members", "list_members"),
    ("POST", "/v2/images/{image_id}/members", "create_member"),
    ("GET", "/v2/images/{image_id}/members/{member_id}", "show_member"),
    ("PUT", "/v2/images/{image_id}/members/{member_id}", "update_member"),
    ("DELETE", "/v2/images/{image_id}/members/{member_id}", "delete_member"),
]
NOT_SHARED = "Only shared images have members."


class ImageMembersController(Controller):
    """The handlers."""

    def list_members(self, req: Request, image_id: str) -> dict[str, Any]:
        """200, 403, 404: all for the owner, themselves for the others."""
        with self.handle.session() as session:
            image = self._shared(
                session, req, image_id, f"Not allowed to list members for image {image_id}: {NOT_SHARED}"
            )
            self.enforce(req, "get_members", image, member_id=self._member_id(session, req, image))
            query = select(Member).where(Member.image_id == image_id).order_by(Member.created_at, Member.member_id)
            if not req.caller.is_admin and image.owner != req.caller.project_id:
                query = query.where(Member.member_id == req.caller.project_id)
            members = [view_member(member) for member in session.scalars(query)]
        return {"members": members, "schema": "/v2/schemas/members"}

    def create_member(self, req: Request, image_id: str) -> dict[str, Any]:
        """200, 400, 403, 404, 409, 413."""
        body = json_body(req)
        if "member" not in body:
            raise exception.BadRequest("Member to be added not specified")
        member_id = body["member"]
        if not member_id or not isinstance(member_id, str) or len(member_id) > 255:
            raise exception.BadRequest("Member can't be empty")
        with self.handle.session() as session:
            image = self._shared(session, req, image_id, f"create members for image {image_id}.")
            self.enforce(req, "add_member", image)
            if session.get(Member, (image_id, member_id)):
                raise exception.Conflict(f"Member {member_id} is duplicated for image {image_id}")
            count = session.scalars(select(func.count()).where(Member.image_id == image_id)).one()
            quota.check_members(self.config, image_id, count + 1)
            now = self.clock.now()
            member = Member(image_id=image_id, member_id=member_id, status="pending", created_at=now, updated_at=now)
            session.add(member)
            return view_member(member)

    def show_member(self, req: Request, image_id: str, member_id: str) -> dict[str, Any]:
        """200, 404."""
        with self.handle.session() as session:
            image = self.get(session, req, image_id, "Image %s not found.")
            if image.visibility != "shared":
                raise exception.NotFound(NOT_SHARED)
            return view_member(self._find(session, req, image, member_id))

    def update_member(self, req: Request, image_id: str, member_id: str) -> dict[str, Any]:
        """200, 400, 403, 404: accept or reject; the owner may not."""
        body = json_body(req)
        if "status" not in body:
            raise exception.BadRequest("Status not specified")
        with self.handle.session() as session:
            image = self._shared(session, req, image_id, f"update members for image {image_id}.")
            member = self._find(session, req, image, member_id)
            self.enforce(req, "modify_member", image, member_id=member.member_id)
            if body["status"] not in ("pending", "accepted", "rejected"):
                words = 'Status must be "pending", "accepted" or "rejected".'
                raise exception.BadRequest(f"Incorrect request: {words}")
            member.status, member.updated_at = body["status"], self.clock.now()
            return view_member(member)

    def delete_member(self, req: Request, image_id: str, member_id: str) -> None:
        """204, 403, 404."""
        with self.handle.session() as session:
            image = self._shared(session, req, image_id, f"delete members for image {image_id}.")
            member = self._find(session, req, image, member_id)
            self.enforce(req, "delete_member", image)
            session.delete(member)

    def _shared(self, session: Session, req: Request, image_id: str, what: str) -> Image:
        image = self.get(session, req, image_id, "Image %s not found.")
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
        self.enforce(req, "get_member", image, member_id=member.member_id)
        return member
