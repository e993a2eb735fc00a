"""Glance's table of tasks, beside those of the core.

Upstream: glance/db/sqlalchemy/models.py (`Task`, `TaskInfo`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from oslearn.core.glance.models import Base
from oslearn.core.oslo.context import Body


class Task(Base):
    """Work that goes on after the reply: an import. It outlives its image."""

    __tablename__ = "tasks"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    type: Mapped[str] = mapped_column(String(30))
    status: Mapped[str] = mapped_column(String(30), default="pending")
    owner: Mapped[str | None] = mapped_column(String(255))
    image_id: Mapped[str] = mapped_column(String(36), index=True)
    request_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str | None] = mapped_column(String(64))
    input: Mapped[Body] = mapped_column(JSON)
    result: Mapped[Body | None] = mapped_column(JSON)
    message: Mapped[str] = mapped_column(String(255), default="")
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
