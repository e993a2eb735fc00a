"""Users and groups, and what goes with them.

Interface: `Users`, `Groups`, collections; `WatchfulIdentity` takes the place of the core's `Identity`.
Invariants: a password is kept only as a hash; with a new password, or disabled, a user's tokens end; once disabled, the
user's application credentials are gone for good.
Upstream: keystone/identity/core.py. Left out: other drivers than SQL;
federated users (`federated`, `protocols`) and several factors (`multi_factor_auth_enabled`, `multi_factor_auth_rules`),
which are refused; expiry and history of passwords and lock-out, and with them the exceptions that a user's options make
(`ignore_change_password_upon_first_use`, `ignore_password_expiry`, `ignore_lockout_failure_attempts`,
`ignore_user_inactivity`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from oslearn.core.keystone.auth import Identity, Login
from oslearn.core.keystone.models import Group, Membership, Project, User
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle
from oslearn.extensions.keystone.manager import Backend, Changes, Collection, Kind, Query
from oslearn.extensions.keystone.resource import Domains
from oslearn.extensions.keystone.schemas import BOOLEAN, ID, NAME, TEXT, USER_OPTIONS
from oslearn.extensions.oslo import left_out

FEDERATED = frozenset({"idp_id", "protocol_id", "unique_id", "password_expires_at"})
"""What only users from elsewhere have, and those whose password expires: here is none."""
LOCKED = (
    "You cannot change your password at this time due to password policy disallowing password changes. Please contact "
    "your administrator to reset your password."
)


class WatchfulIdentity(Identity):
    """Others have their turn while a password is checked: one that was changed meanwhile is wrong."""

    def __init__(self, db: Handle, cost: int, changes: Changes) -> None:
        super().__init__(db, cost)
        self.changes = changes

    def authenticate(self, user: Body) -> Login:
        """The user whose password this is. Raises Unauthorized."""
        before = self.changes.count
        row = super().authenticate(user)
        if self.changes.count != before and self.named(user) != row:
            raise exception.Unauthorized()
        return row


class Hash(str):
    """A password's hash where the password stood."""


class Users(Collection[User]):
    """Users, with their passwords' hashes."""

    kind = Kind(
        "user", User,
        attributes={
            "name": NAME, "domain_id": ID, "password": TEXT, "enabled": BOOLEAN, "default_project_id": TEXT,
            "options": USER_OPTIONS,
        },
        shown=("id", "name", "domain_id", "enabled", "default_project_id", "options"),
        filters=("name", "domain_id", "enabled"), domain="domain_id", unknown=FEDERATED, twice=True,
    )  # fmt: skip

    def __init__(
        self, backend: Backend, domains: Domains, identity: Identity, disabled: Callable[[Session, str], None]
    ) -> None:
        """`disabled(session, user_id)` is told who is switched off."""
        super().__init__(backend)
        self.domains, self.identity, self.disabled = domains, identity, disabled

    def preparing(self, row: User | None, values: Body) -> None:
        """Put the password's hash in its place."""
        if (secret := values.get("password")) is not None:
            values["password"] = Hash(self.backend.hash(secret))

    def creating(self, session: Session, row: User, values: Body) -> None:
        """Its domain must be there, and its default project must not be a domain."""
        self.domains.get(values["domain_id"], session)
        self._prepare(session, row, values)

    def updating(self, session: Session, row: User, values: Body) -> None:
        """It stays in its domain."""
        stay(row, values)
        self._prepare(session, row, values)
        if "password" in values or values.get("enabled") is False:
            self.backend.revoke(session, user_id=row.id)
        if values.get("enabled") is False and row.enabled:
            self.disabled(session, row.id)

    def _prepare(self, session: Session, row: User, values: Body) -> None:
        left_out.refuse(values, "federated")
        left_out.refuse(values.get("options") or {}, "multi_factor_auth_enabled", "multi_factor_auth_rules")
        default = session.get(Project, values.get("default_project_id") or "")
        if default and default.is_domain:
            raise exception.BadRequest(f"User's default project ID cannot be a domain ID: {default.id}")
        if isinstance(hashed := values.get("password"), Hash):
            row.password_hash = str(hashed)

    def view(self, row: User) -> Body:
        """Never with its password."""
        shown = super().view(row) | {"password_expires_at": None}
        return {k: v for k, v in shown.items() if k != "default_project_id" or v is not None}

    def change_password(self, id: str, old: str, new: str) -> None:
        """Set a new password, given the old one. Raises Unauthorized, BadRequest."""
        row = self.identity.authenticate({"id": id, "password": old})
        if not row.enabled:
            raise exception.Unauthorized(f"The account is disabled for user: {id}.")
        with self.db.session() as session:
            if (self.get(id, session).options or {}).get("lock_password"):
                raise exception.BadRequest(LOCKED)
        self.update(id, {"password": new})


class Groups(Collection[Group]):
    """Groups of users, who are given roles together."""

    kind = Kind(
        "group", Group,
        attributes={"name": NAME, "domain_id": ID, "description": TEXT},
        shown=("id", "name", "domain_id", "description"),
        filters=("name", "domain_id"), domain="domain_id",
    )  # fmt: skip

    def __init__(self, backend: Backend, domains: Domains, users: Users) -> None:
        super().__init__(backend)
        self.domains, self.members = domains, users

    def creating(self, session: Session, row: Group, values: Body) -> None:
        """Its domain must be there."""
        self.domains.get(values["domain_id"], session)

    def updating(self, session: Session, row: Group, values: Body) -> None:
        """It stays in its domain."""
        stay(row, values)

    def of(self, user_id: str, query: Query | None) -> Sequence[Group]:
        """A user's groups."""
        return self.find(query, Group.id.in_(select(Membership.group_id).where(Membership.user_id == user_id)))

    def users(self, id: str, query: Query | None) -> Sequence[User]:
        """A group's users."""
        inside = select(Membership.user_id).where(Membership.group_id == id)
        return self.members.find(query, User.id.in_(inside))

    def add(self, id: str, user_id: str) -> None:
        """Put a user into a group, where it may be already."""
        with self.db.session() as session:
            session.merge(Membership(user_id=user_id, group_id=id))
        self.backend.changes.happened()

    def check(self, id: str, user_id: str) -> None:
        """Raises NotFound if a user is not in a group."""
        if not any(group.id == id for group in self.of(user_id, None)):
            raise exception.NotFound(f"User '{user_id}' not found in group '{id}'")

    def remove(self, id: str, user_id: str) -> None:
        """Take a user out of a group. Raises NotFound."""
        self.check(id, user_id)
        with self.db.session() as session:
            session.execute(delete(Membership).where(Membership.user_id == user_id, Membership.group_id == id))
        self.backend.changes.happened()


def stay(row: User | Group, values: Body) -> None:
    """Raises BadRequest if a row is to go to another domain."""
    if values.get("domain_id", row.domain_id) != row.domain_id:
        raise exception.BadRequest("Cannot change Domain ID")
