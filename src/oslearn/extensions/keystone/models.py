"""Keystone's tables that no boot reads, beside those of the core.

Upstream: keystone/application_credential/backends/sql.py, keystone/policy/backends/sql.py.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from oslearn.core.keystone.models import NAME, Resource, of
from oslearn.core.oslo.context import Body


class ApplicationCredential(Resource):
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
    roles: Mapped[list[str]] = mapped_column(default=list)
    access_rules: Mapped[list[Body]] = mapped_column(JSON, default=list)


class AccessRule(Resource):
    """A request that an application credential may make: a service, a method and a path."""

    __tablename__ = "access_rule"
    __table_args__ = (UniqueConstraint("user_id", "service", "path", "method"),)
    user_id: Mapped[str] = of("user")
    service: Mapped[str]
    path: Mapped[str]
    method: Mapped[str]


class Policy(Resource):
    """A policy file that Keystone keeps for others and never reads."""

    __tablename__ = "policy"
    blob: Mapped[str] = mapped_column(Text)
    type: Mapped[str]
