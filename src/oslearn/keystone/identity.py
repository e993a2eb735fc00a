"""Accounts: users, projects, roles and who has which role where.

Interface: `Identity`, the manager behind the API and behind `bootstrap`.
Upstream: keystone/identity, keystone/resource, keystone/assignment. Left out: domains but `default`, groups.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from oslearn.keystone import password
from oslearn.keystone.models import Assignment, ImpliedRole, Project, RevocationEvent, Role, User
from oslearn.oslo import exception
from oslearn.oslo.clock import Clock, Ids
from oslearn.oslo.db import Handle

KINDS: dict[str, type[User] | type[Project] | type[Role]] = {"user": User, "project": Project, "role": Role}


class Identity:
    """Creates, finds, changes and deletes accounts."""

    def __init__(self, db: Handle, ids: Ids, clock: Clock, cost: int, changed: Callable[[], None]) -> None:
        """`changed` is called after each change."""
        self.db, self.ids, self.clock, self.cost, self.changed = db, ids, clock, cost, changed

    def hash(self, secret: str) -> str:
        """The password's hash with a fresh salt."""
        return password.hash_password(secret, self.ids.secret(16), self.cost)

    def create(self, kind: str, values: dict[str, Any]) -> Any:
        """A new account. Raises Conflict if the name is taken."""
        row = KINDS[kind](id=self.ids.hex(), **values)
        try:
            with self.db.session() as session:
                session.add(row)
        except IntegrityError:
            raise exception.Conflict(
                f"Conflict occurred attempting to store {kind} - Duplicate entry found with name {values['name']}"
                + ("." if kind == "role" else " at domain ID default.")
            ) from None
        return row

    def find(self, kind: str, name: str | None = None) -> list[Any]:
        """All of a kind, or the one with that name, by name."""
        table = KINDS[kind]
        query = select(table).order_by(table.name)
        with self.db.session() as session:
            return list(session.scalars(query.where(table.name == name) if name is not None else query))

    def get(self, kind: str, id: str) -> Any:
        """One by its id. Raises NotFound."""
        with self.db.session() as session:
            row = session.get(KINDS[kind], id)
        if row is None:
            raise exception.NotFound(f"Could not find {kind}: {id}.")
        return row

    def update(self, kind: str, id: str, values: dict[str, Any]) -> Any:
        """Change an account; a new password or a disabled user ends the user's tokens. Raises NotFound, Conflict."""
        row = self.get(kind, id)
        try:
            with self.db.session() as session:
                session.add(row)
                for name, value in values.items():
                    setattr(row, name, value)
                if kind == "user" and ("password_hash" in values or values.get("enabled") is False):
                    session.add(RevocationEvent(user_id=id, issued_before=self.clock.now()))
            self.changed()
        except IntegrityError:
            raise exception.Conflict(
                f"Conflict occurred attempting to store {kind} - Duplicate entry found with name "
                f"{values['name']} at domain ID default."
            ) from None
        return row

    def delete(self, kind: str, id: str) -> None:
        """Remove an account and its role assignments. Raises NotFound."""
        row = self.get(kind, id)
        with self.db.session() as session:
            session.delete(row)
        self.changed()

    def grant(self, user_id: str, project_id: str, role_id: str) -> None:
        """Give a role; giving it twice changes nothing. Raises NotFound."""
        self._check(user_id, project_id, role_id)
        with self.db.session() as session:
            session.merge(Assignment(user_id=user_id, project_id=project_id, role_id=role_id))
        self.changed()

    def revoke(self, user_id: str, project_id: str, role_id: str) -> None:
        """Take a role away. Raises NotFound."""
        self._check(user_id, project_id, role_id)
        with self.db.session() as session:
            row = session.get(Assignment, (user_id, project_id, role_id))
            if row is None:
                raise exception.NotFound(
                    f"Could not find role assignment with role: {role_id}, user or group: {user_id}, "
                    f"project, domain, or system: {project_id}."
                )
            session.delete(row)
        self.changed()

    def assignments(self, user_id: str | None, project_id: str | None, role_id: str | None) -> list[Assignment]:
        """Role assignments that fit what is given."""
        query = select(Assignment)
        for column, value in (
            (Assignment.user_id, user_id),
            (Assignment.project_id, project_id),
            (Assignment.role_id, role_id),
        ):
            query = query.where(column == value) if value else query
        with self.db.session() as session:
            return list(session.scalars(query.order_by(Assignment.user_id, Assignment.project_id)))

    def imply(self, prior: Role, implied: Role) -> None:
        """Make one role imply another."""
        with self.db.session() as session:
            session.add(ImpliedRole(prior_role_id=prior.id, implied_role_id=implied.id))
        self.changed()

    def authenticate(self, user: dict[str, Any]) -> User:
        """The user whose password this is. Raises Unauthorized; an unknown user looks like a wrong password."""
        if not in_default_domain(user):
            raise exception.Unauthorized()
        column, value = (User.id, user["id"]) if "id" in user else (User.name, user.get("name"))
        with self.db.session() as session:
            row = session.scalars(select(User).where(column == value)).first()
        if row is None or not row.enabled or not password.check_password(user["password"], row.password_hash):
            raise exception.Unauthorized()
        return row

    def _check(self, user_id: str, project_id: str, role_id: str) -> None:
        for kind, id in (("user", user_id), ("project", project_id), ("role", role_id)):
            self.get(kind, id)


def in_default_domain(named: dict[str, Any]) -> bool:
    """Whether a user or project is looked for in the only domain there is."""
    domain = named.get("domain", {})
    return domain.get("name", "Default") == "Default" and domain.get("id", "default") == "default"
