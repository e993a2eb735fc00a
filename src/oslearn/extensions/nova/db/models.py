"""Tables of a cell's database that no boot writes. Upstream: nova/db/main/models.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from oslearn.core.nova.db.models import Base


class Migration(Base):
    """An instance on its way from one host to another."""

    __tablename__ = "migrations"
    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    instance_uuid: Mapped[str] = mapped_column(index=True)
    source_compute: Mapped[str | None]
    source_node: Mapped[str | None]
    dest_compute: Mapped[str | None]
    dest_node: Mapped[str | None]
    dest_host: Mapped[str | None]
    old_instance_type_id: Mapped[int | None]
    new_instance_type_id: Mapped[int | None]
    migration_type: Mapped[str]
    status: Mapped[str]
    user_id: Mapped[str | None]
    project_id: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
