"""Users and groups, and the check of a password.

Invariants: a password is kept only as a hash; with a new password, or disabled, a user's tokens end; once disabled, the
user's application credentials are gone for good.
Upstream: keystone/identity/core.py. Left out: other drivers than SQL;
federated users (`federated`, `protocols`) and several factors (`multi_factor_auth_enabled`, `multi_factor_auth_rules`),
which are refused; expiry and history of passwords and lock-out, and with them the exceptions that a user's options make
(`ignore_change_password_upon_first_use`, `ignore_password_expiry`, `ignore_lockout_failure_attempts`,
`ignore_user_inactivity`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, or_, select
from sqlalchemy.orm import Session, aliased

from oslearn.core.keystone.manager import Kind
from oslearn.core.keystone.models import Group, Membership, Project, User
from oslearn.core.keystone.password import check_password, nobody
from oslearn.core.keystone.schemas import BOOLEAN, ID, NAME, TEXT, USER_OPTIONS
from oslearn.core.oslo import exception
from oslearn.extensions.oslo import left_out

_home = aliased(Project)
NAMED = (
    select(User.id, User.password_hash, User.enabled)
    .join(_home, _home.id == User.domain_id)
    .where(or_(User.id == bindparam("id"), User.name == bindparam("name")))
    .where(
        or_(bindparam("id").is_not(None), _home.id == bindparam("domain_id"), _home.name == bindparam("domain_name"))
    )
)

LOCKED = (
    "You cannot change your password at this time due to password policy disallowing password changes. Please contact "
    "your administrator to reset your password."
)


class Hash(str):
    """A password's hash where the password stood."""


class Users(Kind):
    """Users."""

    name, model = "user", User
    attributes = {
        "name": NAME, "domain_id": ID, "password": TEXT, "enabled": BOOLEAN, "default_project_id": TEXT,
        "options": USER_OPTIONS,
    }  # fmt: skip
    shown = ("id", "name", "domain_id", "enabled", "default_project_id", "options")
    filters = ("name", "domain_id", "enabled")

    def preparing(self, row: User | None, values: dict[str, Any]) -> None:
        """Put the password's hash in its place."""
        if (secret := values.get("password")) is not None:
            values["password"] = Hash(self.manager.hash(secret))

    def creating(self, session: Session, row: User, values: dict[str, Any]) -> None:
        """Its domain must be there, and its default project must not be a domain."""
        self.manager.kinds["domain"].get(values["domain_id"], session)
        self._prepare(session, row, values)

    def updating(self, session: Session, row: User, values: dict[str, Any]) -> None:
        """It stays in its domain."""
        stay(row, values)
        self._prepare(session, row, values)
        if "password" in values or values.get("enabled") is False:
            self.manager.revoke(session, user_id=row.id)
        if values.get("enabled") is False and row.enabled:
            self.manager.kinds["application_credential"].forget(session, row.id)

    def _prepare(self, session: Session, row: User, values: dict[str, Any]) -> None:
        left_out.refuse(values, "federated")
        left_out.refuse(values.get("options") or {}, "multi_factor_auth_enabled", "multi_factor_auth_rules")
        default = session.get(Project, values.get("default_project_id") or "")
        if default and default.is_domain:
            raise exception.BadRequest(f"User's default project ID cannot be a domain ID: {default.id}")
        if isinstance(hashed := values.get("password"), Hash):
            row.password_hash = str(hashed)

    def view(self, row: User) -> dict[str, Any]:
        """Never with its password."""
        shown = super().view(row) | {"password_expires_at": None}
        return {k: v for k, v in shown.items() if k != "default_project_id" or v is not None}

    def named(self, user: dict[str, Any]) -> Any:
        """The id, hash and state of the user with an id, or with a name in a domain with an id or a name; or None."""
        domain = user.get("domain", {})
        asked = {"id": user.get("id"), "name": None if "id" in user else user.get("name")}
        rows = self.db.rows(NAMED, asked | {"domain_id": domain.get("id"), "domain_name": domain.get("name")})
        return rows[0] if rows else None

    def authenticate(self, user: dict[str, Any]) -> Any:
        """The user whose password this is. Raises Unauthorized; an unknown user looks like a wrong password, and costs
        as much time; a password that was changed while it was checked is wrong.
        """
        row, changes = self.named(user), self.manager.changes
        stored = row.password_hash if row is not None and row.password_hash else nobody(self.manager.cost)
        good = check_password(user.get("password", ""), stored)
        if not good or row is None or (self.manager.changes != changes and self.named(user) != row):
            raise exception.Unauthorized()
        return row

    def change_password(self, id: str, old: str, new: str) -> None:
        """Set a new password, given the old one. Raises Unauthorized, BadRequest."""
        row = self.authenticate({"id": id, "password": old})
        if not row.enabled:
            raise exception.Unauthorized(f"The account is disabled for user: {id}.")
        with self.db.session() as session:
            if (self.get(id, session).options or {}).get("lock_password"):
                raise exception.BadRequest(LOCKED)
        self.update(id, {"password": new})


class Groups(Kind):
    """Groups of users."""

    name, model = "group", Group
    attributes = {"name": NAME, "domain_id": ID, "description": TEXT}
    shown = ("id", "name", "domain_id", "description")
    filters = ("name", "domain_id")

    def creating(self, session: Session, row: Group, values: dict[str, Any]) -> None:
        """Its domain must be there."""
        self.manager.kinds["domain"].get(values["domain_id"], session)

    def updating(self, session: Session, row: Group, values: dict[str, Any]) -> None:
        """It stays in its domain."""
        stay(row, values)

    def of(self, user_id: str, query: Any) -> Sequence[Group]:
        """A user's groups."""
        return self.find(query, Group.id.in_(select(Membership.group_id).where(Membership.user_id == user_id)))

    def users(self, id: str, query: Any) -> Sequence[User]:
        """A group's users."""
        inside = select(Membership.user_id).where(Membership.group_id == id)
        return self.manager.kinds["user"].find(query, User.id.in_(inside))

    def add(self, id: str, user_id: str) -> None:
        """Put a user into a group, where it may be already."""
        with self.db.session() as session:
            session.merge(Membership(user_id=user_id, group_id=id))
        self.manager.changed()

    def check(self, id: str, user_id: str) -> None:
        """Raises NotFound if a user is not in a group."""
        if not any(group.id == id for group in self.of(user_id, None)):
            raise exception.NotFound(f"User '{user_id}' not found in group '{id}'")

    def remove(self, id: str, user_id: str) -> None:
        """Take a user out of a group. Raises NotFound."""
        self.check(id, user_id)
        with self.db.session() as session:
            session.execute(delete(Membership).where(Membership.user_id == user_id, Membership.group_id == id))
        self.manager.changed()


def stay(row: Any, values: dict[str, Any]) -> None:
    """Raises BadRequest if a row is to go to another domain."""
    if values.get("domain_id", row.domain_id) != row.domain_id:
        raise exception.BadRequest("Cannot change Domain ID")
