"""Users, as far as a login needs them: who that is, and whether the password is right.

Interface: `Identity`: `named`, `authenticate`, `default_project_id`.
Invariants: an unknown user looks like a wrong password, and costs as much time.
Upstream: keystone/identity/core.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import aliased

from oslearn.core.keystone.changes import Changes
from oslearn.core.keystone.models import Project, User
from oslearn.core.keystone.password import check_password, nobody
from oslearn.core.oslo import exception
from oslearn.core.oslo.context import Body
from oslearn.core.oslo.db import Handle

_home = aliased(Project)
NAMED = (
    select(User.id, User.password_hash, User.enabled)
    .join(_home, _home.id == User.domain_id)
    .where(or_(User.id == bindparam("id"), User.name == bindparam("name")))
    .where(
        or_(bindparam("id").is_not(None), _home.id == bindparam("domain_id"), _home.name == bindparam("domain_name"))
    )
)


@dataclass(frozen=True)
class Login:
    """A user whom a login names: what the check of a password needs."""

    id: str
    password_hash: str | None
    enabled: bool


class Identity:
    """Reads users. `cost` is what a password's hash costs (scrypt's N)."""

    def __init__(self, db: Handle, changes: Changes, cost: int) -> None:
        self.db, self.changes, self.cost = db, changes, cost

    def named(self, user: Body) -> Login | None:
        """The user with an id, or with a name in a domain with an id or a name."""
        domain = user.get("domain", {})
        asked = {"id": user.get("id"), "name": None if "id" in user else user.get("name")}
        rows = self.db.rows(NAMED, asked | {"domain_id": domain.get("id"), "domain_name": domain.get("name")})
        return Login(rows[0].id, rows[0].password_hash, rows[0].enabled) if rows else None

    def authenticate(self, user: Body) -> Login:
        """The user whose password this is. Raises Unauthorized."""
        row, changes = self.named(user), self.changes.count
        stored = row.password_hash if row is not None and row.password_hash else nobody(self.cost)
        good = check_password(user.get("password", ""), stored)
        # Others have had their turn while it was checked: a password that was changed meanwhile is wrong.
        if not good or row is None or (self.changes.count != changes and self.named(user) != row):
            raise exception.Unauthorized()
        return row

    def default_project_id(self, user_id: str) -> str | None:
        """The project for which a token is that asks for none. Raises NotFound."""
        with self.db.session() as session:
            row = session.get(User, user_id)
        if row is None:
            raise exception.NotFound(f"Could not find user: {user_id}.")
        return row.default_project_id
