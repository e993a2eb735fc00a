"""Domains and the projects in them, a tree each.

Interface: `Domains`, `Projects`, collections.
Invariants: a domain is the root of its tree; a project's parent is in its domain; only a leaf is deleted.
Upstream: keystone/resource/core.py. Left out: the depth of a tree, cascading deletes of projects, domains' own
configurations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Unpack

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from oslearn.core.keystone.models import ROOT, Project, User
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.extensions.keystone.manager import Backend, Collection, Kind, Page, Query, Where
from oslearn.extensions.keystone.schemas import BOOLEAN, IMMUTABLE, NO_ID, SHORT_NAME, TAGS, TEXT

TWICE = "it is not permitted to have two projects"
TAG_FILTERS = ("tags", "tags-any", "not-tags", "not-tags-any")


class Domains(Collection[Project]):
    """Domains: users, groups and projects belong to one."""

    kind = Kind(
        "domain", Project,
        attributes={
            "name": SHORT_NAME, "description": TEXT | {"maxLength": 255}, "enabled": BOOLEAN, "tags": TAGS,
            "options": IMMUTABLE,
        },
        shown=("id", "name", "description", "enabled", "tags", "options"),
        filters=("name", "enabled"), domain="id",
    )  # fmt: skip

    def mine(self, row: Project) -> bool:
        """Whether it acts as a domain."""
        return row.is_domain and row.id != ROOT

    def find(self, query: Query | None = None, *where: Where, **page: Unpack[Page]) -> Sequence[Project]:
        """Those that are domains."""
        return super().find(query, Project.is_domain, Project.id != ROOT, *where, **page)

    def creating(self, session: Session, row: Project, values: Body) -> None:
        """It is above all others."""
        row.domain_id, row.is_domain = ROOT, True
        if (id := values.pop("explicit_domain_id", None)) is not None:
            if not isinstance(id, str) or not re.fullmatch("[0-9a-f]{32}", id):
                raise exception.BadRequest("Domain ID does not conform to required UUID format.")
            if session.get(Project, id):
                raise exception.Conflict(f"Conflict occurred attempting to store domain - Duplicate ID, {id}..")
            row.id = id

    def updating(self, session: Session, row: Project, values: Body) -> None:
        """Who is switched off loses the tokens."""
        switch_off(self.backend, session, row, values)

    def deleting(self, session: Session, row: Project) -> None:
        """Only once it is disabled; all that is in it goes, too."""
        if row.enabled:
            raise exception.Forbidden("Cannot delete a domain that is enabled, please disable it first.")

    def taken(self, values: Body) -> str:
        """In Keystone's words."""
        return f"project - {TWICE} acting as domains with the same name: {values.get('name')}"


class Projects(Collection[Project]):
    """Projects; also shows domains, for which they are projects that act as domains."""

    kind = Kind(
        "project", Project,
        attributes={
            "name": SHORT_NAME, "domain_id": NO_ID, "description": TEXT, "enabled": BOOLEAN, "parent_id": NO_ID,
            "is_domain": BOOLEAN, "tags": TAGS, "options": IMMUTABLE,
        },
        shown=("id", "name", "domain_id", "description", "enabled", "parent_id", "is_domain", "tags", "options"),
        filters=("name", "domain_id", "enabled", "parent_id", "is_domain"), domain="domain_id", twice=True,
    )  # fmt: skip

    def __init__(self, backend: Backend, domains: Domains) -> None:
        super().__init__(backend)
        self.domains = domains

    def mine(self, row: Project) -> bool:
        """All but the root."""
        return row.id != ROOT

    def find(self, query: Query | None = None, *where: Where, **page: Unpack[Page]) -> Sequence[Project]:
        """Those that are no domains, unless domains are asked for; `tags` are looked for in what was found."""
        query = {"is_domain": "false"} | dict(query or {})
        found = super().find(query, Project.id != ROOT, *where, **page)
        for name in TAG_FILTERS:
            wanted = set(query.get(name, "").split(",")) - {""}
            hit = any if name.endswith("any") else all
            if wanted:
                found = [p for p in found if hit(t in p.tags for t in wanted) != name.startswith("not")]
        return found

    def taken(self, values: Body) -> str:
        """In Keystone's words."""
        which = f"name is {values.get('name')}, project id {values['id']}"
        return f"project - {TWICE} with either the same name or same id in the same domain: {which}"

    def creating(self, session: Session, row: Project, values: Body) -> None:
        """Its domain is its parent's. Raises BadRequest if one is not there or they do not fit."""
        try:
            if values.get("is_domain"):
                row.domain_id, row.is_domain = ROOT, True
                values |= {"domain_id": ROOT}
                return
            if not values.get("parent_id"):
                values["parent_id"] = self.domains.get(values["domain_id"], session).id
            parent = self.get(values["parent_id"], session)
        except exception.NotFound as error:
            raise exception.BadRequest(str(error)) from None
        home = parent.id if parent.is_domain else parent.domain_id
        if home != (wanted := values.setdefault("domain_id", home)):
            raise exception.BadRequest(
                f"Cannot create project, since it specifies its domain_id {wanted}, but specifies a parent in a "
                f"different domain ({home})."
            )

    def updating(self, session: Session, row: Project, values: Body) -> None:
        """Its place stays. Raises Forbidden, BadRequest."""
        if values.get("parent_id", row.parent_id) != row.parent_id:
            raise exception.Forbidden("Update of `parent_id` is not allowed.")
        if (values.get("domain_id") or row.domain_id) != row.domain_id:
            raise exception.BadRequest("Cannot change Domain ID")
        if values.get("is_domain", row.is_domain) != row.is_domain:
            raise exception.BadRequest("Update of `is_domain` is not allowed.")
        if values.get("enabled") is False and not row.is_domain and any(p.enabled for p in self.subtree(row.id)):
            raise exception.Forbidden(f"Cannot disable project {row.id} since its subtree contains enabled projects.")
        switch_off(self.backend, session, row, values)

    def deleting(self, session: Session, row: Project) -> None:
        """Only a leaf; users forget that it was their default."""
        if row.is_domain:
            self.domains.deleting(session, row)
        elif session.scalars(select(Project.id).where(Project.parent_id == row.id)).first():
            raise exception.Forbidden(
                f"Cannot delete the project {row.id} since it is not a leaf in the hierarchy. Use the cascade option "
                "if you want to delete a whole subtree."
            )
        session.execute(update(User).where(User.default_project_id == row.id).values(default_project_id=None))

    def subtree(self, id: str | None) -> Sequence[Project]:
        """The projects below one."""
        below = select(Project.id).where(Project.parent_id == id).cte("below", recursive=True)
        below = below.union(select(Project.id).join(below, Project.parent_id == below.c.id))
        return super().find(None, Project.id.in_(select(below.c.id)))

    def parents(self, id: str) -> list[Project]:
        """The projects above one, the nearest first, the domain last."""
        found, row = [], self.get(id)
        while row.parent_id:
            row = self.get(row.parent_id)
            found.append(row)
        return found


def switch_off(backend: Backend, session: Session, row: Project, values: Body) -> None:
    """Tokens for a project or domain that is disabled end, even if it is enabled again."""
    if values.get("enabled") is False:
        backend.revoke(session, project_id=row.id)
