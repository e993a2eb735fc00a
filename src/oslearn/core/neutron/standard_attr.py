"""What all of Neutron's tables share. Upstream: neutron/db/standard_attr.py, neutron_lib's model_base."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Strings = list[str]
Dict = dict[str, Any]
Dicts = list[dict[str, Any]]


class Base(DeclarativeBase):
    """The tables of the database `neutron`."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {str: String(255), Strings: JSON, Dict: JSON, Dicts: JSON}
    hidden: ClassVar[Any] = ()
    """Attributes that the API does not show of this row."""


class Standard(Base):
    """What every resource has (`standardattributes` upstream)."""

    __abstract__ = True

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    project_id: Mapped[str] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(default="")
    description: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    revision_number: Mapped[int] = mapped_column(default=0)
    tags: Mapped[Strings] = mapped_column(default=list)
