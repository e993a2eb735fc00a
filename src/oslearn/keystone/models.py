"""Keystone's tables. Upstream: keystone/*/backends/sql.py."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Keystone's metadata."""


class Project(Base):
    """A project. Names are unique in a domain; here there is one domain, `default`."""

    __tablename__ = "project"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")
    enabled: Mapped[bool] = mapped_column(default=True)


class User(Base):
    """A user; only the password's hash is kept."""

    __tablename__ = "user"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    enabled: Mapped[bool] = mapped_column(default=True)
    default_project_id: Mapped[str | None]
    extra: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)


class Role(Base):
    """A role."""

    __tablename__ = "role"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class ImpliedRole(Base):
    """Who has the prior role has the implied one too."""

    __tablename__ = "implied_role"
    prior_role_id: Mapped[str] = mapped_column(ForeignKey("role.id", ondelete="CASCADE"), primary_key=True)
    implied_role_id: Mapped[str] = mapped_column(ForeignKey("role.id", ondelete="CASCADE"), primary_key=True)


class Assignment(Base):
    """A user's role in a project."""

    __tablename__ = "assignment"
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"), primary_key=True)
    role_id: Mapped[str] = mapped_column(ForeignKey("role.id", ondelete="CASCADE"), primary_key=True)


class Service(Base):
    """A service in the catalog."""

    __tablename__ = "service"
    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    name: Mapped[str]


class Endpoint(Base):
    """Where a service answers. `%(project_id)s` in a URL becomes the caller's project."""

    __tablename__ = "endpoint"
    __table_args__ = (UniqueConstraint("service_id", "interface", "region_id"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    service_id: Mapped[str] = mapped_column(ForeignKey("service.id", ondelete="CASCADE"))
    interface: Mapped[str]
    region_id: Mapped[str]
    url: Mapped[str]


class RevocationEvent(Base):
    """Tokens that are no longer good: one by its audit id, or all of a user issued before."""

    __tablename__ = "revocation_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[str | None] = mapped_column(index=True)
    user_id: Mapped[str | None] = mapped_column(index=True)
    issued_before: Mapped[datetime]
