"""Glance's tables.

Upstream: glance/db/sqlalchemy/models.py. Left out: tables of their own for properties, tags and locations; soft delete.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from oslearn.core.oslo.context import Body


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
