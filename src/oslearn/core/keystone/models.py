"""Keystone's tables. A domain is a project that acts as one; what belongs to no domain belongs to ROOT.

Upstream: keystone/*/backends/sql.py and sql_model.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from oslearn.core.oslo.context import Body

ROOT = "<<keystone.domain.root>>"
NAME = String(255, collation="NOCASE")
"""Capitals or not is the same name, as in MySQL, on which most Keystones stand."""


class Base(DeclarativeBase):
    """The tables of the database `keystone`."""

    type_annotation_map = {str: String(255), Body: JSON, list[str]: JSON}


def of(table: str, **options: Any) -> Any:
    """A column that names a row of another table and goes with it."""
    return mapped_column(ForeignKey(f"{table}.id", ondelete="CASCADE"), index=not options.get("primary_key"), **options)


class Resource(Base):
    """What a client may give attributes of its own: they are kept in `extra`."""

    __abstract__ = True

    id: Mapped[str] = mapped_column(primary_key=True)
    extra: Mapped[Body] = mapped_column(default=dict)


class Named(Base):
    """A resource that has a name, which its domain knows once. It is no `Resource`: no class lies four deep."""

    __abstract__ = True

    id: Mapped[str] = mapped_column(primary_key=True)
    extra: Mapped[Body] = mapped_column(default=dict)
    name: Mapped[str] = mapped_column(NAME)

    domain_id: Mapped[str] = of("project", default=ROOT)

    @declared_attr.directive
    def __table_args__(self) -> tuple[UniqueConstraint]:
        return (UniqueConstraint("domain_id", "name"),)


class Project(Named):
    __tablename__ = "project"
    parent_id: Mapped[str | None] = of("project")
    is_domain: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str | None] = mapped_column(Text, default="")
    enabled: Mapped[bool] = mapped_column(default=True)
    tags: Mapped[list[str]] = mapped_column(default=list)
    options: Mapped[Body] = mapped_column(default=dict)


class User(Named):
    """A user; only the password's hash is kept."""

    __tablename__ = "user"
    password_hash: Mapped[str | None]
    enabled: Mapped[bool] = mapped_column(default=True)
    default_project_id: Mapped[str | None]
    options: Mapped[Body] = mapped_column(default=dict)


class Group(Named):
    """Users who are given roles together."""

    __tablename__ = "group"
    description: Mapped[str | None] = mapped_column(Text, default="")


class Membership(Base):
    __tablename__ = "user_group_membership"
    user_id: Mapped[str] = of("user", primary_key=True)
    group_id: Mapped[str] = of("group", primary_key=True)


class Role(Named):
    __tablename__ = "role"
    description: Mapped[str | None] = mapped_column(Text)
    options: Mapped[Body] = mapped_column(default=dict)


class ImpliedRole(Base):
    """Who has the prior role has the implied one too."""

    __tablename__ = "implied_role"
    prior_role_id: Mapped[str] = of("role", primary_key=True)
    implied_role_id: Mapped[str] = of("role", primary_key=True)


class Assignment(Base):
    """A role of a user or a group in a project, a domain (`project_id` names it) or the whole system."""

    __tablename__ = "assignment"
    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str]
    user_id: Mapped[str | None] = of("user")
    group_id: Mapped[str | None] = of("group")
    project_id: Mapped[str | None] = of("project")
    role_id: Mapped[str] = of("role")
    inherited: Mapped[bool] = mapped_column(default=False)


class Region(Resource):
    """A part of the cloud with endpoints of its own."""

    __tablename__ = "region"
    description: Mapped[str] = mapped_column(Text, default="")
    parent_region_id: Mapped[str | None] = of("region")


class Service(Resource):
    __tablename__ = "service"
    type: Mapped[str]
    name: Mapped[str] = mapped_column(NAME, default="")
    enabled: Mapped[bool] = mapped_column(default=True)


class Endpoint(Resource):
    """Where a service answers. `%(project_id)s` in a URL becomes the caller's project."""

    __tablename__ = "endpoint"
    interface: Mapped[str]
    region_id: Mapped[str | None] = mapped_column(ForeignKey("region.id"))
    service_id: Mapped[str] = of("service")
    url: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(default=True)


class RevocationEvent(Base):
    """Tokens that are no longer good: those issued before that fit all that is set; a domain is a `project_id`, too."""

    __tablename__ = "revocation_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    audit_id: Mapped[str | None]
    user_id: Mapped[str | None]
    project_id: Mapped[str | None]
    issued_before: Mapped[datetime] = mapped_column(index=True)


class SigningKey(Base):
    """The key that tokens are signed with: the tokens outlive the process."""

    __tablename__ = "signing_key"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[bytes]
