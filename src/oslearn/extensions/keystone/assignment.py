"""Roles, what they imply, and who has which role where.

Interface: `Roles`, a collection; `Assignments`: `grant`, `check`, `revoke`, `find`, `given`, `effective`, `places`.
Invariants: an effective assignment is a user's: groups, implied roles and inheritance are spelled out in it.
Upstream: keystone/assignment/core.py. Left out: roles of federated users.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Unpack

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from oslearn.core.keystone.models import ROOT, Assignment, ImpliedRole, Membership, Project, Role
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.extensions.keystone.manager import Backend, Collection, Kind, Page, Query, Where
from oslearn.extensions.keystone.models import ApplicationCredential
from oslearn.extensions.keystone.resource import Domains, Projects
from oslearn.extensions.keystone.schemas import IMMUTABLE, NAME, NO_ID, TEXT


class Roles(Collection[Role]):
    """Roles, of the cloud or of a domain."""

    kind = Kind(
        "role", Role,
        attributes={"name": NAME, "domain_id": NO_ID, "description": TEXT, "options": IMMUTABLE},
        shown=("id", "name", "domain_id", "description", "options"),
        filters=("name", "domain_id"),
    )  # fmt: skip

    def __init__(self, backend: Backend, domains: Domains) -> None:
        super().__init__(backend)
        self.domains = domains

    def find(self, query: Query | None = None, *where: Where, **page: Unpack[Page]) -> Sequence[Role]:
        """Those of the cloud, unless a domain is named."""
        return super().find({"domain_id": ROOT} | dict(query or {}), *where, **page)

    def creating(self, session: Session, row: Role, values: Body) -> None:
        """Its domain must be there, if it has one."""
        values["domain_id"] = values.get("domain_id") or ROOT
        if values["domain_id"] != ROOT:
            self.domains.get(values["domain_id"], session)

    def updating(self, session: Session, row: Role, values: Body) -> None:
        """It stays where it is."""
        if (values.pop("domain_id", None) or row.domain_id) != row.domain_id:
            raise exception.BadRequest("Update of `domain_id` is not allowed.")

    def deleting(self, session: Session, row: Role) -> None:
        """The application credentials of who was given it go, in the projects where it was given."""
        given = session.execute(
            select(Assignment.user_id, Assignment.project_id).where(
                Assignment.role_id == row.id, Assignment.scope == "project", Assignment.user_id.is_not(None)
            )
        )
        for user_id, project_id in given.all():
            session.execute(delete(ApplicationCredential).filter_by(user_id=user_id, project_id=project_id))

    def imply(self, prior: Role, implied: Role) -> None:
        """Make one role imply another. Raises Forbidden, Conflict."""
        if implied.name == "admin" or (implied.domain_id != ROOT and prior.domain_id == ROOT):
            raise exception.Forbidden(f"{implied.id} cannot be an implied roles.")
        if implied.id in self.implied()[prior.id]:
            raise exception.Conflict("Conflict occurred attempting to store implied_role - Duplicate entry.")
        with self.db.session() as session:
            session.add(ImpliedRole(prior_role_id=prior.id, implied_role_id=implied.id))
        self.backend.changes.happened()

    def check_implied(self, prior: Role, implied: Role) -> None:
        """Raises NotFound if one does not imply the other."""
        if implied.id not in self.implied()[prior.id]:
            raise exception.NotFound(f"{prior.id} does not imply {implied.id}.")

    def unimply(self, prior: Role, implied: Role) -> None:
        """Let it no longer. Raises NotFound."""
        self.check_implied(prior, implied)
        with self.db.session() as session:
            session.delete(session.get(ImpliedRole, (prior.id, implied.id)))
        self.backend.changes.happened()

    def implied(self) -> dict[str, list[str]]:
        """The ids of the roles that a role implies itself, by its id."""
        found: dict[str, list[str]] = defaultdict(list)
        with self.db.session() as session:
            for row in session.scalars(select(ImpliedRole).order_by(ImpliedRole.implied_role_id)):
                found[row.prior_role_id].append(row.implied_role_id)
        return found


class Assignments:
    """Role assignments. A key is what names one: scope, user_id or group_id, project_id, role_id, inherited."""

    def __init__(self, backend: Backend, roles: Roles, projects: Projects) -> None:
        self.backend, self.db, self.roles, self.projects = backend, backend.db, roles, projects

    def grant(self, **key: object) -> None:
        """Give a role; giving it twice changes nothing."""
        if self.find(**key):
            return
        with self.db.session() as session:
            session.add(Assignment(**key))
        self.backend.changes.happened()

    def check(self, **key: object) -> Assignment:
        """The assignment. Raises NotFound."""
        for row in self.find(**key):
            return row
        raise exception.NotFound(
            f"Could not find role assignment with role: {key['role_id']}, user or group: "
            f"{key['user_id'] or key['group_id']}, project, domain, or system: {key['project_id'] or 'system'}."
        )

    def revoke(self, **key: object) -> None:
        """Take a role away, and the tokens that were given for it. Raises NotFound."""
        row = self.check(**key)
        with self.db.session() as session:
            session.delete(row)
            if row.user_id and row.project_id:
                self.backend.revoke(session, user_id=row.user_id, project_id=row.project_id)
        self.backend.changes.happened()

    def find(self, *where: Where, **key: object) -> Sequence[Assignment]:
        """Assignments as they were given; those of the system last."""
        order = (Assignment.scope == "system", Assignment.user_id, Assignment.project_id, Assignment.role_id)
        query = select(Assignment).filter_by(**key).where(*where).order_by(*order)
        with self.db.session() as session:
            return session.scalars(query).all()

    def given(self, **key: object) -> Iterator[Body]:
        """Assignments as they were given, in the form of `effective`."""
        for row in self.find(**key):
            own = {name: getattr(row, name) for name in ("user_id", "group_id", "role_id", "scope", "project_id")}
            yield {"row": row, "prior": None, "inherited": row.inherited, **own}

    def effective(self, user_id: str | None = None) -> Iterator[Body]:
        """What assignments come to: a user, a scope, a role, and through which group and prior role."""
        mine = select(Membership.group_id).where(Membership.user_id == user_id)
        where = [or_(Assignment.user_id == user_id, Assignment.group_id.in_(mine))] if user_id else []
        implied = self.roles.implied()
        members, known = self._members(user_id), {role.id for role in self.roles.find()}
        for row in self.find(*where):
            roles = [found for found in closure(row.role_id, implied) if found[0] in known]  # a domain's only imply
            for place in self._places(row):
                for user in members[row.group_id] if row.group_id else [row.user_id]:
                    for role_id, prior in roles:
                        own = {"user_id": user, "group_id": None, "role_id": role_id, "prior": prior}
                        yield {"row": row, "inherited": row.inherited, **own, **place}

    def _members(self, user_id: str | None) -> dict[str | None, list[str]]:
        found: dict[str | None, list[str]] = defaultdict(list)
        with self.db.session() as session:
            for row in session.scalars(select(Membership).order_by(Membership.user_id)):
                if user_id in (None, row.user_id):
                    found[row.group_id].append(row.user_id)
        return found

    def _places(self, row: Assignment) -> list[Body]:
        if not row.inherited:
            return [{"scope": row.scope, "project_id": row.project_id}]
        below: Sequence[Project] = self.projects.subtree(row.project_id)
        return [{"scope": "project", "project_id": project.id} for project in below]

    def places(self, user_id: str, scope: str) -> set[str]:
        """The ids of the projects, or of the domains, in which a user has a role."""
        return {found["project_id"] for found in self.effective(user_id) if found["scope"] == scope}


def closure(role_id: str, implied: dict[str, list[str]]) -> Iterator[tuple[str, str | None]]:
    """A role and all that it implies, each with the role that implies it."""
    seen: set[str] = set()
    todo: list[tuple[str, str | None]] = [(role_id, None)]
    while todo:
        role, prior = todo.pop(0)
        if role not in seen:
            seen.add(role)
            yield role, prior
            todo += [(other, role) for other in implied[role]]
