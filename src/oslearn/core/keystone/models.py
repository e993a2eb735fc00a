"""Keystone's tables. A domain is a project that acts as one; what belongs to no domain belongs to ROOT.

Upstream: keystone/*/backends/sql.py and sql_model.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

ROOT = "<<keystone.domain.root>>"
NAME = String(255).with_variant(String(255, collation="NOCASE"), "sqlite")
"""Capitals or not is the same name, as in MySQL, on which most Keystones stand; PostgreSQL tells them apart."""


class Base(DeclarativeBase):
    """Keystone's metadata."""

    type_annotation_map = {str: String(255), dict[str, Any]: JSON, list[Any]: JSON}


def of(table: str, **options: Any) -> Any:
    """A column that names a row of another table and goes with it."""
    return mapped_column(ForeignKey(f"{table}.id", ondelete="CASCADE"), index=not options.get("primary_key"), **options)


class Resource:
    """What a client may give attributes of its own."""

    id: Mapped[str] = mapped_column(primary_key=True)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Named(Resource):
    """What has a name that its domain knows once."""

    name: Mapped[str] = mapped_column(NAME)

    domain_id: Mapped[str] = of("project", default=ROOT)

    @declared_attr.directive
    def __table_args__(self) -> Any:
        return (UniqueConstraint("domain_id", "name"),)


class Project(Named, Base):
    """A project or a domain."""

    __tablename__ = "project"
    parent_id: Mapped[str | None] = of("project")
    is_domain: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str | None] = mapped_column(Text, default="")
    enabled: Mapped[bool] = mapped_column(default=True)
    tags: Mapped[list[Any]] = mapped_column(default=list)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)


class User(Named, Base):
    """A user; only the password's hash is kept."""

    __tablename__ = "user"
    password_hash: Mapped[str | None]
    enabled: Mapped[bool] = mapped_column(default=True)
    default_project_id: Mapped[str | None]
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Group(Named, Base):
    """Users who are given roles together."""

    __tablename__ = "group"
    description: Mapped[str | None] = mapped_column(Text, default="")


class Membership(Base):
    """A user in a group."""

    __tablename__ = "user_group_membership"
    user_id: Mapped[str] = of("user", primary_key=True)
    group_id: Mapped[str] = of("group", primary_key=True)


class Role(Named, Base):
    """A role, of the cloud or of one domain."""

    __tablename__ = "role"
    description: Mapped[str | None] = mapped_column(Text)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)


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


class ApplicationCredential(Resource, Base):
    """What a program logs in with in place of its user's password; only the secret's hash is kept."""

    __tablename__ = "application_credential"
    __table_args__ = (UniqueConstraint("user_id", "name"),)
    name: Mapped[str] = mapped_column(NAME)
    secret_hash: Mapped[str]
    description: Mapped[str | None] = mapped_column(Text)
    user_id: Mapped[str] = of("user")
    project_id: Mapped[str] = of("project")
    expires_at: Mapped[datetime | None]
    unrestricted: Mapped[bool | None]
    roles: Mapped[list[Any]] = mapped_column(default=list)
    access_rules: Mapped[list[Any]] = mapped_column(default=list)


class AccessRule(Resource, Base):
    """A request that an application credential may make: a service, a method and a path."""

    __tablename__ = "access_rule"
    __table_args__ = (UniqueConstraint("user_id", "service", "path", "method"),)
    user_id: Mapped[str] = of("user")
    service: Mapped[str]
    path: Mapped[str]
    method: Mapped[str]


class Region(Resource, Base):
    """A part of the cloud with endpoints of its own."""

    __tablename__ = "region"
    description: Mapped[str] = mapped_column(Text, default="")
    parent_region_id: Mapped[str | None] = of("region")


class Service(Resource, Base):
    """A service in the catalog."""

    __tablename__ = "service"
    type: Mapped[str]
    name: Mapped[str] = mapped_column(NAME, default="")
    enabled: Mapped[bool] = mapped_column(default=True)


class Endpoint(Resource, Base):
    """Where a service answers. `%(project_id)s` in a URL becomes the caller's project."""

    __tablename__ = "endpoint"
    interface: Mapped[str]
    region_id: Mapped[str | None] = mapped_column(ForeignKey("region.id"))
    service_id: Mapped[str] = of("service")
    url: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(default=True)


class Policy(Resource, Base):
    """A policy file that Keystone keeps for others and never reads."""

    __tablename__ = "policy"
    blob: Mapped[str] = mapped_column(Text)
    type: Mapped[str]


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
