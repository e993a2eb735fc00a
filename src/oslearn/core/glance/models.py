"""Glance's tables, and how one image is read as whoever asks may see it.

Interface: `Image`, `Member`; `image_get`.
Invariants: an image that the caller may not see does not exist for it: 404, not 403.
Upstream: glance/db/sqlalchemy/models.py, api.py (`image_get`, `is_image_visible`). Left out: tables of their own for
properties, tags and locations; soft delete.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from oslearn.core.oslo import exception, policy
from oslearn.core.oslo.context import Body, RequestContext


class Base(DeclarativeBase):
    """The tables of the database `glance`."""


class Image(Base):
    """An image: what is known of it; the data is in the store."""

    __tablename__ = "images"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(255))
    disk_format: Mapped[str | None] = mapped_column(String(20))
    container_format: Mapped[str | None] = mapped_column(String(20))
    visibility: Mapped[str] = mapped_column(String(10))
    size: Mapped[int | None] = mapped_column(BigInteger)
    virtual_size: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(30))
    checksum: Mapped[str | None] = mapped_column(String(32))
    protected: Mapped[bool] = mapped_column(default=False)
    min_ram: Mapped[int] = mapped_column(default=0)
    min_disk: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str | None] = mapped_column(String(255), index=True)
    os_hidden: Mapped[bool] = mapped_column(default=False)
    os_hash_algo: Mapped[str | None] = mapped_column(String(64))
    os_hash_value: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    properties: Mapped[Body] = mapped_column(JSON, default=dict)


class Member(Base):
    """A project that a shared image is shared with, and whether it accepted."""

    __tablename__ = "image_members"

    image_id: Mapped[str] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[str] = mapped_column(String(255), primary_key=True, index=True)
    status: Mapped[str] = mapped_column(String(20), default="pending")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


def image_get(
    session: Session, caller: RequestContext, image_id: str, message: str = "No image found with ID %s"
) -> Image:
    """An image that the caller may see. Raises NotFound with the message."""
    image = session.get(Image, image_id)
    if image is None or not (
        policy.owner(caller, {"project_id": image.owner})
        or image.visibility in ("public", "community")
        # Who has not accepted it may boot from it all the same: accepting only puts it into the list.
        or (image.visibility == "shared" and session.get(Member, (image_id, caller.project_id)) is not None)
    ):
        raise exception.NotFound(message % image_id)
    return image
