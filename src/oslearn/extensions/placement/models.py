"""Placement's tables that no boot reads, beside those of the core. Upstream: placement/db/sqlalchemy/models.py."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from oslearn.core.placement.models import PROVIDER, Base


class ProviderAggregate(Base):
    """A group that a provider is in."""

    __tablename__ = "resource_provider_aggregates"
    resource_provider_id: Mapped[int] = mapped_column(ForeignKey(PROVIDER), primary_key=True)
    aggregate: Mapped[str] = mapped_column(primary_key=True, index=True)


class Trait(Base):
    """A custom name."""

    __tablename__ = "traits"
    name: Mapped[str] = mapped_column(primary_key=True)


class ResourceClass(Base):
    """A custom name, too."""

    __tablename__ = "resource_classes"
    name: Mapped[str] = mapped_column(primary_key=True)
